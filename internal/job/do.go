package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// defaultLimit bounds a step that names no limit, and a Done check.
const (
	defaultLimit = 10 * time.Minute
	checkLimit   = 2 * time.Minute
)

var (
	// errCut says that shutdown ended a step; it has returned.
	errCut = errors.New("job: the step was cut short by the shutdown")
	// errStuck says that a step did not return when its time was over or the
	// process had to stop. It may still act: nothing is journaled about it.
	errStuck = errors.New("job: the step does not end")
)

// A brokenError is a step that crashed or never returned; only a person can
// tell what it did.
type brokenError struct{ text, detail string }

func (e *brokenError) Error() string { return e.text }

// do runs a step's Do in a goroutine of its own. Its context outlives the
// request to stop by the grace time, and ends at once when the task is lost.
func (w *worker) do(step Step, scope *Scope) error {
	ctx, cancel := context.WithTimeout(w.life, orDefault(step.Limit, defaultLimit))
	defer cancel()
	if step.Interrupt {
		inner, interrupt := context.WithCancelCause(ctx)
		defer w.interruptible(func() { interrupt(errCancelled) })()
		ctx = inner
	}
	done := make(chan error, 1)
	go func() { done <- w.guard(func() error { return step.Do(ctx, scope) }) }()
	select {
	case err := <-done:
		return cancelledOr(ctx, err)
	case <-ctx.Done():
		return cancelledOr(ctx, w.reap(done, step, false))
	case <-w.stop.Done():
	}
	grace := time.NewTimer(w.r.grace())
	defer grace.Stop()
	select {
	case err := <-done:
		return cancelledOr(ctx, err)
	case <-ctx.Done():
		return cancelledOr(ctx, w.reap(done, step, false))
	case <-w.r.Hurry:
		cancel()
		return w.reap(done, step, true)
	case <-grace.C:
		cancel()
		return w.reap(done, step, true)
	}
}

// cancelledOr says that a person's cancel ended a step that failed after it. One
// that does not end, or that was done all the same, stays what it is.
func cancelledOr(ctx context.Context, err error) error {
	var broke *brokenError
	if err == nil || !errors.Is(context.Cause(ctx), errCancelled) || errors.As(err, &broke) || errors.Is(err, errStuck) {
		return err
	}
	return fmt.Errorf("%w: %w", errCancelled, err)
}

// interruptible lets a renewal that sees a person's cancel end the step that is
// running; the returned function ends that.
func (w *worker) interruptible(interrupt func()) func() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.interrupt = interrupt
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.interrupt = nil
	}
}

// reap waits for a step whose context has ended. One that succeeds all the
// same has done its work.
func (w *worker) reap(done <-chan error, step Step, shutdown bool) error {
	patience := time.NewTimer(w.r.grace())
	defer patience.Stop()
	select {
	case err := <-done:
		switch {
		case err == nil:
			return nil
		case shutdown:
			return fmt.Errorf("%w: %w", errCut, err)
		case errors.Is(err, context.DeadlineExceeded):
			return fmt.Errorf("the step took longer than %s", orDefault(step.Limit, defaultLimit))
		}
		return err
	case <-patience.C:
	}
	if shutdown || w.life.Err() != nil {
		return fmt.Errorf("%w: %s", errStuck, step.Name)
	}
	return &brokenError{
		text:   "The step did not stop when its time was over; it may still be acting. Restart the worker before you answer.",
		detail: "ignored the end of its context",
	}
}

// check asks the machine whether a step's effect is there.
func (w *worker) check(step Step, scope *Scope) Verdict {
	if step.Done == nil {
		return CannotTell
	}
	ctx, cancel := context.WithTimeout(w.life, checkLimit)
	defer cancel()
	var v Verdict
	err := w.guard(func() (err error) { v, err = step.Done(ctx, scope); return err })
	if err != nil {
		scope.Log("The check whether it was done failed: %s", plain(err))
		w.log.Warn("done check failed", slog.String("step", step.Name), slog.Any("error", err))
		return CannotTell
	}
	return v
}

// guard turns a crash of foreign code into a broken step.
func (w *worker) guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &brokenError{
				text:   "The step crashed: " + fleet.Clean(fmt.Sprint(p), 200),
				detail: fmt.Sprintf("%v\n%s", p, debug.Stack()),
			}
		}
	}()
	return f()
}
