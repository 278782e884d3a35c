package job_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

// addTask adds a task in a state.
func (w *world) addTask(id string, change func(t *fleet.Task, now time.Time)) {
	w.t.Helper()
	w.update(func(tx fleet.Tx) error {
		t := &fleet.Task{ID: fleet.TaskID(id), Host: host}
		if _, err := tx.Get(t); err != nil {
			return err
		}
		t.State, t.Created = fleet.TaskQueued, tx.Now()
		change(t, tx.Now())
		tx.Put(t)
		return nil
	})
}

// TestSweep wakes what may be claimed and nothing else, also when the row of
// one task was tampered with.
func TestSweep(t *testing.T) {
	w := newWorld(t, func(t *fleet.Task) { t.State = fleet.TaskDone })
	w.addTask("new", func(*fleet.Task, time.Time) {})
	w.addTask("urgent", func(t *fleet.Task, _ time.Time) { t.Urgent = true })
	w.addTask("later", func(t *fleet.Task, now time.Time) { t.NotUntil = now.Add(time.Hour) })
	w.addTask("held", func(t *fleet.Task, _ time.Time) { t.State = fleet.TaskHeld })
	w.addTask("working", func(t *fleet.Task, now time.Time) { t.State, t.Lease = fleet.TaskRunning, now.Add(time.Minute) })
	w.addTask("left", func(t *fleet.Task, now time.Time) { t.State, t.Lease = fleet.TaskRunning, now.Add(-time.Second) })
	w.addTask("forged", func(*fleet.Task, time.Time) {})
	if err := w.store.Client().HSet(t.Context(), "db:{h:local}:task:forged", "doc", `{"id":"forged","host":"local"}`).Err(); err != nil {
		t.Fatal(err)
	}
	var woken []string
	s := &job.Sweeper{Store: w.store, Host: host, Log: slog.New(slog.DiscardHandler), Wake: func(_ context.Context, r fleet.TaskRef, urgent bool) {
		if urgent != (r.ID == "urgent") {
			t.Errorf("%s was woken with urgent=%v", r.ID, urgent)
		}
		woken = append(woken, string(r.ID))
	}}
	n, err := s.Sweep(t.Context())
	slices.Sort(woken)
	if got := strings.Join(woken, " "); err != nil || n != 3 || got != "left new urgent" {
		t.Errorf("woke %d: %q, %v", n, got, err)
	}
	refs, err := s.Interrupted(t.Context())
	if err != nil || len(refs) != 2 || refs[0].ID != "left" || refs[1].ID != "working" {
		t.Errorf("interrupted: %v, %v", refs, err)
	}
}

// TestSweeperRecoversLostWork joins sweeper and runner as a worker does: a task
// whose worker died without a word is taken over when its lease is over, and
// one whose wake-up was lost is found.
func TestSweeperRecoversLostWork(t *testing.T) {
	w := newWorld(t, nil)
	w.addTask("left", func(t *fleet.Task, now time.Time) {
		t.State, t.Owner, t.Fence, t.Lease = fleet.TaskRunning, "dead", 1, now.Add(100*time.Millisecond)
		t.Steps = []fleet.StepRecord{{Name: "a", State: fleet.StepStarted}}
	})
	r := w.runner(w.store, job.Recipe{Steps: []job.Step{w.step("a", nil)}})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	s := &job.Sweeper{Store: w.store, Host: host, Every: 10 * time.Millisecond, Wake: func(ctx context.Context, ref fleet.TaskRef, _ bool) {
		if err := r.Run(ctx, ref, false); err != nil {
			t.Error(err)
		}
	}}
	go func() { ended <- s.Run(ctx) }()
	eventually(t, func() bool {
		left := fleet.Task{ID: "left", Host: host}
		if err := fleet.One(t.Context(), w.store, &left, "task"); err != nil {
			t.Fatal(err)
		}
		return left.State == fleet.TaskDone && left.Fence == 2 && w.task().State == fleet.TaskDone
	})
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestSweepAfterTheClockWasSetBack wakes the task of a dead worker whose lease was
// given out before the store's clock was set back by an hour, at once and not in an
// hour; one that is renewed by the clock as it is now, and what is for later, wait.
func TestSweepAfterTheClockWasSetBack(t *testing.T) {
	w := newWorld(t, func(t *fleet.Task) { t.State = fleet.TaskDone })
	store := &elsewhen{Store: w.store}
	store.ahead.Store(int64(time.Hour))
	w.addTask("dead", func(t *fleet.Task, now time.Time) {
		t.State, t.Owner, t.Fence, t.Lease = fleet.TaskRunning, "dead", 1, now.Add(time.Hour+15*time.Second)
	})
	w.addTask("alive", func(t *fleet.Task, now time.Time) { t.State, t.Lease = fleet.TaskRunning, now.Add(15*time.Second) })
	w.addTask("later", func(t *fleet.Task, now time.Time) { t.NotUntil = now.Add(time.Hour) })
	var woken []string
	s := &job.Sweeper{Store: store, Host: host, Wake: func(_ context.Context, r fleet.TaskRef, _ bool) { woken = append(woken, string(r.ID)) }}
	for _, tt := range []struct {
		ahead time.Duration
		wakes string
	}{{time.Hour - time.Minute, "alive"}, {0, "dead"}} { // before, alive's lease is over and dead's is not
		store.ahead.Store(int64(tt.ahead))
		woken = nil
		if _, err := s.Sweep(t.Context()); err != nil || strings.Join(woken, " ") != tt.wakes {
			t.Errorf("%v ahead, it woke %q, not %q: %v", tt.ahead, woken, tt.wakes, err)
		}
	}
	ref := fleet.TaskRef{Host: host, ID: "dead"}
	if err := w.runner(store, job.Recipe{Steps: []job.Step{w.step("a", nil)}}).Run(t.Context(), ref, false); err != nil {
		t.Fatal(err)
	}
	got := fleet.Task{ID: ref.ID, Host: host}
	if err := fleet.One(t.Context(), w.store, &got, "task"); err != nil || got.State != fleet.TaskDone || got.Fence < 2 || w.deeds() != "a" {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestPresence reports a host until the worker ends.
func TestPresence(t *testing.T) {
	w := newWorld(t, nil)
	running := 0
	p := &job.Presence{Hosts: &fleet.Hosts{Store: w.store}, Host: fleet.Host{Name: "web1", Backend: "local", Owner: "me"}, Every: 10 * time.Millisecond,
		Seat: fleet.SeatClaim{Data: "d1"}, Look: func(h *fleet.Host) { running++; h.Free, h.Running = 5, running }}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	eventually(t, func() bool {
		h := fleet.Host{Name: "web1"}
		found, err := w.store.Read(t.Context(), &h)
		return err == nil && found[0] && h.Running >= 3 && h.Free == 5 && time.Since(h.Seen) < time.Minute
	})
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if hosts, err := w.store.List(t.Context(), fleet.AllHosts, fleet.Page{}); err != nil || !slices.Equal(hosts, []string{"web1"}) {
		t.Errorf("hosts %v, %v", hosts, err)
	}
}
