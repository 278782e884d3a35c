package hosting_test

import (
	"context"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// A bomb kills this process, as nothing can be caught of, at a point.
type bomb struct {
	left atomic.Int64
	wait func() // what it does instead; nil kills
}

func (b *bomb) tick() {
	if b.left.Add(-1) != 0 {
		return
	}
	if b.wait != nil {
		b.wait()
	} else {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

// around has a point after an effect, which is the one before the next.
func (b *bomb) around(effect func() error) error {
	err := effect()
	b.tick()
	return err
}

// mined has a point after every commit of the work itself: those of the heartbeat
// come when they come, beside it.
type mined struct {
	fleet.Store
	*bomb
}

func (m mined) Update(ctx context.Context, f fleet.Family, rule func(fleet.Tx) error) error {
	if beating() {
		return m.Store.Update(ctx, f, rule)
	}
	return m.around(func() error { return m.Store.Update(ctx, f, rule) })
}

// beating reports whether the heartbeat of internal/job is calling.
func beating() bool {
	at := make([]uintptr, 64)
	frames := runtime.CallersFrames(at[:runtime.Callers(1, at)])
	for {
		f, more := frames.Next()
		if strings.HasSuffix(f.Function, "job.(*worker).heartbeat") {
			return true
		}
		if !more {
			return false
		}
	}
}

// explosive has a point after everything that changes the machine.
type explosive struct {
	hosting.Backend
	*bomb
}

// View implements hosting.Viewer: what a page runs can change something, too.
func (e explosive) View(ctx context.Context, c hosting.Copy, path string) (a hosting.Answer, err error) {
	err = e.around(func() error { a, err = e.Backend.(hosting.Viewer).View(ctx, c, path); return err })
	return a, err
}

// Address implements hosting.Viewer.
func (e explosive) Address(uri fleet.URI) (string, error) {
	return e.Backend.(hosting.Viewer).Address(uri)
}

func (e explosive) Lay(ctx context.Context, c hosting.Copy) error {
	return e.around(func() error { return e.Backend.Lay(ctx, c) })
}

func (e explosive) Fill(ctx context.Context, c hosting.Copy) (a hosting.Amount, err error) {
	err = e.around(func() error { a, err = e.Backend.Fill(ctx, c); return err })
	return a, err
}

func (e explosive) Take(ctx context.Context, c hosting.Copy) error {
	return e.around(func() error { return e.Backend.Take(ctx, c) })
}

func (e explosive) Return(ctx context.Context, c hosting.Copy) error {
	return e.around(func() error { return e.Backend.Return(ctx, c) })
}

func (e explosive) Run(ctx context.Context, c hosting.Copy, programs func(hosting.Place) []hosting.Program, log func(string)) error {
	return e.around(func() error { return e.Backend.Run(ctx, c, programs, log) })
}

func (e explosive) Abandon(ctx context.Context, c hosting.Copy) error {
	return e.around(func() error { return e.Backend.Abandon(ctx, c) })
}

func (e explosive) Tidy(ctx context.Context, c hosting.Copy) error {
	return e.around(func() error { return e.Backend.Tidy(ctx, c) })
}

func (e explosive) Hold(ctx context.Context, c hosting.Copy) (at time.Time, err error) {
	err = e.around(func() error { at, err = e.Backend.Hold(ctx, c); return err })
	return at, err
}

func (e explosive) Drain(ctx context.Context, c hosting.Copy) error {
	return e.around(func() error { return e.Backend.Drain(ctx, c) })
}

func (e explosive) Switch(ctx context.Context, c hosting.Copy) error {
	return e.around(func() error { return e.Backend.Switch(ctx, c) })
}

func (e explosive) Release(ctx context.Context, c hosting.Copy) (d time.Duration, err error) {
	err = e.around(func() error { d, err = e.Backend.Release(ctx, c); return err })
	return d, err
}

func (e explosive) Pin(ctx context.Context, c hosting.Copy, reason string) error {
	return e.around(func() error { return e.Backend.Pin(ctx, c, reason) })
}

func (e explosive) Backup(ctx context.Context, c hosting.Copy, keep int) (a hosting.Amount, gone []string, err error) {
	err = e.around(func() error { a, gone, err = e.Backend.Backup(ctx, c, keep); return err })
	return a, gone, err
}

func (e explosive) Remove(ctx context.Context, c hosting.Copy) error {
	return e.around(func() error { return e.Backend.Remove(ctx, c) })
}

func (e explosive) Inherit(ctx context.Context, c hosting.Copy, from hosting.Inheritance) error {
	return e.around(func() error { return e.Backend.Inherit(ctx, c, from) })
}

func (e explosive) Restage(ctx context.Context, from, to string) error {
	return e.around(func() error { return e.Backend.Restage(ctx, from, to) })
}

func (e explosive) Serve(ctx context.Context, c hosting.Copy) error {
	return e.around(func() error { return e.Backend.Serve(ctx, c) })
}

func (e explosive) Login(ctx context.Context, c hosting.Copy) (url string, err error) {
	err = e.around(func() error { url, err = e.Backend.Login(ctx, c); return err })
	return url, err
}

func (e explosive) Stage(ctx context.Context, p fleet.PlatformName, fence int64) (dir string, err error) {
	err = e.around(func() error { dir, err = e.Backend.Stage(ctx, p, fence); return err })
	return dir, err
}

func (e explosive) Publish(ctx context.Context, p fleet.PlatformName, stage string) (dir string, err error) {
	e.tick()
	err = e.around(func() error { dir, err = e.Backend.Publish(ctx, p, stage); return err })
	return dir, err
}

func (e explosive) Discard(ctx context.Context, p fleet.PlatformName) error {
	return e.around(func() error { return e.Backend.Discard(ctx, p) })
}
