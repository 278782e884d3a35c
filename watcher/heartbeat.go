package watcher

import (
	"context"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// A distribution that was not read for missedIntervals is told of. The cursor's
// time of reading is kept no finer than checkSlack.
const (
	missedIntervals = 2
	checkSlack      = 5 * time.Minute // fleet writes Cursor.Checked no more often
)

// heart is when a process began to watch the others and when it last did.
type heart struct{ begun, last time.Time }

// Heartbeat tells people of distributions that were not read for two intervals,
// whatever the reason: silence must not look like nothing new. It looks once an
// interval and returns how many it told of. A process that just began first
// gives the poller time to catch up.
func (p *Poller) Heartbeat(ctx context.Context) (int, error) {
	p.setUp()
	now, err := p.now(ctx)
	if err != nil {
		return 0, err
	}
	late := missedIntervals*p.interval() + checkSlack
	if !p.beats(now, late) {
		return 0, nil
	}
	dists, err := p.distributions(ctx)
	if err != nil || len(dists) == 0 {
		return 0, err
	}
	cursors, recs := make([]fleet.Cursor, len(dists)), make([]fleet.Record, len(dists))
	for i, d := range dists {
		cursors[i].Distribution = d.Name
		recs[i] = &cursors[i]
	}
	if _, err := p.Store.Read(ctx, recs...); err != nil {
		return 0, err
	}
	missed := 0
	for i, d := range dists {
		if d.URL == "" || d.Track.None() || cursors[i].Alarm != "" || cursors[i].Checked.After(now.Add(-late)) {
			continue
		}
		told, err := p.News.Missed(ctx, d.Name, now.Add(-late))
		if err != nil {
			return missed, err
		}
		if told {
			missed++
		}
	}
	return missed, nil
}

// beats reports whether it is time to look, and notes that it was done.
func (p *Poller) beats(now time.Time, late time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.heart.begun.IsZero() {
		p.heart.begun = now
	}
	if now.Sub(p.heart.begun) < late || now.Sub(p.heart.last) < p.interval() {
		return false
	}
	p.heart.last = now
	return true
}

// now is the store's clock.
func (p *Poller) now(ctx context.Context) (now time.Time, err error) {
	err = p.Store.Update(ctx, fleet.Catalogue, func(tx fleet.Tx) error {
		now = tx.Now()
		return nil
	})
	return now, err
}
