package main

import (
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/distrobot/distrobot/internal/browser"
)

// TestStoryInTheBrowser clicks through the story on the page of try, as a
// newcomer does, and keeps pictures of each stage at both widths and in both
// colours.
func TestStoryInTheBrowser(t *testing.T) {
	page := startTry(t)
	w := browser.Open(t, "story")
	w.Look(1280, 860, "light")
	w.Do("open the page", chromedp.Navigate(page), chromedp.WaitVisible(`#main`))
	seen(w, "atrium 1.1.0 is available")
	pictures(w, "1-announcement")

	actAs(w, "Bob Brown")
	press(w, "Build atrium 1.1.0")
	seen(w, "Confirm upgrade of 3 sites")
	pictures(w, "2-comparison")

	actAs(w, "Alice Adams")
	press(w, "Confirm upgrade of 3 sites")
	w.Await("the confirm dialog", `!!document.querySelector("dialog[open] .primary")`)
	pictures(w, "3-dialog")
	w.Do("agree", chromedp.Click(`dialog[open] .primary`))
	w.Await("the end of the upgrade", has("3 sites were upgraded to atrium-1.1.0"))
	pictures(w, "4-upgraded")

	for _, tag := range []string{"1.2.0", "1.3.0"} {
		press(w, "Publish "+tag)
		seen(w, "atrium "+tag+" is available")
	}
	press(w, "Build atrium 1.3.0")
	seen(w, "from 1.1.0 to 1.3.0")
	press(w, "Confirm upgrade of 3 sites")
	w.Await("the confirm dialog", `!!document.querySelector("dialog[open] .primary")`)
	w.Do("agree", chromedp.Click(`dialog[open] .primary`))
	w.Await("progress", has("is back on the old platform")+`||`+has("of 3 "))
	pictures(w, "5-progress")
	seen(w, "1 site failed and is back on the old platform")
	pictures(w, "6-rolled-back")

	w.Do("ask for the digest", chromedp.SendKeys(`textarea`, "/distro digest\r"))
	seen(w, "Pinned")
	pictures(w, "7-digest")
	// A held site answers 503 with a page, also to its preview beside the chat
	// and to what that preview still loads.
	w.Quiet("503 (Service Unavailable)", "is not a supported stylesheet MIME type")
}

// startTry starts the program in a process of its own and gives the address of
// its page.
func startTry(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("distrobot")
	if err != nil {
		t.Fatal(err)
	}
	p := &proc{cmd: exec.Command(program, "try", "--listen", "127.0.0.1:0", "--data", passable(t)+"/data"), out: &lockedBuffer{}, done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = p.cmd.Wait(); close(p.done) }()
	t.Cleanup(procs{"try": p}.killAll)
	re := regexp.MustCompile(`Workspace: (\S+)`)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if m := re.FindStringSubmatch(p.out.String()); m != nil {
			return m[1]
		}
	}
	t.Fatalf("try is not ready:\n%s", p.out.String())
	return ""
}

// has is a script that is true while the page shows the words.
func has(words string) string {
	return `document.body.innerText.replace(/\s+/g, " ").includes(` + strconv.Quote(words) + `)`
}

func seen(w *browser.Window, words string) { w.Await("the words "+words, has(words)) }

// press clicks the last button with the label, where a person would see it.
func press(w *browser.Window, label string) {
	find := fmt.Sprintf(`[...document.querySelectorAll("button")].filter(b => b.innerText.trim() === %q && !b.disabled).pop()`, label)
	w.Await("the button "+label, "!!"+find)
	browser.Script[bool](w, `(() => { const b = `+find+`; b.scrollIntoView({block: "center"}); b.click(); return true; })()`)
}

// actAs chooses another person in the sidebar.
func actAs(w *browser.Window, name string) {
	browser.Script[bool](w, fmt.Sprintf(`(() => { const b = [...document.querySelectorAll("button.who")].find(b => b.innerText.includes(%q)); b.click(); return true; })()`, name))
	w.Await(name+" to be chosen", fmt.Sprintf(`[...document.querySelectorAll("button.who[aria-checked=true]")].some(b => b.textContent.includes(%q))`, name))
}

// pictures keeps what a stage looks like.
func pictures(w *browser.Window, stage string) {
	end := func() {
		browser.Script[bool](w, `(() => { const l = document.querySelector(".messages"); l.scrollTop = l.scrollHeight; return true; })()`)
	}
	for _, scheme := range []string{"light", "dark"} {
		w.Look(1280, 860, scheme)
		end()
		w.Shoot(stage + "-wide-" + scheme)
		w.Look(390, 844, scheme)
		end()
		w.Shoot(stage + "-narrow-" + scheme)
	}
	w.Look(1280, 860, "light")
}
