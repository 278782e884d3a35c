package look

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/distrobot/distrobot/internal/run"
)

// Options say how Chromium is run; the zero value is a sensible default.
type Options struct {
	Program string    // "" is the first of Programs in the PATH
	As      *run.User // whom it runs as; needed when this process is root
	// Memory bounds the data of each process of Chromium, in bytes; default 2 GiB,
	// of which script may have a quarter.
	Memory int64
	// Wrap changes the command before it is started: to take the network away.
	Wrap func(run.Command) run.Command
	// NoSandbox runs it without the sandbox of its own, which needs user
	// namespaces. Only for machines that forbid those and pages that are trusted.
	NoSandbox bool
}

// Programs are the names under which Chromium is looked for.
func Programs() []string { return []string{"chromium", "chromium-browser", "google-chrome"} }

// Bounds of an engine.
const (
	defaultMemory = 2 << 30
	startTime     = 30 * time.Second // until Chromium answers
	closeTime     = 5 * time.Second  // until it has ended when asked to
	profilePrefix = "distrobot-look-"
	profileLife   = 6 * time.Hour // what a worker that was killed left is removed then
)

// ErrNoBrowser says that there is no Chromium on this machine.
var ErrNoBrowser = errors.New("there is no Chromium (Debian package chromium)")

// An Engine is one Chromium that takes pictures one after another. Close ends it.
type Engine struct {
	ctx  context.Context // of chromedp: the browser
	stop func()
	gone <-chan struct{} // closed when the program has ended and its profile is gone
	pid  int
}

// Find gives the program that Open would start.
func Find(program string) (string, error) {
	names := Programs()
	if program != "" {
		names = []string{program}
	}
	for _, name := range names {
		if path, err := run.LookPath(name, run.Environ()); err == nil {
			return path, nil
		}
	}
	return "", ErrNoBrowser
}

// Open starts Chromium. It ends with ctx at the latest. Errors: ErrNoBrowser, and
// what Chromium says of why it cannot start.
func Open(ctx context.Context, o Options) (*Engine, error) {
	program, err := Find(o.Program)
	if err != nil {
		return nil, err
	}
	profile, err := newProfile(o.As)
	if err != nil {
		return nil, err
	}
	life, kill := context.WithCancel(ctx)
	p, err := start(life, o.command(program, profile), func() { _ = os.RemoveAll(profile) })
	if err != nil {
		kill()
		_ = os.RemoveAll(profile)
		return nil, err
	}
	alloc, endAlloc := chromedp.NewAllocatorContext(life, p)
	tabs, endTabs := chromedp.NewContext(alloc, chromedp.WithErrorf(quiet), chromedp.WithLogf(quiet))
	e := &Engine{ctx: tabs, gone: p.gone, stop: func() { endTabs(); endAlloc(); kill() }}
	if err := e.answers(p); err != nil {
		e.Close()
		return nil, err
	}
	e.pid = int(p.pid.Load())
	return e, nil
}

// quiet drops what chromedp says of messages that it does not know.
func quiet(format string, args ...any) {
	slog.Debug("chromium: " + fmt.Sprintf(format, args...))
}

// answers waits until the browser takes orders.
func (e *Engine) answers(p *process) error {
	timer := time.AfterFunc(startTime, e.stop)
	defer timer.Stop()
	if _, err := chromedp.Run(e.ctx, chromedp.Evaluate[int](`1`)); err != nil {
		e.stop()
		<-p.gone
		return fmt.Errorf("chromium does not start: %w", errors.Join(err, p.err))
	}
	return nil
}

// Close ends Chromium and removes its profile.
func (e *Engine) Close() {
	e.stop()
	timer := time.NewTimer(closeTime + run.DefaultKillGrace)
	defer timer.Stop()
	select {
	case <-e.gone:
	case <-timer.C:
	}
}

// newProfile makes an empty directory that only the user of the browser can read,
// and removes those that killed workers left.
func newProfile(as *run.User) (string, error) {
	old, _ := filepath.Glob(filepath.Join(os.TempDir(), profilePrefix+"*"))
	for _, dir := range old {
		if info, err := os.Lstat(dir); err == nil && info.IsDir() && time.Since(info.ModTime()) > profileLife {
			_ = os.RemoveAll(dir)
		}
	}
	dir, err := os.MkdirTemp("", profilePrefix)
	if err == nil && as != nil {
		err = os.Chown(dir, int(as.UID), int(as.GID))
	}
	return dir, err
}

// command is the program with its flags; see flags.
func (o Options) command(program, profile string) run.Command {
	args := flags(profile)
	if o.NoSandbox {
		args = append(args, "--no-sandbox")
	}
	memory := o.Memory
	if memory <= 0 {
		memory = defaultMemory
	}
	args = append(args, fmt.Sprintf("--js-flags=--max-old-space-size=%d", memory>>22), "about:blank")
	c := run.Command{
		Program: program, Args: args, Dir: profile, As: o.As, Memory: memory, KillGrace: time.Second,
		Env: []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "TZ=UTC", "HOME=" + profile, "TMPDIR=" + profile},
	}
	if o.Wrap != nil {
		c = o.Wrap(c)
	}
	return c
}

// A process is a running Chromium whose protocol goes over two pipes: no port is
// opened that others on the machine could use.
type process struct {
	in   io.WriteCloser
	out  io.ReadCloser
	gone chan struct{}
	pid  atomic.Int64
	err  error // of the program; valid when gone is closed
}

// start runs the command until ctx ends; then, and when it ends by itself, end is
// called.
func start(ctx context.Context, c run.Command, end func()) (*process, error) {
	childIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, childOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, childIn.Close(), in.Close())
	}
	c.Files = []*os.File{childIn, childOut}
	p := &process{in: in, out: out, gone: make(chan struct{})}
	c.Started = func(pid int) {
		p.pid.Store(int64(pid))
		_, _ = childIn.Close(), childOut.Close()
	}
	go func() {
		defer close(p.gone)
		got, err := run.Run(ctx, c)
		_, _ = childIn.Close(), childOut.Close() // if it never began
		if p.err = err; err != nil && ctx.Err() == nil {
			p.err = fmt.Errorf("%w: %s", err, lastWords(got.Stderr))
		}
		end()
	}()
	return p, nil
}

// lastWords is why Chromium ended, of all that it prints.
func lastWords(stderr string) string {
	for line := range strings.SplitSeq(stderr, "\n") {
		if strings.Contains(line, "FATAL") || strings.Contains(line, "sandbox") {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// Allocate implements chromedp.Allocator.
func (p *process) Allocate(ctx context.Context, opts ...chromedp.BrowserOption) (*chromedp.Browser, error) {
	return chromedp.NewBrowserTransport(ctx, chromedp.NewPipeConn(p.out, p.in), opts...)
}

// Wait implements chromedp.Allocator.
func (p *process) Wait() { <-p.gone }

// Attaches implements chromedp.Attacher: the process is ours to end.
func (p *process) Attaches() bool { return true }
