package main

import (
	"context"
	"errors"
	"time"
)

// errOutlived ends a process whose data was replaced under it. Whatever starts
// it again (systemd, a container's restart policy) brings it back on the new data.
var errOutlived = errors.New("the stored state was restored, migrated or emptied while this process ran, so it ends; start it again")

// mindEpoch fails when the data is restored or migrated: what this process
// knows may not be true any more, and the store refuses its commits.
func (a *app) mindEpoch(ctx context.Context) error {
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-a.outlived:
			return errOutlived
		case <-tick.C:
			over, err := a.store.Outlived(ctx)
			a.pulse.beat("epoch")
			if err == nil && over {
				return errOutlived
			}
		}
	}
}
