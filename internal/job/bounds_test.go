package job_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

// TestCancelInterrupts asserts that a cancel ends a running step that says so,
// and the task with it, without the way back; other steps run to their end.
func TestCancelInterrupts(t *testing.T) {
	for _, interrupt := range []bool{true, false} {
		w := newWorld(t, nil)
		ended, cause := fleet.TaskState(""), error(nil)
		rec := job.Recipe{Last: "b", Steps: []job.Step{
			{Name: "a", Interrupt: interrupt, Limit: time.Minute, Do: func(ctx context.Context, _ *job.Scope) error {
				w.change(func(t fleet.Task, _ time.Time) (fleet.Task, error) { t.Stop = true; return t, nil })
				wait, cancel := context.WithTimeout(ctx, 300*time.Millisecond) // ten renewals
				defer cancel()
				<-wait.Done()
				if cause = context.Cause(ctx); cause != nil {
					return cause
				}
				return nil
			}},
			w.step("b", nil)},
			Back:  []job.Step{w.step("undo", nil)},
			Ended: func(_ context.Context, _ *job.Scope, to fleet.TaskState, _ string) error { ended = to; return nil },
		}
		r := w.runner(w.store, rec)
		r.Lease = 90 * time.Millisecond
		if err := r.Run(t.Context(), w.ref, false); err != nil {
			t.Fatal(err)
		}
		task := w.task()
		if task.State != fleet.TaskCancelled || ended != fleet.TaskCancelled || w.deeds() != "" {
			t.Errorf("interrupt %t: %s, told %s, did %q", interrupt, task.State, ended, w.deeds())
		}
		if got := errors.Is(cause, context.Canceled); got || (cause != nil) != interrupt {
			t.Errorf("interrupt %t: the step's context ended with %v", interrupt, cause)
		}
	}
}

// TestLiveLogIsShown asserts that new lines of a live recipe bring its message up
// to date while a step runs, and that silence does not.
func TestLiveLogIsShown(t *testing.T) {
	for _, live := range []bool{true, false} {
		w := newWorld(t, nil)
		edits := func() int {
			pending, err := w.store.Pending(t.Context(), fleet.HostFamily(host), 1000)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, p := range pending {
				if p.Effect.Notice != nil && p.Effect.Notice.Subject == "plan:01plan" {
					n++
				}
			}
			return n
		}
		var before, spoken, silent int
		rec := job.Recipe{Live: live, Steps: []job.Step{{Name: "a", Limit: time.Minute, Do: func(ctx context.Context, s *job.Scope) error {
			before = edits()
			s.Log("a line")
			for end := time.Now().Add(time.Second); edits() == before && time.Now().Before(end); {
				time.Sleep(10 * time.Millisecond)
			}
			spoken = edits()
			time.Sleep(200 * time.Millisecond) // several renewals in which nothing is said
			silent = edits()
			return nil
		}}}}
		r := w.runner(w.store, rec)
		r.Lease = 90 * time.Millisecond
		if err := r.Run(t.Context(), w.ref, false); err != nil {
			t.Fatal(err)
		}
		if (spoken > before) != live || silent != spoken {
			t.Errorf("live %t: %d edits before, %d after a line, %d after silence", live, before, spoken, silent)
		}
	}
}

// TestKindsHaveLimits asserts that no more tasks of a kind are begun than allowed,
// that others go on, and that one beyond is done later.
func TestKindsHaveLimits(t *testing.T) {
	w := newWorld(t, func(t *fleet.Task) { t.Kind = fleet.TaskBuild })
	second, other := fleet.TaskRef{Host: host, ID: "02build"}, fleet.TaskRef{Host: host, ID: "03other"}
	for _, task := range []fleet.Task{{ID: second.ID, Host: host, Kind: fleet.TaskBuild}, {ID: other.ID, Host: host, Kind: fleet.TaskVerify}} {
		if err := (&fleet.Tasks{Store: w.store}).Order(t.Context(), task); err != nil {
			t.Fatal(err)
		}
	}
	state := func(ref fleet.TaskRef) fleet.Task {
		found, err := (&fleet.Tasks{Store: w.store}).Find(t.Context(), ref.ID)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	inside, leave := make(chan struct{}), make(chan struct{})
	r := w.runner(w.store, job.Recipe{Steps: []job.Step{{Name: "a", Do: func(_ context.Context, s *job.Scope) error {
		if s.Task.ID == w.ref.ID {
			close(inside)
			<-leave
		}
		return nil
	}}}})
	r.Limits = map[fleet.TaskKind]int{fleet.TaskBuild: 1}
	first := make(chan error, 1)
	go func() { first <- r.Run(t.Context(), w.ref, false) }()
	<-inside
	for _, ref := range []fleet.TaskRef{second, other} {
		if err := r.Run(t.Context(), ref, false); err != nil {
			t.Fatal(err)
		}
	}
	if got := state(second); got.State != fleet.TaskQueued || got.NotUntil.IsZero() {
		t.Errorf("the second build is %s, put off until %v", got.State, got.NotUntil)
	}
	if got := state(other); got.State != fleet.TaskDone {
		t.Errorf("the task of another kind is %s", got.State)
	}
	close(leave)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); state(second).State != fleet.TaskDone && time.Now().Before(end); {
		if err := r.Run(t.Context(), second, false); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	if got := state(second); got.State != fleet.TaskDone {
		t.Errorf("the second build is %s after the first", got.State)
	}
}
