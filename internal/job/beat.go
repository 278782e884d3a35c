package job

import (
	"context"
	"log/slog"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// heartbeat renews the lease, and what the recipe holds besides, each third of
// it. It ends the work at once when the task is another's.
func (w *worker) heartbeat(ctx context.Context) {
	tick := time.NewTicker(max(w.r.lease()/3, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if err := w.pulse(ctx); err != nil && ctx.Err() == nil {
			w.log.Warn("heartbeat failed", slog.Any("error", err), slog.Duration("since", w.sinceRenewal()))
			if fleet.CodeOf(err) == fleet.Stale {
				w.lose(err)
				return
			}
		}
	}
}

// pulse is one beat. It gives up after a third of the lease, so that the next
// one finds a storage that has come back.
func (w *worker) pulse(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, max(w.r.lease()/3, time.Second))
	defer cancel()
	if err := w.renewIn(ctx); err != nil {
		return err
	}
	if w.recipe.Beat == nil {
		return nil
	}
	return w.guard(func() error { return w.recipe.Beat(ctx, w.scope("")) })
}

func (w *worker) renew() error {
	err := w.renewIn(w.life)
	if fleet.CodeOf(err) == fleet.Stale {
		w.lose(err)
	}
	return err
}

// renewIn prolongs the lease, and sees whether a person asked to cancel.
func (w *worker) renewIn(ctx context.Context) error {
	begun, grown := time.Now(), w.recipe.Live && w.out.grown.Swap(false)
	var t fleet.Task
	var asked time.Time
	err := w.r.Store.Update(ctx, fleet.HostFamily(w.ref.Host), func(tx fleet.Tx) error {
		var err error
		if t, err = w.own(tx); err != nil {
			return err
		}
		asked = tx.Now()
		next, err := fleet.RenewTask(t, w.fence, asked, w.r.lease())
		if err != nil {
			return err
		}
		t = next
		tx.Put(&t)
		if grown {
			tx.Emit(progress(t)...)
		}
		return nil
	})
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if begun.After(w.renewed) {
		w.renewed, w.asked = begun, asked
	}
	if t.Stop && w.interrupt != nil {
		w.interrupt()
	}
	return nil
}

// sinceRenewal is how long ago, by this machine's clock, the lease was surely
// ours.
func (w *worker) sinceRenewal() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Since(w.renewed)
}

// now is the store's clock, which decides between machines: this one's may be
// wrong, and jump. What has passed since the store was asked is counted by what
// does not jump.
func (w *worker) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked.Add(time.Since(w.renewed))
}
