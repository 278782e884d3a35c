package job

import (
	"context"
	"log/slog"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// A Presence keeps a host's row fresh while its worker runs.
type Presence struct {
	Store fleet.Store
	Host  fleet.Host // name, backend, version, owner; the rest is filled in
	Look  func() (free int64, running int)
	Every time.Duration // 10 s if 0
	Log   *slog.Logger  // nil means slog's default
}

// Run reports until ctx ends.
func (p *Presence) Run(ctx context.Context) error {
	tick := time.NewTicker(orDefault(p.Every, 10*time.Second))
	defer tick.Stop()
	for {
		if err := p.Report(ctx); err != nil && ctx.Err() == nil {
			orDefault(p.Log, slog.Default()).Warn("cannot report this host", slog.Any("error", err))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// Report writes the host's row once, with the store's time.
func (p *Presence) Report(ctx context.Context) error {
	h := p.Host
	if p.Look != nil {
		h.Free, h.Running = p.Look()
	}
	return p.Store.Update(ctx, fleet.Catalogue, func(tx fleet.Tx) error {
		if _, err := tx.Get(&fleet.Host{Name: h.Name}); err != nil {
			return err
		}
		h.Seen = tx.Now()
		tx.Put(&h)
		return nil
	})
}
