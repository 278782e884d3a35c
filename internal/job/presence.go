package job

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// A Presence holds a host's seat and keeps its row fresh while its worker runs.
type Presence struct {
	Hosts reporter
	Host  fleet.Host      // name, backend, version, owner; the rest is filled in
	Seat  fleet.SeatClaim // Lease is three reports if 0
	Look  func(*fleet.Host)
	Every time.Duration // 10 s if 0
	Log   *slog.Logger  // nil means slog's default

	mu    sync.Mutex
	said  fleet.HostState // draining or stopped, or as the last report was answered
	held  bool
	again chan struct{} // a report is wanted at once
}

// A reporter records what a worker says of itself: *fleet.Hosts.
type reporter interface {
	Report(ctx context.Context, r fleet.Report) (fleet.HostState, error)
}

// Run reports until ctx ends. It returns earlier, with the reason, when the seat
// is another's: the worker must then end.
func (p *Presence) Run(ctx context.Context) error {
	tick := time.NewTicker(p.every())
	defer tick.Stop()
	log := orDefault(p.Log, slog.Default())
	for {
		err := p.Report(ctx)
		switch code := fleet.CodeOf(err); {
		case code == fleet.Refused || code == fleet.Stale || code == fleet.TooOld:
			return err
		case err != nil && ctx.Err() == nil:
			log.Warn("cannot report this host", slog.Any("error", err))
		}
		select {
		case <-tick.C:
		case <-p.wanted():
		case <-ctx.Done():
			return nil
		}
	}
}

func (p *Presence) every() time.Duration { return orDefault(p.Every, 10*time.Second) }

// wanted is told when what the worker says of itself has changed.
func (p *Presence) wanted() chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.again == nil {
		p.again = make(chan struct{}, 1)
	}
	return p.again
}

// Say makes the next report, which follows at once, carry a state.
func (p *Presence) Say(s fleet.HostState) {
	p.mu.Lock()
	p.said = s
	p.mu.Unlock()
	select {
	case p.wanted() <- struct{}{}:
	default:
	}
}

// TooOld reports whether the fleet has told this worker that it is too old to
// do anything.
func (p *Presence) TooOld() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said == fleet.HostTooOld
}

// Report says once what is to be said.
func (p *Presence) Report(ctx context.Context) error {
	p.mu.Lock()
	r := fleet.Report{Host: p.Host, Claim: p.Seat, Held: p.held}
	r.Host.State, r.Host.Place = p.said, p.Seat.Place
	p.mu.Unlock()
	if r.Host.State == fleet.HostTooOld {
		r.Host.State = fleet.HostWorking // judged anew each time
	}
	r.Claim.Owner = orDefault(r.Claim.Owner, r.Host.Owner)
	r.Claim.Lease = orDefault(r.Claim.Lease, 3*p.every())
	r.Host.Protocol = fleet.Protocol
	if p.Look != nil {
		p.Look(&r.Host)
	}
	state, err := p.Hosts.Report(ctx, r)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = true
	if p.said == r.Host.State || p.said == fleet.HostTooOld {
		if state == fleet.HostTooOld && p.said != state {
			orDefault(p.Log, slog.Default()).Error("this worker is too old for the fleet and does no work; update it",
				slog.String("version", p.Host.Version), slog.Int("protocol", fleet.Protocol))
		}
		p.said = state
	}
	return nil
}
