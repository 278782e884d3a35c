package job_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

// mortal is a store whose user dies at its nth commit: before it is made, or
// after it was made and before anybody hears of it. From then on nothing can
// be written, as with a process that is gone.
type mortal struct {
	fleet.Store
	mu    sync.Mutex
	left  int  // commits until death
	after bool // the last one is still made
	dead  bool
}

var errDead = errors.New("dead")

func (m *mortal) Update(ctx context.Context, fam fleet.Family, rule func(fleet.Tx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.left--; m.left == 0 {
		m.dead = true
		if m.after {
			_ = m.Store.Update(ctx, fam, rule)
		}
	}
	if m.dead {
		return errDead
	}
	return m.Store.Update(ctx, fam, rule)
}

// has is a Done check that can tell for certain.
func (w *world) has(name string) func(context.Context, *job.Scope) (job.Verdict, error) {
	return func(context.Context, *job.Scope) (job.Verdict, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if slices.Contains(w.did, name) {
			return job.Yes, nil
		}
		return job.No, nil
	}
}

// once makes a step that must never act twice. Whether it can be asked, and
// whether it may be repeated, is the test's.
func (w *world) once(name string, done func(context.Context, *job.Scope) (job.Verdict, error), repeatable bool) job.Step {
	s := w.step(name, nil)
	s.Done, s.Repeatable = done, repeatable
	return s
}

// TestDeathAtEveryJournalEntry lets the worker die before and after each
// commit of a task, and another take over: what is certainly done goes on,
// what is certainly not done is repeated if it may be, anything else is held.
func TestDeathAtEveryJournalEntry(t *testing.T) {
	for n := 1; n <= 10; n++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("entry %d, after=%v", n, after), func(t *testing.T) {
				w := newWorld(t, nil)
				rec := job.Recipe{Steps: []job.Step{
					w.once("asked", w.has("asked"), true),
					w.once("not repeatable", w.has("not repeatable"), false),
					w.once("mute", nil, false),
					w.once("last", w.has("last"), true),
				}}
				m := &mortal{Store: w.store, left: n, after: after}
				if err := w.runner(m, rec).Run(t.Context(), w.ref, false); !errors.Is(err, errDead) {
					t.Fatalf("the first worker: %v", err)
				}
				w.finish(rec)
				if got := w.deeds(); got != "asked not repeatable mute last" {
					t.Errorf("did %q", got)
				}
				w.endedOnce("audit task.done")
			})
		}
	}
}

// finish lets further workers take the task over until it has ended; a person
// answers when it is held, as somebody who has looked would.
func (w *world) finish(rec job.Recipe) {
	w.t.Helper()
	for range 5 {
		if err := w.runner(w.store, rec).Run(context.Background(), w.ref, true); err != nil {
			w.t.Fatal(err)
		}
		task := w.task()
		if task.State != fleet.TaskHeld {
			break
		}
		cur, _ := task.Current()
		answer := fleet.RunAgain
		if slices.Contains(w.did, cur.Name) {
			answer = fleet.SkipStep
		}
		if cur.Name != "mute" && cur.Name != "not repeatable" {
			w.t.Errorf("held at %q, which can be told", cur.Name)
		}
		if cur.Name == "not repeatable" && answer == fleet.SkipStep {
			w.t.Errorf("held at a step that is certainly done")
		}
		w.change(func(t fleet.Task, now time.Time) (fleet.Task, error) { return fleet.AnswerTask(t, answer, now) })
	}
	if task := w.task(); !task.State.Final() {
		w.t.Fatalf("the task is %s: %s", task.State, states(task))
	}
}

// endedOnce asserts that the end was recorded exactly once.
func (w *world) endedOnce(want string) {
	w.t.Helper()
	pending, err := w.store.Pending(context.Background(), fleet.HostFamily(host), 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	n := 0
	for _, p := range pending {
		if a := p.Effect.Audit; a != nil {
			if n++; "audit "+a.What != want {
				w.t.Errorf("recorded %s", a.What)
			}
		}
	}
	if n != 1 {
		w.t.Errorf("the end was recorded %d times", n)
	}
}

// TestDeathOnTheWayBack does the same for a task whose second step fails.
func TestDeathOnTheWayBack(t *testing.T) {
	for n := 1; n <= 10; n++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("entry %d, after=%v", n, after), func(t *testing.T) {
				w := newWorld(t, nil)
				rec := job.Recipe{
					Steps: []job.Step{w.once("prepare", w.has("prepare"), true), w.step("break", func() error { return errors.New("no") })},
					Back:  []job.Step{w.once("undo", w.has("undo"), true), w.once("tidy", w.has("tidy"), true)},
				}
				m := &mortal{Store: w.store, left: n, after: after}
				if err := w.runner(m, rec).Run(t.Context(), w.ref, false); !errors.Is(err, errDead) {
					t.Fatalf("the first worker: %v", err)
				}
				w.finish(rec)
				if task := w.task(); w.deeds() != "prepare undo tidy" || task.State != fleet.TaskFailed || task.Reason != "no" {
					t.Errorf("did %q, %s, %q", w.deeds(), task.State, task.Reason)
				}
				w.endedOnce("audit task.failed")
			})
		}
	}
}

// frozen is a store that stops answering one worker for a while, as when its
// machine sleeps or is cut off.
type frozen struct {
	fleet.Store
	mu sync.RWMutex
}

func (f *frozen) Update(ctx context.Context, fam fleet.Family, rule func(fleet.Tx) error) error {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.Store.Update(ctx, fam, rule)
}

// TestFrozenWorker freezes a worker in a step until another has taken the task
// over. When it wakes its step is told to stop, and it writes nothing more.
func TestFrozenWorker(t *testing.T) {
	w := newWorld(t, nil)
	f := &frozen{Store: w.store}
	began, stopped := make(chan struct{}), make(chan struct{})
	slow := job.Recipe{Steps: []job.Step{{Name: "copy", Do: func(ctx context.Context, _ *job.Scope) error {
		close(began)
		<-ctx.Done()
		close(stopped)
		return nil // it claims success: it must not be believed
	}}, w.step("next", nil)}}
	first := w.runner(f, slow)
	first.Lease = 200 * time.Millisecond
	result := make(chan error, 1)
	go func() { result <- first.Run(context.Background(), w.ref, false) }()
	<-began
	f.mu.Lock()
	second := w.runner(w.store, job.Recipe{Steps: []job.Step{
		{Name: "copy", Do: func(context.Context, *job.Scope) error { t.Error("the step ran twice"); return nil }}, w.step("next", nil)}})
	eventually(t, func() bool {
		if err := second.Run(t.Context(), w.ref, false); err != nil {
			t.Fatal(err)
		}
		return w.task().State == fleet.TaskHeld
	})
	select {
	case <-stopped:
		t.Error("the frozen step was stopped before anybody could know")
	default:
	}
	before := w.task()
	f.mu.Unlock()
	<-stopped
	if err := <-result; fleet.CodeOf(err) != fleet.Stale {
		t.Errorf("the frozen worker ended with %v", err)
	}
	if after := w.task(); states(after) != states(before) || after.State != fleet.TaskHeld || after.Fence != 2 || w.deeds() != "" {
		t.Errorf("the frozen worker wrote: %s, did %q", states(after), w.deeds())
	}
}

func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
	}
}

// away is a store that cannot be reached while it is told so.
type away struct {
	fleet.Store
	mu   sync.Mutex
	gone bool
}

func (a *away) set(gone bool) { a.mu.Lock(); a.gone = gone; a.mu.Unlock() }

func (a *away) Update(ctx context.Context, fam fleet.Family, rule func(fleet.Tx) error) error {
	a.mu.Lock()
	gone := a.gone
	a.mu.Unlock()
	if gone {
		return fleet.Errorf(fleet.Later, "away")
	}
	return a.Store.Update(ctx, fam, rule)
}

// TestOutage takes the store away during a step, for longer than the lease: the
// step is let end, no other is begun, and the work goes on when it is back.
func TestOutage(t *testing.T) {
	w := newWorld(t, nil)
	a := &away{Store: w.store}
	ended := make(chan struct{})
	rec := job.Recipe{Steps: []job.Step{
		{Name: "long", Do: func(ctx context.Context, _ *job.Scope) error {
			defer close(ended)
			return w.act("long", func() error { a.set(true); time.Sleep(300 * time.Millisecond); return ctx.Err() })
		}},
		w.step("next", nil),
	}}
	r := w.runner(a, rec)
	r.Lease = 150 * time.Millisecond
	result := make(chan error, 1)
	go func() { result <- r.Run(context.Background(), w.ref, false) }()
	<-ended
	time.Sleep(200 * time.Millisecond)
	if got := w.deeds(); got != "long" {
		t.Errorf("while the store was away: did %q", got)
	}
	a.set(false)
	if err := <-result; err != nil || w.deeds() != "long next" || w.task().State != fleet.TaskDone {
		t.Errorf("%v; did %q, %s", err, w.deeds(), w.task().State)
	}
}
