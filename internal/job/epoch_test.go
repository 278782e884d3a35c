package job_test

import (
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
	"github.com/distrobot/distrobot/store"
	"github.com/distrobot/distrobot/store/storetest"
)

// TestEpoch restores the storage from a backup while a worker is in the middle of
// a step: it may enter nothing any more, and whoever takes the task up asks a
// person, since its journal is an old one.
func TestEpoch(t *testing.T) {
	server := storetest.Start(t)
	open := func() *store.Store {
		s, err := store.Open(t.Context(), store.Options{URL: server.URL(), Key: []byte("k")})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	worker, restorer := open(), open()
	w := &world{t: t, store: restorer, ref: fleet.TaskRef{Host: host, ID: "01task"}, busy: map[string]int{}}
	w.change(func(t fleet.Task, _ time.Time) (fleet.Task, error) {
		t.State, t.Kind = fleet.TaskQueued, fleet.TaskMigrate
		return t, nil
	})
	rec := job.Recipe{Steps: []job.Step{w.step("a", nil), w.step("b", func() error {
		_, err := restorer.RaiseEpoch(t.Context())
		return err
	}), w.step("c", nil)}}
	r := w.runner(worker, rec)
	r.Epoch = worker.Epoch()
	if err := r.Run(t.Context(), w.ref, false); fleet.CodeOf(err) != fleet.Stale {
		t.Fatalf("after the restore the worker ends with %v", err)
	}
	if got := w.task(); states(got) != "a=done b=started c=waiting" || w.deeds() != "a b" {
		t.Fatalf("%s, did %q", states(got), w.deeds())
	}
	rec.Steps[1] = w.step("b", nil)
	next := open()
	r = w.runner(next, rec)
	r.Epoch = next.Epoch()
	if err := r.Run(t.Context(), w.ref, true); err != nil {
		t.Fatal(err)
	}
	held := w.task()
	if held.State != fleet.TaskHeld || !strings.Contains(held.Reason, "restored from a backup") || w.deeds() != "a b" {
		t.Fatalf("%s: %s, did %q", held.State, held.Reason, w.deeds())
	}
	if held.Fence>>32 != next.Epoch() {
		t.Errorf("the fence is %d in epoch %d", held.Fence, next.Epoch())
	}
	w.change(func(t fleet.Task, now time.Time) (fleet.Task, error) { return fleet.AnswerTask(t, fleet.RunAgain, now) })
	if err := r.Run(t.Context(), w.ref, false); err != nil {
		t.Fatal(err)
	}
	if got := w.task(); got.State != fleet.TaskDone || w.deeds() != "a b b c" {
		t.Errorf("%s, did %q", got.State, w.deeds())
	}
}

// TestFenceGivenOutTwice lets a failover of the storage forget a claim, so that
// two processes have the same fence: the one that is not in the row is refused.
func TestFenceGivenOutTwice(t *testing.T) {
	w := newWorld(t, nil)
	forget := func() error {
		w.change(func(t fleet.Task, _ time.Time) (fleet.Task, error) { t.Owner = "another"; return t, nil })
		return nil
	}
	rec := job.Recipe{Steps: []job.Step{w.step("a", forget), w.step("b", nil)}}
	if err := w.runner(w.store, rec).Run(t.Context(), w.ref, false); fleet.CodeOf(err) != fleet.Stale {
		t.Errorf("it ends with %v", err)
	}
	if got := w.task(); states(got) != "a=started b=waiting" || w.deeds() != "a" {
		t.Errorf("%s, did %q", states(got), w.deeds())
	}
}
