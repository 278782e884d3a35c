package browser

import "testing"

// contrast finds text below the contrast of WCAG 2.2 AA (1.4.3): 4.5 to 1, or 3
// to 1 for large text (24 px, or 18.66 px and bold). Backgrounds are mixed as far
// as they are transparent; text that is disabled or not shown does not count.
const contrast = `((root) => {
  const ctx = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d", {willReadFrequently: true});
  const rgba = (c) => { ctx.clearRect(0, 0, 1, 1); ctx.fillStyle = c; ctx.fillRect(0, 0, 1, 1); return [...ctx.getImageData(0, 0, 1, 1).data].map((v) => v / 255); };
  const over = (a, b) => a.slice(0, 3).map((v, i) => v * a[3] + b[i] * (1 - a[3])).concat(1);
  const light = (c) => { const [r, g, b] = c.map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = (el) => {
    const layers = [];
    for (let e = el; e; e = e.parentElement) {
      const s = getComputedStyle(e), c = rgba(s.backgroundColor);
      if (s.backgroundImage !== "none") return null; // a picture: not for a script to judge
      layers.push(c);
      if (c[3] >= 0.999) break;
    }
    return layers.reverse().reduce((below, c) => over(c, below), [1, 1, 1, 1]);
  };
  const bad = new Set();
  const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let n = walk.nextNode(); n; n = walk.nextNode()) {
    const el = n.parentElement, s = getComputedStyle(el), box = el.getBoundingClientRect();
    if (!n.data.trim() || !el.checkVisibility({opacityProperty: true, visibilityProperty: true}) || !box.width || el.closest(":disabled, option, script, style, .emoji")) continue;
    const bg = behind(el);
    if (!bg) continue;
    const fg = over(rgba(s.color), bg), a = light(fg.slice(0, 3)), b = light(bg.slice(0, 3));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), px = parseFloat(s.fontSize);
    const need = px >= 24 || px >= 18.66 && s.fontWeight >= 700 ? 3 : 4.5;
    if (ratio < need) bad.add(ratio.toFixed(2) + " of " + need + ": " + n.data.trim().slice(0, 60));
  }
  return [...bad];
})(document.querySelector("dialog[open]") || document.body)`

// Readable fails the test for text of the open dialog, or of the page if there is
// none, that is too faint for many people.
func Readable(t testing.TB, w *Window, what string) {
	t.Helper()
	for _, bad := range Script[[]string](w, contrast) {
		t.Errorf("%s: a contrast of %s", what, bad)
	}
}
