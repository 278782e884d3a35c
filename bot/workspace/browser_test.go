package workspace_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// step is something done in the browser.
type step = chromedp.Action[chromedp.Void]

// window is one headless Chromium with one tab.
type window struct {
	t   *testing.T
	ctx context.Context
	dir string // where pictures go

	mu         sync.Mutex
	complaints []string
}

// browse starts a browser for a test.
func browse(t *testing.T) *window {
	t.Helper()
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-sync", true))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, cancel := chromedp.NewContext(alloc)
	w := &window{t: t, ctx: ctx, dir: artifacts(t)}
	t.Cleanup(func() { cancel(); stop() })
	if err := chromedp.Listen(ctx, w.hear); err != nil {
		t.Fatalf("cannot start the browser: %v", err)
	}
	return w
}

// artifacts is where pictures are kept: DISTROBOT_ARTIFACTS, if set.
func artifacts(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("DISTROBOT_ARTIFACTS")
	if dir == "" {
		return t.TempDir()
	}
	dir = filepath.Join(dir, "workspace")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// hear keeps what the page's script throws and what the browser refuses, the
// content security policy included.
func (w *window) hear(ev any) {
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

// quiet fails the test if the page has complained.
func (w *window) quiet() {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.complaints {
		w.t.Errorf("the page complains: %s", c)
	}
}

// do runs steps within a time and names what failed.
func (w *window) do(what string, steps ...step) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 45*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		w.shoot("failed")
		w.mu.Lock()
		defer w.mu.Unlock()
		w.t.Fatalf("%s: %v; complaints: %q", what, err, w.complaints)
	}
}

// look sets the size of the window and the reader's choice of colours.
func (w *window) look(width, height int64, scheme string) {
	w.t.Helper()
	w.do("look", chromedp.EmulateViewport(width, height), chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
		return err
	}))
}

// shoot writes a picture of the window.
func (w *window) shoot(name string) {
	w.t.Helper()
	// A picture shows the last frame painted, so let two go by.
	_, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool](`new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`, chromedp.EvalAwaitPromise))
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

// script runs JavaScript in the page and returns its value.
func script[T any](w *window, source string) T {
	w.t.Helper()
	v, err := chromedp.Run(w.ctx, chromedp.Evaluate[T](source))
	if err != nil {
		w.t.Fatalf("%s: %v", source, err)
	}
	return v
}
