package job_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

// TestShutdown asks the worker to end during a step.
func TestShutdown(t *testing.T) {
	tests := []struct {
		name  string
		heeds bool // the step ends only when its context does
		steps string
		did   string
	}{
		{"the step ends in time", false, "first=done second=waiting", "first"},
		{"the step is cut short", true, "first=started second=waiting", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, nil)
			ctx, stop := context.WithCancel(context.Background())
			defer stop()
			rec := job.Recipe{Steps: []job.Step{
				{Name: "first", Repeatable: true, Do: func(ctx context.Context, _ *job.Scope) error {
					return w.act("first", func() error {
						if stop(); tt.heeds && len(w.task().Steps) > 0 && w.task().Fence == 1 {
							<-ctx.Done()
						}
						return ctx.Err()
					})
				}},
				w.step("second", nil)}}
			r := w.runner(w.store, rec)
			r.Lease, r.Grace = time.Hour, 200*time.Millisecond
			if err := r.Run(ctx, w.ref, false); err != nil {
				t.Fatal(err)
			}
			if task := w.task(); states(task) != tt.steps || w.deeds() != tt.did || task.State != fleet.TaskRunning {
				t.Errorf("%s, did %q, %s", states(task), w.deeds(), task.State)
			}
			// Handed back: another may claim it at once, though the lease was an hour.
			if err := w.runner(w.store, rec).Run(t.Context(), w.ref, false); err != nil {
				t.Fatal(err)
			}
			if task := w.task(); task.State != fleet.TaskDone || w.deeds() != "first second" {
				t.Errorf("taken over: %s, did %q", task.State, w.deeds())
			}
		})
	}
}

// TestCancel asks to cancel while a step runs: it is heeded before the step that
// the recipe names, not after.
func TestCancel(t *testing.T) {
	for _, tt := range []struct {
		during string
		state  fleet.TaskState
		did    string
	}{
		{"a", fleet.TaskCancelled, "a"},
		{"b", fleet.TaskDone, "a b c"},
	} {
		t.Run("during "+tt.during, func(t *testing.T) {
			w := newWorld(t, nil)
			ask := func(name string) func() error {
				return func() error {
					if name == tt.during {
						w.change(func(t fleet.Task, _ time.Time) (fleet.Task, error) { t.Stop = true; return t, nil })
					}
					return nil
				}
			}
			rec := job.Recipe{Last: "b", Steps: []job.Step{w.step("a", ask("a")), w.step("b", ask("b")), w.step("c", nil)}}
			if err := w.runner(w.store, rec).Run(t.Context(), w.ref, false); err != nil {
				t.Fatal(err)
			}
			if got := w.task(); got.State != tt.state || w.deeds() != tt.did {
				t.Errorf("%s, did %q", got.State, w.deeds())
			}
		})
	}
}

// TestLimit asserts that a step whose time is over fails, and that one which
// ignores its end is a person's.
func TestLimit(t *testing.T) {
	free := make(chan struct{})
	defer close(free)
	for _, tt := range []struct {
		name   string
		do     func(ctx context.Context) error
		state  fleet.TaskState
		reason string
	}{
		{"heeds its end", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, fleet.TaskFailed, "took longer than 20ms"},
		{"done all the same", func(ctx context.Context) error { <-ctx.Done(); return nil }, fleet.TaskDone, ""},
		{"ignores its end", func(context.Context) error { <-free; return nil }, fleet.TaskHeld, "did not stop when its time was over"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, nil)
			r := w.runner(w.store, job.Recipe{Steps: []job.Step{{Name: "a", Limit: 20 * time.Millisecond,
				Do: func(ctx context.Context, _ *job.Scope) error { return tt.do(ctx) }}}})
			r.Grace = 50 * time.Millisecond
			if err := r.Run(t.Context(), w.ref, false); err != nil {
				t.Fatal(err)
			}
			if got := w.task(); got.State != tt.state || !strings.Contains(got.Reason, tt.reason) {
				t.Errorf("%s: %s", got.State, got.Reason)
			}
		})
	}
}

// TestEnded asserts that a storage which is away is waited for, that a lost
// site lock ends the work, and that another fault holds the task.
func TestEnded(t *testing.T) {
	for _, tt := range []struct {
		name  string
		errs  []error
		state fleet.TaskState
		code  fleet.Code
	}{
		{"away twice", []error{fleet.Errorf(fleet.Later, "x"), fleet.Errorf(fleet.Later, "x")}, fleet.TaskDone, ""},
		{"a fault", []error{errors.New("disk")}, fleet.TaskHeld, ""},
		{"lost", []error{fleet.Errorf(fleet.Stale, "x")}, fleet.TaskRunning, fleet.Stale},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, nil)
			rec := job.Recipe{Steps: []job.Step{w.step("a", nil)}, Ended: func(context.Context, *job.Scope, fleet.TaskState, string) error {
				if len(tt.errs) == 0 {
					return nil
				}
				err := tt.errs[0]
				tt.errs = tt.errs[1:]
				return err
			}}
			err := w.runner(w.store, rec).Run(t.Context(), w.ref, false)
			if got := w.task(); fleet.CodeOf(err) != tt.code || got.State != tt.state {
				t.Errorf("%v, %s", err, got.State)
			}
		})
	}
}

// TestBeat asserts that what the recipe holds is renewed with the lease, and
// that losing it ends the step at once.
func TestBeat(t *testing.T) {
	w := newWorld(t, nil)
	beats := 0
	rec := job.Recipe{
		Steps: []job.Step{{Name: "a", Do: func(ctx context.Context, _ *job.Scope) error { <-ctx.Done(); return nil }}},
		Beat: func(context.Context, *job.Scope) error {
			if beats++; beats == 3 {
				return fleet.Errorf(fleet.Stale, "the site's lock is lost")
			}
			return nil
		},
	}
	r := w.runner(w.store, rec)
	r.Lease = 90 * time.Millisecond
	if err := r.Run(t.Context(), w.ref, false); fleet.CodeOf(err) != fleet.Stale || beats != 3 {
		t.Errorf("%v after %d beats", err, beats)
	}
	if got := w.task(); states(got) != "a=started" {
		t.Errorf("it wrote %s", states(got))
	}
}

// TestUnknownWork holds what this worker does not know instead of guessing.
func TestUnknownWork(t *testing.T) {
	w := newWorld(t, nil)
	r := w.runner(w.store, job.Recipe{})
	r.Recipe = func(fleet.Task) (job.Recipe, error) { return job.Recipe{}, errors.New("no such kind") }
	if err := r.Run(t.Context(), w.ref, false); err != nil || w.task().State != fleet.TaskHeld {
		t.Errorf("%v, %s", err, w.task().State)
	}
	w = newWorld(t, func(t *fleet.Task) {
		t.Steps = []fleet.StepRecord{{Name: "of a newer version", State: fleet.StepWaiting}}
	})
	if err := w.runner(w.store, job.Recipe{Steps: []job.Step{w.step("a", nil)}}).Run(t.Context(), w.ref, false); err != nil || w.task().State != fleet.TaskHeld || w.deeds() != "" {
		t.Errorf("%v, %s, did %q", err, w.task().State, w.deeds())
	}
}
