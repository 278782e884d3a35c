package look

import "encoding/json"

// newDocument runs before any script of a page: dialogs would wait for somebody,
// and what is drawn by chance is drawn by the same chance each time.
const newDocument = `(() => {
  for (const name of ["alert", "print"]) window[name] = () => undefined;
  window.confirm = () => false;
  window.prompt = () => null;
  window.open = () => null;
  let seed = 1;
  Math.random = () => { seed = (seed * 16807) % 2147483647; return (seed - 1) / 2147483646; };
})()`

// stillScript brings a page to rest: what would be loaded when it is scrolled to
// is loaded, animations are at their end, films at their beginning, the caret is
// gone, and what is masked is not drawn. Its value is a still.
func stillScript(masks []string) string {
	list, err := json.Marshal(append([]string{}, masks...))
	if err != nil {
		list = []byte("[]") // strings are always encoded
	}
	return `(async (masks) => {
  const wait = (ms, p) => Promise.race([p, new Promise((done) => setTimeout(done, ms))]);
  const frames = () => wait(500, new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  for (const m of masks) {
    try { document.querySelector(m); } catch (e) { return JSON.stringify({Wrong: m}); }
  }
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("*, *::before, *::after { animation-duration: 0s !important; animation-delay: 0s !important; animation-iteration-count: 1 !important;" +
    " transition: none !important; caret-color: transparent !important; scroll-behavior: auto !important; }" +
    masks.map((m) => m + ", " + m + " * { visibility: hidden !important; }").join("\n"));
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  const images = [...document.images];
  for (const i of images) i.loading = "eager";
  await wait(5000, Promise.all(images.map((i) => i.decode().catch(() => 0))));
  if (document.fonts) await wait(3000, document.fonts.ready);
  for (const v of document.querySelectorAll("video, audio")) { v.pause(); try { v.currentTime = 0; } catch (e) { } }
  for (const a of document.getAnimations()) { try { a.finish(); } catch (e) { a.cancel(); } }
  scrollTo(0, 0);
  await frames();
  const root = document.documentElement, boxes = [];
  for (const m of masks) for (const el of document.querySelectorAll(m)) {
    const b = el.getBoundingClientRect();
    if (boxes.length < 500) boxes.push([b.x + scrollX, b.y + scrollY, b.width, b.height]);
  }
  return JSON.stringify({Height: Math.max(root.scrollHeight, document.body ? document.body.scrollHeight : 0), Masks: boxes});
})(` + string(list) + `)`
}
