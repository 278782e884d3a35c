package commands

import (
	"context"
	"fmt"
	"strconv"

	"github.com/distrobot/distrobot/fleet"
)

// newSiteBackup backs a site up now.
func newSiteBackup(t *Table) Command {
	return Command{
		Verb: "site", Sub: "backup", Args: "SITE", Min: 1, Max: 1, Group: "Sites",
		Summary: "back a site up: database and files, proven by loading them once",
		Help: []string{
			fleet.Slash + " site backup shop.example.org", "Visitors notice nothing. Of each site the newest 7 are kept (" + fleet.Slash + " edit DIST --backups NUMBER).",
			"Regularly by itself: " + fleet.Slash + " edit DIST --backup 24",
		},
		Role: fleet.Maintainer,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			s, err := t.site(ctx, r.Args[0])
			if err != nil {
				return fleet.Message{}, err
			}
			dist, err := t.distOf(ctx, s)
			if err != nil {
				return fleet.Message{}, err
			}
			kept := dist.Policy.Backups
			if kept == 0 {
				kept = fleet.DefaultBackups
			}
			name := fleet.BackupName(t.now())
			task, err := t.Sites.Order(ctx, fleet.SiteOrder{
				URI: s.URI, Kind: fleet.TaskArchive, Channel: t.where(r, dist),
				Params: map[string]string{fleet.ParamBackup: name, fleet.ParamKept: strconv.Itoa(kept)},
			}, r.Who)
			if err != nil {
				return fleet.Message{}, err
			}
			return say(fmt.Sprintf("Site %s is being backed up as %s by task %s; progress appears in %s.", s.URI, name, task.ID, here(r))), nil
		},
	}
}

// distOf gives the distribution of a site's platform; the zero one if it has
// none.
func (t *Table) distOf(ctx context.Context, s fleet.Site) (fleet.Distribution, error) {
	p, err := t.platform(ctx, string(s.Platform))
	if err != nil || p.Distribution == "" {
		return fleet.Distribution{}, err
	}
	return t.dist(ctx, string(p.Distribution))
}
