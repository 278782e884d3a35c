package main

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// freer is who lets visitors in that nobody's task holds any more: the backend, or
// what keeps its records.
func (w *worker) freer() hosting.Freer {
	if f, ok := w.drives.(hosting.Freer); ok {
		return f
	}
	return w.backend
}

// takeStock looks at this host's own system when the worker begins and then on its
// schedule. The pauses vary by a tenth, so that workers that began together do not
// ask one database together for ever.
func (w *worker) takeStock(ctx context.Context) error {
	if _, ok := w.drives.(hosting.Inventoried); !ok {
		<-ctx.Done()
		return nil
	}
	said := ""
	for {
		err := w.lookAround(ctx)
		switch {
		case err != nil && ctx.Err() == nil && err.Error() != said:
			said = err.Error()
			w.app.log.Warn("what this host's own system has cannot be read", "err", err)
		case err == nil && said != "":
			said = ""
			w.app.log.Info("what this host's own system has can be read again")
		}
		pause := w.app.cfg.Aegir.Sync
		pause += time.Duration((rand.Float64() - 0.5) * 0.2 * float64(pause)) //nolint:gosec // no secret
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// lookAround is one look, if the host's seat is this worker's.
func (w *worker) lookAround(ctx context.Context) error {
	err := w.app.store.Update(ctx, fleet.HostFamily(w.host), func(tx fleet.Tx) error { return w.may(tx, fleet.Task{Host: w.host}) })
	if code := fleet.CodeOf(err); code == fleet.Refused || code == fleet.Stale || code == fleet.Held {
		return nil // somebody else's, or it is to begin nothing
	}
	if err != nil {
		return err
	}
	return w.recipes.TakeStock(ctx, func(line string) { w.app.log.Info(line) })
}
