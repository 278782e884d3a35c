package main

import (
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/distrobot/distrobot/internal/browser"
)

// TestDialogsInTheBrowser opens every dialog of the bot in one trial, by keyboard
// alone, keeps pictures of each at both widths, and holds all text to a contrast
// that people can read.
func TestDialogsInTheBrowser(t *testing.T) {
	page := startTry(t)
	w := browser.Open(t, "dialogs")
	w.Look(1280, 860, "light")
	w.Do("open the page", chromedp.Navigate(page), chromedp.WaitVisible(`#main`))
	seen(w, "atrium 1.1.0 is available")
	actAs(w, "Bob Brown")
	press(w, "Build atrium 1.1.0")
	seen(w, "Confirm upgrade of 3 sites")
	forms(t, w)
	home(t, w)
	plan(t, w)
	actAs(w, "Alice Adams")
	policies(t, w)
	reason(t, w)
	w.Quiet("503 (Service Unavailable)", "is not a supported stylesheet MIME type")
}

// forms opens those that a command line opens.
func forms(t *testing.T, w *browser.Window) {
	t.Helper()
	for _, f := range []struct{ name, line, fill, wrong string }{
		{"add", "/distro add", "two words", "cannot be the name"},
		{"edit", "/distro edit atrium", "", ""},
		{"site-create", "/distro site create", "zoo.example", "already"},
	} {
		w.Do("type "+f.line, chromedp.SendKeys(`.composer-text`, f.line+kb.Enter))
		dialog(w, f.name)
		if f.fill == "" {
			look(t, w, f.name)
			leave(t, w, f.name)
			continue
		}
		look(t, w, f.name)
		w.Do("fill in", chromedp.KeyEvent(f.fill), chromedp.KeyEvent(kb.Enter))
		w.Await("what is wrong beside the input", `[...document.querySelectorAll("dialog[open] .block-input.invalid .field-error")].some(e => e.textContent.includes("`+f.wrong+`"))`)
		if kept := browser.Script[string](w, `document.querySelector("dialog[open] .invalid input").value`); kept != f.fill {
			t.Errorf("%s: what was typed is lost: %q", f.name, kept)
		}
		look(t, w, f.name+"-wrong")
		leave(t, w, f.name)
	}
}

// policies opens the form of policies, chooses another one, and is told what is
// wrong beside the input.
func policies(t *testing.T, w *browser.Window) {
	t.Helper()
	w.Do("type", chromedp.SendKeys(`.composer-text`, "/distro policy set"+kb.Enter))
	dialog(w, "policy")
	look(t, w, "policy")
	fill := func(find, value string) {
		browser.Script[bool](w, `(() => { const e = document.querySelector('dialog[open] '+`+strconv.Quote(find)+`); e.value = `+strconv.Quote(value)+`; for (const k of ["input", "change"]) e.dispatchEvent(new Event(k, {bubbles: true})); return true; })()`)
	}
	fill("input[placeholder='@oncall']", "@nobody")
	w.Do("send", chromedp.Click(`dialog[open] .primary`))
	w.Await("what is wrong beside the input", `[...document.querySelectorAll("dialog[open] .block-input.invalid .field-error")].some(e => e.textContent.includes("There is no user group"))`)
	look(t, w, "policy-wrong")
	fill("select", "atrium")
	w.Await("the policy of atrium", `document.querySelector("dialog[open] select").value === "atrium" && document.querySelector("dialog[open] input[placeholder='@oncall']").value === ""`)
	leave(t, w, "policy")
	w.Do("type", chromedp.SendKeys(`.composer-text`, "/distro policy set atrium --need-reason yes"+kb.Enter))
	seen(w, "The policy of atrium is changed")
}

// reason confirms a plan whose policy wants a reason.
func reason(t *testing.T, w *browser.Window) {
	t.Helper()
	seen(w, "The rules of atrium have changed: what it takes to confirm.")
	find := `[...document.querySelectorAll(".messages button")].filter(b => b.innerText.trim().startsWith("Confirm upgrade") && !b.disabled).pop()`
	w.Await("the button", "!!"+find)
	browser.Script[bool](w, `(() => { `+find+`.click(); return true; })()`)
	w.Await("the confirm dialog", `!!document.querySelector("dialog[open] .primary")`)
	w.Do("agree", chromedp.Click(`dialog[open] .primary`))
	w.Await("the form of the reason", `!!document.querySelector("dialog[open] textarea")`)
	look(t, w, "reason")
	w.Do("fill in", chromedp.SendKeys(`dialog[open] textarea`, "tested on staging"), chromedp.Click(`dialog[open] .primary`))
	w.Await("the end of the form", `!document.querySelector("dialog[open]")`)
	seen(w, "3 sites were upgraded to atrium-1.1.0")
}

// home shows the App Home, which has to follow the same rules.
func home(t *testing.T, w *browser.Window) {
	t.Helper()
	w.Do("open the home", chromedp.Click(`//span[text()="distrobot"]`), chromedp.Click(`//button[text()="Home"]`), chromedp.WaitVisible(".home .block-header"))
	seen(w, "Waits for you: 1 decision")
	look(t, w, "home")
	w.Do("back", chromedp.Click(`//span[text()="sites"]`))
}

// plan opens those of a plan's message, and goes on to its end.
func plan(t *testing.T, w *browser.Window) {
	t.Helper()
	for _, b := range []struct{ name, begins string }{{"compare", "Compare in full"}, {"leave-out", "Compare and choose sites"}, {"confirm", "Confirm upgrade"}} {
		find := `[...document.querySelectorAll(".messages button")].filter(b => b.innerText.trim().startsWith("` + b.begins + `") && !b.disabled).pop()`
		w.Await("the button "+b.begins, "!!"+find)
		browser.Script[bool](w, `(() => { `+find+`.focus(); return true; })()`)
		w.Do("press "+b.begins, chromedp.KeyEvent(kb.Enter))
		dialog(w, b.name)
		look(t, w, b.name)
		leave(t, w, b.name)
		if label := browser.Script[string](w, `document.activeElement.innerText || ""`); !strings.HasPrefix(strings.TrimSpace(label), b.begins) {
			t.Errorf("%s: the focus comes back to %q", b.name, label)
		}
	}
}

// dialog waits for one, with the focus in it.
func dialog(w *browser.Window, name string) {
	w.Await("the dialog "+name, `!!document.querySelector("dialog[open]") && document.querySelector("dialog[open]").contains(document.activeElement)`)
}

// look keeps pictures at both widths, in both colours, and checks what is seen.
func look(t *testing.T, w *browser.Window, name string) {
	t.Helper()
	for _, v := range []struct {
		width, height int64
		scheme, as    string
	}{{1280, 860, "light", "wide"}, {390, 844, "dark", "narrow"}} {
		w.Look(v.width, v.height, v.scheme)
		w.Shoot(name + "-" + v.as)
		browser.Readable(t, w, name+", "+v.as+", "+v.scheme)
		if over := browser.Script[float64](w, `(() => { const d = document.querySelector("dialog[open]") || document.querySelector("#main"); return d.scrollWidth - d.clientWidth; })()`); over > 0 {
			t.Errorf("%s: %v px do not fit into the width %d", name, over, v.width)
		}
	}
	w.Look(1280, 860, "light")
}

// leave goes round the dialog with Tab, which must not lead out of it, and closes
// it with Escape.
func leave(t *testing.T, w *browser.Window, name string) {
	t.Helper()
	stops := map[string]bool{}
	for range 25 {
		w.Do("tab", chromedp.KeyEvent(kb.Tab))
		at := browser.Script[string](w, `(() => { const d = document.querySelector("dialog[open]"), a = document.activeElement; return a === document.body || a === document.documentElement ? "edge" : d.contains(a) ? a.tagName + (a.id || a.textContent.slice(0, 20)) : "outside " + a.tagName; })()`)
		if strings.HasPrefix(at, "outside") {
			t.Errorf("%s: Tab leads out of the dialog, to %s", name, at)
		}
		stops[at] = true
	}
	if len(stops) < 2 {
		t.Errorf("%s: Tab reaches only %v", name, stops)
	}
	w.Do("escape", chromedp.KeyEvent(kb.Escape))
	w.Await("the end of "+name, `!document.querySelector("dialog[open]")`)
}
