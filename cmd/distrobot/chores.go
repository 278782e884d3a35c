package main

import (
	"context"
	"time"
)

// chores are what is done besides watching repositories.
func (a *app) chores() map[string]func(context.Context) (int, error) {
	return map[string]func(context.Context) (int, error){
		"read advisories":    a.reader.Turn,
		"assess platforms":   rarely(a.adviceEvery(), a.advisories.Assess),
		"warn of advisories": rarely(a.adviceEvery(), a.advisories.Warn),
		"follow trends":      rarely(a.trendsEvery(), a.trends.Sample),
	}
}

// adviceEvery is how often it is looked at what advisories mean for the fleet:
// they are read every few hours, and platforms come a few times a day.
func (a *app) adviceEvery() time.Duration {
	return min(time.Minute, a.cfg.AdvisoriesRefresh)
}

// rarely does a chore no more often than every so long; one that failed is done
// again at once.
func rarely(every time.Duration, chore func(context.Context) (int, error)) func(context.Context) (int, error) {
	var last time.Time
	return func(ctx context.Context) (int, error) {
		if !last.IsZero() && time.Since(last) < every {
			return 0, nil
		}
		n, err := chore(ctx)
		if err == nil {
			last = time.Now()
		}
		return n, err
	}
}

// trendsEvery is how often it is looked at how upgrades get on: a version that
// reaches its last site is dated no worse than that.
func (a *app) trendsEvery() time.Duration {
	return min(20*time.Second, a.cfg.AdvisoriesRefresh)
}
