package job_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

// elsewhen is a store whose clock is ahead of this machine's, or behind it, as
// that of a machine is whose clock is wrong.
type elsewhen struct {
	fleet.Store
	ahead atomic.Int64 // time.Duration
}

// Update implements fleet.Store.
func (s *elsewhen) Update(ctx context.Context, fam fleet.Family, rule func(fleet.Tx) error) error {
	return s.Store.Update(ctx, fam, func(tx fleet.Tx) error { return rule(elsewhenTx{tx, time.Duration(s.ahead.Load())}) })
}

type elsewhenTx struct {
	fleet.Tx
	ahead time.Duration
}

// Now implements fleet.Tx.
func (t elsewhenTx) Now() time.Time { return t.Tx.Now().Add(t.ahead) }

// A worker whose own clock is wrong by an hour, or a store whose clock jumps by
// one while a step runs, ends no task before its time, keeps none beyond it, and
// dates what it does by the store's clock.
func TestWrongClock(t *testing.T) {
	const hour = time.Hour
	for _, tt := range []struct {
		name   string
		before time.Duration // of the store's clock against ours
		after  time.Duration // once the first step has ended
		limit  time.Duration // of the task
		state  fleet.TaskState
		did    string
	}{
		{"right", 0, 0, hour / 2, fleet.TaskDone, "a b"},
		{"an hour behind the store", hour, hour, hour / 2, fleet.TaskDone, "a b"},
		{"an hour ahead of the store", -hour, -hour, hour / 2, fleet.TaskDone, "a b"},
		{"the store's jumps back", 0, -hour, hour / 2, fleet.TaskDone, "a b"},
		{"the store's jumps on", 0, hour, 2 * hour, fleet.TaskDone, "a b"},
		{"an hour behind, and the limit has passed", hour, 2 * hour, hour / 2, fleet.TaskFailed, "a"},
		{"an hour ahead, and the limit has passed", -hour, 0, hour / 2, fleet.TaskFailed, "a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, nil)
			s := &elsewhen{Store: w.store}
			s.ahead.Store(int64(tt.before))
			var dated time.Time
			rec := job.Recipe{Last: "b", Steps: []job.Step{
				{Name: "a", Do: func(_ context.Context, sc *job.Scope) error {
					dated = sc.Now
					return w.act("a", func() error { s.ahead.Store(int64(tt.after)); return nil })
				}},
				w.step("b", nil)}}
			r := w.runner(s, rec)
			r.Deadlines = map[fleet.TaskKind]time.Duration{"": tt.limit}
			if err := r.Run(t.Context(), w.ref, false); err != nil {
				t.Fatal(err)
			}
			task := w.task()
			if task.State != tt.state || w.deeds() != tt.did || tt.state == fleet.TaskFailed && !strings.Contains(task.Reason, "was not done within") {
				t.Errorf("%s (%q), did %q", task.State, task.Reason, w.deeds())
			}
			if off := dated.Sub(time.Now().Add(tt.before)).Abs(); off > time.Minute {
				t.Errorf("its step is dated %v, %v off the store's clock", dated, off)
			}
		})
	}
}
