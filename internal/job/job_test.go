package job_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
	"github.com/distrobot/distrobot/store"
)

const host = fleet.HostName("local")

// world is a store with one task, and what its steps did.
type world struct {
	t     *testing.T
	store *store.Store
	ref   fleet.TaskRef

	mu   sync.Mutex
	did  []string
	busy map[string]int // steps that act now
	most int            // most that acted at once
}

func newWorld(t *testing.T, change func(*fleet.Task)) *world {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: "memory"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	w := &world{t: t, store: s, ref: fleet.TaskRef{Host: host, ID: "01task"}, busy: map[string]int{}}
	task := fleet.Task{ID: w.ref.ID, Host: host, Kind: fleet.TaskMigrate, About: "a.example.org", State: fleet.TaskQueued,
		Plan: "01plan", Shows: "plan:01plan", Channel: "C1", By: fleet.Actor{ID: "U1"}}
	if change != nil {
		change(&task)
	}
	w.update(func(tx fleet.Tx) error {
		if _, err := tx.Get(&fleet.Task{ID: task.ID, Host: host}); err != nil {
			return err
		}
		task.Created = tx.Now()
		tx.Put(&task)
		return nil
	})
	return w
}

func (w *world) update(rule func(fleet.Tx) error) {
	w.t.Helper()
	if err := w.store.Update(context.Background(), fleet.HostFamily(host), rule); err != nil {
		w.t.Fatal(err)
	}
}

// change changes the task from outside.
func (w *world) change(f func(t fleet.Task, now time.Time) (fleet.Task, error)) {
	w.t.Helper()
	w.update(func(tx fleet.Tx) error {
		t := fleet.Task{ID: w.ref.ID, Host: host}
		if _, err := tx.Get(&t); err != nil {
			return err
		}
		t, err := f(t, tx.Now())
		tx.Put(&t)
		return err
	})
}

func (w *world) task() fleet.Task {
	w.t.Helper()
	t := fleet.Task{ID: w.ref.ID, Host: host}
	if err := fleet.One(context.Background(), w.store, &t, "task"); err != nil {
		w.t.Fatal(err)
	}
	return t
}

// act is a step's effect: it is noted, and no two act at once.
func (w *world) act(name string, f func() error) error {
	w.mu.Lock()
	w.busy[name]++
	w.most = max(w.most, len(w.busy))
	w.mu.Unlock()
	var err error
	if f != nil {
		err = f()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.busy[name]--; w.busy[name] == 0 {
		delete(w.busy, name)
	}
	if err == nil {
		w.did = append(w.did, name)
	}
	return err
}

func (w *world) deeds() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.did, " ")
}

// step makes a repeatable step that does f.
func (w *world) step(name string, f func() error) job.Step {
	return job.Step{Name: name, Repeatable: true,
		Do: func(context.Context, *job.Scope) error { return w.act(name, f) }}
}

func (w *world) runner(s fleet.Store, rec job.Recipe) *job.Runner {
	return &job.Runner{Store: s, Logs: w.store, Owner: "test", Lease: time.Second, Grace: 2 * time.Second,
		Recipe: func(fleet.Task) (job.Recipe, error) { return rec, nil }, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
}

// effects gives what the commits so far want done, in words.
func (w *world) effects() []string {
	w.t.Helper()
	pending, err := w.store.Pending(context.Background(), fleet.HostFamily(host), 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, p := range pending {
		switch e := p.Effect; {
		case e.Notice != nil && e.Notice.Edit:
			out = append(out, "edit "+string(e.Notice.Subject))
		case e.Notice != nil:
			out = append(out, "post "+string(e.Notice.Subject)+" "+e.Notice.Channel)
		case e.Audit != nil:
			out = append(out, "audit "+e.Audit.What)
		case e.Advance != "":
			out = append(out, "advance "+string(e.Advance))
		}
	}
	return slices.Compact(out)
}

func states(t fleet.Task) string {
	var out []string
	for _, s := range t.Steps {
		out = append(out, s.Name+"="+string(s.State))
	}
	return strings.Join(out, " ")
}

func TestOutcomes(t *testing.T) {
	boom := errors.New("boom")
	tests := []struct {
		name   string
		second func() error // what step b does
		back   bool         // the recipe has a way back
		undo   func() error // what it does
		did    string
		state  fleet.TaskState
		steps  string
		reason string
	}{
		{name: "all done", did: "a b c", state: fleet.TaskDone, steps: "a=done b=done c=done"},
		{name: "fails, no way back", second: func() error { return boom },
			did: "a", state: fleet.TaskFailed, steps: "a=done b=failed c=waiting", reason: "boom"},
		{name: "fails, walks back", second: func() error { return boom }, back: true,
			did: "a undo", state: fleet.TaskFailed, steps: "a=done b=failed c=waiting undo=done", reason: "boom"},
		{name: "way back fails", second: func() error { return boom }, back: true, undo: func() error { return errors.New("worse") },
			did: "a", state: fleet.TaskHeld, steps: "a=done b=failed c=waiting undo=unknown", reason: "worse"},
		{name: "asks", second: func() error { return job.Ask("is %s right?", "this") }, back: true,
			did: "a", state: fleet.TaskHeld, steps: "a=done b=unknown c=waiting", reason: "is this right?"},
		{name: "stops", second: func() error { return job.Stop("no use") }, back: true,
			did: "a", state: fleet.TaskFailed, steps: "a=done b=failed c=waiting", reason: "no use"},
		{name: "crashes", second: func() error { panic("oh no") }, back: true,
			did: "a", state: fleet.TaskHeld, steps: "a=done b=unknown c=waiting", reason: "The step crashed: oh no"},
		{name: "error for people", second: func() error { return fleet.Errorf(fleet.Failed, "The check said no.").Because(boom) },
			did: "a", state: fleet.TaskFailed, steps: "a=done b=failed c=waiting", reason: "The check said no."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, nil)
			rec := job.Recipe{Steps: []job.Step{w.step("a", nil), w.step("b", tt.second), w.step("c", nil)}}
			var ended []string
			rec.Ended = func(_ context.Context, _ *job.Scope, to fleet.TaskState, reason string) error {
				ended = append(ended, string(to))
				return nil
			}
			if tt.back {
				rec.Back = []job.Step{w.step("undo", tt.undo)}
			}
			if err := w.runner(w.store, rec).Run(t.Context(), w.ref, false); err != nil {
				t.Fatal(err)
			}
			got := w.task()
			if w.deeds() != tt.did || got.State != tt.state || states(got) != tt.steps || got.Reason != tt.reason {
				t.Errorf("did %q, %s, %s, %q\nwant %q, %s, %s, %q", w.deeds(), got.State, states(got), got.Reason, tt.did, tt.state, tt.steps, tt.reason)
			}
			checkEffects(t, w.effects(), got)
			if want := tt.state.Final(); want != (len(ended) == 1) {
				t.Errorf("Ended was called with %v", ended)
			}
		})
	}
}

// checkEffects asserts that people, plan and audit hear of the end, once.
func checkEffects(t *testing.T, got []string, task fleet.Task) {
	t.Helper()
	want := []string{"edit plan:01plan", "advance 01plan"}
	if task.State.Final() {
		want = append(want, "edit task:01task", "audit task."+string(task.State))
	} else {
		want = append(want, "post task:01task C1")
	}
	if !slices.Equal(got, want) {
		t.Errorf("effects %q, want %q", got, want)
	}
}

func TestResultsReachLaterSteps(t *testing.T) {
	w := newWorld(t, func(t *fleet.Task) { t.Params = map[string]string{"to": "p2"} })
	var saw string
	rec := job.Recipe{Steps: []job.Step{
		{Name: "a", Do: func(_ context.Context, s *job.Scope) error {
			s.Keep("dir", "/x/"+s.Param("to"))
			s.Log("one\ntwo %d", 2)
			return nil
		}},
		{Name: "b", Do: func(_ context.Context, s *job.Scope) error { saw = s.Value("a", "dir"); return nil }},
	}}
	if err := w.runner(w.store, rec).Run(t.Context(), w.ref, false); err != nil {
		t.Fatal(err)
	}
	if saw != "/x/p2" {
		t.Errorf("saw %q", saw)
	}
	lines, _, err := w.store.Lines(t.Context(), w.ref.ID, host, "", 10)
	if err != nil || len(lines) != 2 || lines[1].Text != "two 2" || lines[1].Step != "a" {
		t.Errorf("log %v, %v", lines, err)
	}
}

func TestSurplusWakeUps(t *testing.T) {
	for _, tt := range []struct {
		name string
		with func(*fleet.Task)
	}{
		{"done", func(t *fleet.Task) { t.State = fleet.TaskDone }},
		{"held", func(t *fleet.Task) { t.State = fleet.TaskHeld }},
		{"not due", func(t *fleet.Task) { t.NotUntil = time.Now().Add(time.Hour) }},
		{"another's", func(t *fleet.Task) { t.State, t.Lease = fleet.TaskRunning, time.Now().Add(time.Minute) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.with)
			before := w.task()
			if err := w.runner(w.store, job.Recipe{Steps: []job.Step{w.step("a", nil)}}).Run(t.Context(), w.ref, false); err != nil {
				t.Fatal(err)
			}
			if after := w.task(); w.deeds() != "" || after.State != before.State || after.Fence != before.Fence {
				t.Errorf("did %q, %+v", w.deeds(), after)
			}
		})
	}
	t.Run("unknown task", func(t *testing.T) {
		w := newWorld(t, nil)
		if err := w.runner(w.store, job.Recipe{}).Run(t.Context(), fleet.TaskRef{Host: host, ID: "none"}, false); err != nil {
			t.Fatal(err)
		}
	})
}
