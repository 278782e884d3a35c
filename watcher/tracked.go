package watcher

import (
	"context"
	"hash/fnv"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// tracked is what all distributions track, as it was read at a time.
type tracked struct {
	byURL map[string][]fleet.DistName
	at    time.Time
}

// refreshEvery bounds how long a new distribution waits to be noticed.
const refreshEvery = 5 * time.Second

// tracked gives what is tracked, read anew every few seconds, and sees to it
// that every URL has its row.
func (p *Poller) tracked(ctx context.Context, fresh bool) (tracked, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !fresh && p.cache.byURL != nil && time.Since(p.cache.at) < min(refreshEvery, p.interval()/4) {
		return p.cache, nil
	}
	dists, err := p.distributions(ctx)
	if err != nil {
		return tracked{}, err
	}
	t := tracked{byURL: map[string][]fleet.DistName{}, at: time.Now()}
	for _, d := range dists {
		if d.URL != "" && !d.Track.None() {
			t.byURL[d.URL] = append(t.byURL[d.URL], d.Name)
		}
	}
	if err := p.schedule(ctx, t.byURL); err != nil {
		return tracked{}, err
	}
	p.cache = t
	return t, nil
}

// distributions reads all of them. One whose row cannot be trusted is left out
// and logged; the others go on.
func (p *Poller) distributions(ctx context.Context) ([]fleet.Distribution, error) {
	names, err := p.Store.List(ctx, fleet.AllDistributions, fleet.Page{})
	if err != nil {
		return nil, err
	}
	list := make([]fleet.DistName, len(names))
	for i, n := range names {
		list[i] = fleet.DistName(n)
	}
	return p.readAll(ctx, list)
}

func (p *Poller) readAll(ctx context.Context, names []fleet.DistName) ([]fleet.Distribution, error) {
	if len(names) == 0 {
		return nil, nil
	}
	rows, recs := make([]fleet.Distribution, len(names)), make([]fleet.Record, len(names))
	for i, n := range names {
		rows[i].Name = n
		recs[i] = &rows[i]
	}
	found, err := p.Store.Read(ctx, recs...)
	if fleet.CodeOf(err) == fleet.Tampered && len(names) > 1 {
		half := len(names) / 2
		a, err := p.readAll(ctx, names[:half])
		if err != nil {
			return nil, err
		}
		b, err := p.readAll(ctx, names[half:])
		return append(a, b...), err
	}
	if fleet.CodeOf(err) == fleet.Tampered {
		p.Log.ErrorContext(ctx, "a distribution is not polled", "dist", names[0], "err", err)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := rows[:0]
	for i := range rows {
		if found[i] {
			out = append(out, rows[i])
		}
	}
	return out, nil
}

// schedule makes the missing rows. Phases are spread by the URL's hash, so that
// repositories that came together are not read together for ever.
func (p *Poller) schedule(ctx context.Context, byURL map[string][]fleet.DistName) error {
	have, err := p.Store.List(ctx, fleet.PollsDue, fleet.Page{})
	if err != nil {
		return err
	}
	known := make(map[string]bool, len(have))
	for _, url := range have {
		known[url] = true
	}
	for url := range byURL {
		if known[url] {
			continue
		}
		err := p.Store.Update(ctx, fleet.Catalogue, func(tx fleet.Tx) error {
			row := fleet.Poll{URL: url}
			if found, err := tx.Get(&row); err != nil || found {
				return err
			}
			row.Next = tx.Now().Add(phase(url, p.interval()))
			tx.Put(&row)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// phase is where in the interval a URL has its place.
func phase(url string, interval time.Duration) time.Duration {
	h := fnv.New64a()
	h.Write([]byte(url))
	return time.Duration(h.Sum64() % uint64(interval))
}
