package job

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// A Sweeper looks each second for tasks of a host that somebody may claim: new
// ones whose wake-up was lost, and those whose worker died. Any number of
// sweepers may run; a surplus wake-up is harmless.
type Sweeper struct {
	Store fleet.Store
	Host  fleet.HostName
	Wake  func(ctx context.Context, t fleet.TaskRef, urgent bool) // must not block for long
	Every time.Duration                                           // 1 s if 0
	Log   *slog.Logger                                            // nil means slog's default

	latest time.Time // the latest that the store's clock has shown
}

// sweepBatch bounds how many tasks are woken at once; the rest follow when
// these have been claimed.
const sweepBatch = 200

// Run sweeps until ctx ends.
func (s *Sweeper) Run(ctx context.Context) error {
	tick := time.NewTicker(orDefault(s.Every, time.Second))
	defer tick.Stop()
	failing := false
	for {
		_, err := s.Sweep(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && !failing {
			orDefault(s.Log, slog.Default()).Warn("cannot look for due tasks", slog.Any("error", err))
		}
		failing = err != nil
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// Sweep wakes what is due now and returns how many tasks that were.
func (s *Sweeper) Sweep(ctx context.Context) (int, error) {
	now, paused, err := s.look(ctx)
	if err != nil {
		return 0, err
	}
	page := fleet.Page{To: now.UnixMilli(), Limit: sweepBatch}
	if now.After(s.latest) {
		s.latest = now
	}
	back := s.latest.Sub(now) > fleet.LongestLease
	if back { // the clock was set back: leases of before stand too far ahead
		page.To = s.latest.Add(fleet.LongestLease).UnixMilli()
	}
	if paused { // what waits since it was ordered stands at 0; what was begun, at its lease's end
		page.From = 1
	}
	ids, err := s.Store.List(ctx, fleet.TasksDue(s.Host), page)
	if err != nil {
		return 0, err
	}
	tasks := s.read(ctx, ids)
	if back {
		tasks = slices.DeleteFunc(tasks, func(t fleet.Task) bool { return !t.Due(now) })
	}
	if paused {
		tasks = slices.DeleteFunc(tasks, func(t fleet.Task) bool { return t.Begun.IsZero() })
	}
	for _, t := range tasks {
		if ctx.Err() == nil {
			s.Wake(ctx, t.Ref(), t.Urgent)
		}
	}
	return len(tasks), nil
}

// look gives the time, and whether people have paused the host's intake.
func (s *Sweeper) look(ctx context.Context) (now time.Time, paused bool, err error) {
	err = s.Store.Update(ctx, fleet.HostFamily(s.Host), func(tx fleet.Tx) error {
		seat := fleet.Seat{Host: s.Host}
		_, err := tx.Get(&seat)
		now, paused = tx.Now(), seat.Paused != nil
		return err
	})
	return now, paused, err
}

// read reads tasks one by one: one that cannot be read (its signature is
// wrong) must not keep the others from being done.
func (s *Sweeper) read(ctx context.Context, ids []string) []fleet.Task {
	var out []fleet.Task
	for _, id := range ids {
		t := fleet.Task{ID: fleet.TaskID(id), Host: s.Host}
		found, err := s.Store.Read(ctx, &t)
		if err != nil && ctx.Err() == nil {
			orDefault(s.Log, slog.Default()).Error("a due task cannot be read", slog.String("task", id), slog.Any("error", err))
		}
		if err == nil && found[0] {
			out = append(out, t)
		}
	}
	return out
}

// Interrupted lists the tasks that a worker of this host was working on, in
// whatever state their leases are: what a worker that has just taken the lock
// of its data directory runs first, with restarted set.
func (s *Sweeper) Interrupted(ctx context.Context) ([]fleet.TaskRef, error) {
	ids, err := s.Store.List(ctx, fleet.TasksDue(s.Host), fleet.Page{})
	if err != nil {
		return nil, err
	}
	var out []fleet.TaskRef
	for _, t := range s.read(ctx, ids) {
		if t.State == fleet.TaskRunning {
			out = append(out, t.Ref())
		}
	}
	return out, nil
}
