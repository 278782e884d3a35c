package main

import (
	"context"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// tendMirrors keeps the mirrors of this data directory small, once a day each.
func (a *app) tendMirrors(ctx context.Context) error {
	return every(ctx, a.log, loop{name: "mirrors' upkeep", interval: time.Hour, run: func(ctx context.Context) error {
		used, err := a.hashesInUse(ctx)
		if err != nil {
			return err
		}
		return a.mirrors.Tend(ctx, used, time.Now())
	}})
}

// hashesInUse are those that platforms were built of and watch cursors stand on:
// comparisons and lists of commits begin there.
func (a *app) hashesInUse(ctx context.Context) ([]string, error) {
	catalog := fleet.Catalog{Store: a.store}
	platforms, err := catalog.Platforms(ctx, "")
	if err != nil {
		return nil, err
	}
	var used []string
	for _, p := range platforms {
		if p.State != fleet.PlatformRetired {
			used = append(used, p.Ref.Hash, p.Ref.Commit)
		}
	}
	distributions, err := catalog.Distributions(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range distributions {
		cursor := fleet.Cursor{Distribution: d.Name}
		if _, err := a.store.Read(ctx, &cursor); err != nil {
			return nil, err
		}
		used = append(used, cursor.Head.Hash, cursor.Head.Commit)
	}
	return used, nil
}
