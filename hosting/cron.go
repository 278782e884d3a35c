package hosting

import (
	"context"
	"hash/fnv"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/distrobot/distrobot/fleet"
)

// A Cron runs the regular work of a host's sites: what a line in a crontab would
// do, but never on a site that is being moved. Make one with its fields.
type Cron struct {
	Worker *Worker
	Every  time.Duration // between two runs of one site; 0: never
	Limit  time.Duration // of one run; 0: 10 minutes
	Log    *slog.Logger

	last map[fleet.URI]time.Time
}

// cronAtOnce is how many sites work at a time: the machine is there for visitors.
const cronAtOnce = 2

// Due runs the sites whose time has come. Each has a phase of its own, so that
// they do not all begin at once. What fails is logged, and tried the next time.
// It must not be called twice at once.
func (c *Cron) Due(ctx context.Context, now time.Time) error {
	if c.Every <= 0 {
		return nil
	}
	all, err := c.Worker.Backend.All(ctx)
	if err != nil {
		c.Log.Warn("some sites cannot be read; their cron does not run", "err", err)
	}
	if c.last == nil {
		c.last = map[fleet.URI]time.Time{}
	}
	var g errgroup.Group
	g.SetLimit(cronAtOnce)
	for _, r := range all {
		slot := now.Add(-phase(r.URI, c.Every)).Truncate(c.Every)
		if before, ran := c.last[r.URI]; !ran || !slot.After(before) {
			if !ran {
				c.last[r.URI] = slot
			}
			continue
		}
		c.last[r.URI] = slot
		g.Go(func() error {
			c.run(ctx, r)
			return nil
		})
	}
	return g.Wait()
}

func (c *Cron) run(ctx context.Context, r Record) {
	ctx, cancel := context.WithTimeout(ctx, orDefault(c.Limit, 10*time.Minute))
	defer cancel()
	copied, err := c.Worker.liveCopy(ctx, r)
	if err == nil {
		err = c.Worker.Backend.Cron(ctx, copied)
	}
	if err != nil && ctx.Err() == nil {
		c.Log.Warn("the cron of a site failed", "site", r.URI, "err", err)
	}
}

// phase spreads the sites over the interval, each always at the same place.
func phase(uri fleet.URI, every time.Duration) time.Duration {
	h := fnv.New64a()
	_, _ = h.Write([]byte(uri))
	return time.Duration(h.Sum64() % uint64(every))
}
