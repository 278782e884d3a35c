// Package browser lets tests use a page as a person does, in headless
// Chromium, and keep pictures of what they saw.
package browser

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// A Step is something done in the browser.
type Step = chromedp.Action[chromedp.Void]

// A Window is one headless Chromium with one tab.
type Window struct {
	t     testing.TB
	ctx   context.Context
	dir   string
	limit time.Duration

	mu         sync.Mutex
	complaints []string
}

// Open starts a browser for a test; pictures go to a folder of this name below
// $DISTROBOT_ARTIFACTS, or to a temporary one. Chromium must be there.
func Open(t testing.TB, folder string) *Window {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Fatal("chromium is needed (Debian package chromium)")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-sync", true))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, cancel := chromedp.NewContext(alloc)
	w := &Window{t: t, ctx: ctx, dir: artifacts(t, folder), limit: 30 * time.Second}
	t.Cleanup(func() { cancel(); stop() })
	if err := chromedp.Listen(ctx, w.hear); err != nil {
		t.Fatalf("cannot start the browser: %v", err)
	}
	return w
}

func artifacts(t testing.TB, folder string) string {
	t.Helper()
	dir := os.Getenv("DISTROBOT_ARTIFACTS")
	if dir == "" {
		return t.TempDir()
	}
	dir = filepath.Join(dir, folder)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// hear keeps what the page's script throws and what the browser refuses, the
// content security policy included.
func (w *Window) hear(ev any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch ev := ev.(type) {
	case *runtime.EventExceptionThrown:
		w.complaints = append(w.complaints, ev.ExceptionDetails.Text)
		if ev.ExceptionDetails.Exception != nil {
			w.complaints = append(w.complaints, ev.ExceptionDetails.Exception.Description)
		}
	case *cdplog.EventEntryAdded:
		if ev.Entry.Level == cdplog.EntryLevelError {
			w.complaints = append(w.complaints, ev.Entry.Text+" "+ev.Entry.URL)
		}
	}
}

// Quiet fails the test if the page has complained of anything else than what
// the test expects.
func (w *Window) Quiet(expected ...string) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.complaints {
		if !slices.ContainsFunc(expected, func(e string) bool { return strings.Contains(c, e) }) {
			w.t.Errorf("the page complains: %s", c)
		}
	}
}

// Do takes steps within a time and names what failed; a picture of the failure
// is kept.
func (w *Window) Do(what string, steps ...Step) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, w.limit)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		w.Shoot("failed")
		w.mu.Lock()
		defer w.mu.Unlock()
		w.t.Fatalf("%s: %v; complaints: %q", what, err, w.complaints)
	}
}

// Look sets the size of the window and the reader's choice of colours, "light"
// or "dark".
func (w *Window) Look(width, height int64, scheme string) {
	w.t.Helper()
	w.Do("look", chromedp.EmulateViewport(width, height), chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
		return err
	}))
	// What a page does about its new size, it does before the next frame.
	if err := w.frames(); err != nil {
		w.t.Fatalf("look: %v", err)
	}
}

// frames waits until two frames were painted.
func (w *Window) frames() error {
	_, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool](`new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`, chromedp.EvalAwaitPromise))
	return err
}

// Shoot writes a picture of the window.
func (w *Window) Shoot(name string) {
	w.t.Helper()
	err := w.frames() // a picture shows the last one painted
	var png []byte
	if err == nil {
		png, err = chromedp.Run(w.ctx, chromedp.CaptureScreenshot())
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(w.dir, name+".png"), png, 0o644)
	}
	if err != nil {
		w.t.Errorf("picture %s: %v", name, err)
	}
}

// Script runs JavaScript in the page and gives its value.
func Script[T any](w *Window, source string) T {
	w.t.Helper()
	v, err := chromedp.Run(w.ctx, chromedp.Evaluate[T](source))
	if err != nil {
		w.t.Fatalf("%s: %v", source, err)
	}
	return v
}

// Await runs JavaScript until it is true; what it last said of itself, by the
// second script, names the failure.
func (w *Window) Await(what, condition string) {
	w.t.Helper()
	for deadline := time.Now().Add(w.limit); ; time.Sleep(50 * time.Millisecond) {
		if Script[bool](w, condition) {
			return
		}
		if time.Now().After(deadline) {
			w.Shoot("failed")
			w.t.Fatalf("%s did not happen: %s", what, condition)
		}
	}
}

// Errorf reports a failure of the test that has the window.
func (w *Window) Errorf(format string, args ...any) {
	w.t.Helper()
	w.t.Errorf(format, args...)
}
