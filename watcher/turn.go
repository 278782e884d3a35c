package watcher

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/mirror"
)

// turn reads one URL, unless another replica is faster.
func (p *Poller) turn(ctx context.Context, url string) {
	l, err := p.lease(ctx, url)
	if err != nil || !l.mine {
		p.note(ctx, url, err)
		return
	}
	all, err := p.tracked(ctx, false)
	if err != nil {
		p.note(ctx, url, err)
		return
	}
	dists, err := p.readAll(ctx, all.byURL[url])
	if err != nil {
		p.note(ctx, url, err)
		return
	}
	dists = trackers(dists, url)
	if len(dists) == 0 {
		p.note(ctx, url, p.forget(ctx, url))
		return
	}
	failure := p.read(ctx, url, dists, l.hinted)
	if ctx.Err() != nil {
		return
	}
	if failure != nil || l.row.Fails > 0 {
		p.note(ctx, url, p.settle(ctx, url, failure))
	}
}

func trackers(dists []fleet.Distribution, url string) []fleet.Distribution {
	out := dists[:0]
	for _, d := range dists {
		if d.URL == url && !d.Track.None() {
			out = append(out, d)
		}
	}
	return out
}

// note logs a fault of ours; what a server did is told to people instead.
func (p *Poller) note(ctx context.Context, url string, err error) {
	if err != nil && ctx.Err() == nil {
		p.Log.WarnContext(ctx, "a repository was not polled", "url", fleet.Clean(url, 200), "err", err)
	}
}

// A leased is a URL's row as it was moved on.
type leased struct {
	row    fleet.Poll
	mine   bool // this process reads
	hinted bool // a webhook asked for it
}

// lease moves the row on before the URL is read: the one whose commit does it
// reads, and if it dies over it the URL is read an interval later. In the
// steady state this is the only write of a poll.
func (p *Poller) lease(ctx context.Context, url string) (l leased, err error) {
	rest := p.hosts.resting(hostOf(url))
	err = p.Store.Update(ctx, fleet.Catalogue, func(tx fleet.Tx) error {
		l = leased{row: fleet.Poll{URL: url}}
		found, err := tx.Get(&l.row)
		if err != nil || !found || l.row.Next.After(tx.Now()) {
			return err
		}
		l.mine, l.hinted = rest <= 0, l.row.Next.Equal(firstInLine)
		l.row.Owner, l.row.Next = p.Owner, tx.Now().Add(p.jitter(p.interval()))
		if !l.mine { // the host asked for a rest: come back spread over an interval
			l.row.Next = tx.Now().Add(rest + time.Duration(rand.Int64N(int64(p.interval()))))
		}
		tx.Put(&l.row)
		return nil
	})
	l.mine = l.mine && err == nil
	return l, err
}

// jitter varies a time span by ten percent, so that replicas and repositories
// that fell into step leave it again.
func (p *Poller) jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.9 + 0.2*rand.Float64()))
}

// settle records how the reading went: a failing URL is read at 1, 2, 4 …
// intervals, up to a limit by what failed.
func (p *Poller) settle(ctx context.Context, url string, failure error) error {
	return p.Store.Update(ctx, fleet.Catalogue, func(tx fleet.Tx) error {
		row := fleet.Poll{URL: url}
		if found, err := tx.Get(&row); err != nil || !found {
			return err
		}
		hinted := !row.Next.After(tx.Now())
		if failure == nil {
			row.Fails = 0
		} else {
			row.Fails++
			wait := p.interval() << min(row.Fails-1, 16)
			row.Next = tx.Now().Add(p.jitter(min(wait, p.longest(failure))))
		}
		if hinted { // a webhook came while we were reading
			row.Next = tx.Now()
		}
		tx.Put(&row)
		return nil
	})
}

// Limits of the back-off. A server that is down comes back; a repository that
// is not there, or no repository, is mended by a person, who can say so with
// the command check.
const (
	longestRest    = time.Hour
	restForOutages = 5 // intervals
)

func (p *Poller) longest(failure error) time.Duration {
	if mirror.Is(failure, mirror.Unreachable) || mirror.Is(failure, mirror.RateLimited) {
		return min(restForOutages*p.interval(), longestRest)
	}
	return max(longestRest, p.interval())
}

// forget drops the row of a URL that nobody tracks any more.
func (p *Poller) forget(ctx context.Context, url string) error {
	if all, err := p.tracked(ctx, true); err != nil || len(all.byURL[url]) > 0 {
		return err
	}
	return p.Store.Update(ctx, fleet.Catalogue, func(tx fleet.Tx) error {
		row := fleet.Poll{URL: url}
		if found, err := tx.Get(&row); err != nil || !found {
			return err
		}
		tx.Delete(&row)
		return nil
	})
}
