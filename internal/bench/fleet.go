package bench

import (
	"context"
	"fmt"
	"time"
)

// fleet1000 moves a thousand sites of the sample to a release that breaks some of
// them, as one plan of the whole program: a bot and three workers, each a process
// with a data directory, a mirror and (as root) a Unix user of its own, that have
// nothing in common but Redis. The plan must pause with the harm of its first
// waves, and walk all sites when people tell it to go on. The row is the worst of
// its bounds: CPU of everything but the applications' own programs, for each
// site; the bot's memory; edits of messages. There must be one root message.
func fleet1000() Measurement {
	return Measurement{Names: []string{"fleet-1000"}, Run: func(ctx context.Context, b *B) ([]Row, error) {
		r, err := fleetRun{sites: 1000, every: 34, limit: 40 * time.Minute}.run(ctx, b)
		if err != nil {
			return nil, err
		}
		return []Row{Worst("fleet-1000", r.parts(b)...)}, nil
	}}
}

// Bounds of the row.
const (
	fleetCPU    = 0.2 // seconds a site
	fleetMemory = 200 // MB of the bot
	fleetEdits  = 50  // a minute, over the workspace: what Slack lets a bot do
)

// A fleetRun is one such move.
type fleetRun struct {
	sites int
	every int           // of so many sites, one is broken by the new release
	limit time.Duration // of the whole move
}

// A fleetResult is what a run took.
type fleetResult struct {
	sites   int
	cpu     map[string]time.Duration // by program
	memory  float64                  // MB, of the bot at its greatest
	edits   int
	walking time.Duration // from Confirm to the end, without the pauses
}

func (f fleetRun) run(ctx context.Context, b *B) (r fleetResult, err error) {
	w, err := startFleetWorld(ctx, b.Dir, f)
	if err != nil {
		return r, err
	}
	defer w.end()
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, w.trouble())
		}
	}()
	began := time.Now()
	if err := w.prepare(ctx); err != nil {
		return r, err
	}
	b.Note("fleet-1000 set-up of %d sites on %d hosts took %.1f s; load average %s", f.sites, fleetWorkers, time.Since(began).Seconds(), loadAverage())
	return w.walk(ctx, b)
}

// parts are the bounds of the row, each on a line of its own too.
func (r fleetResult) parts(b *B) []Row {
	var sum time.Duration
	for _, d := range r.cpu {
		sum += d
	}
	parts := []Row{
		{Name: "CPU seconds of the engine a site", Value: sum.Seconds() / float64(r.sites), Bound: fleetCPU},
		{Name: "MB of memory of the bot", Value: r.memory, Bound: fleetMemory},
		{Name: "edits a minute", Value: float64(r.edits) / r.walking.Minutes(), Bound: fleetEdits},
	}
	for _, p := range parts {
		b.Note("fleet-1000 %s: %s of %s", p.Name, number(p.Value), number(p.Bound))
	}
	return parts
}
