package commands

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/distrobot/distrobot/fleet"
)

// newSiteRestore brings a site's data back from a backup.
func newSiteRestore(t *Table) Command {
	return Command{
		Verb: "site", Sub: "restore", Args: "SITE [BACKUP]", Min: 1, Max: 2, Group: "Sites",
		Options: []Option{{"yes", "", "do it; without, you are told what would happen"}},
		Summary: "bring a site's data back from a backup",
		Help: []string{
			fleet.Slash + " site restore shop.example.org 20261122T114500", "Without a name it is the newest one. The site stays on its platform; the data it has now is kept, and rollback returns to it. Uploads that are missing come back, those that are there stay as they are.",
		},
		Role: fleet.Administrator, Run: t.restore,
	}
}

func (t *Table) restore(ctx context.Context, r Request) (fleet.Message, error) {
	s, err := t.site(ctx, r.Args[0])
	if err != nil {
		return fleet.Message{}, err
	}
	b, err := t.backupOf(ctx, s, r.Args[1:])
	if err != nil {
		return fleet.Message{}, err
	}
	what := fmt.Sprintf("site %s gets the data of its backup %s (%s, of platform %s). What was written since stays in a copy that is kept", s.URI, b.Name, stamp(b.At), b.Platform)
	if r.Opts["yes"] == "" {
		return say(fmt.Sprintf("If you confirm, %s, and visitors wait meanwhile. To do it: %s site restore %s %s --yes", what, fleet.Slash, s.URI, b.Name)), nil
	}
	dist, err := t.distOf(ctx, s)
	if err != nil {
		return fleet.Message{}, err
	}
	task, err := t.Sites.Order(ctx, fleet.SiteOrder{
		URI: s.URI, Kind: fleet.TaskRestore, Channel: t.where(r, dist), Urgent: true,
		Params: map[string]string{fleet.ParamBackup: b.Name, fleet.ParamGeneration: strconv.FormatInt(s.Generation, 10)},
	}, r.Who)
	if err != nil {
		return fleet.Message{}, err
	}
	return say(fmt.Sprintf("Task %s has begun: %s. Progress appears in %s.", task.ID, what, here(r))), nil
}

// backupOf finds a backup by name, or the newest.
func (t *Table) backupOf(ctx context.Context, s fleet.Site, args []string) (fleet.Backup, error) {
	all, err := t.Sites.Backups(ctx, s.URI)
	if err != nil {
		return fleet.Backup{}, err
	}
	if len(all) == 0 {
		return fleet.Backup{}, fleet.Errorf(fleet.NotFound, "Site %s has no backups.", s.URI)
	}
	if len(args) == 0 {
		return all[0], nil
	}
	i := slices.IndexFunc(all, func(b fleet.Backup) bool { return b.Name == args[0] })
	if i < 0 {
		return fleet.Backup{}, fleet.Errorf(fleet.NotFound, "Site %s has no backup %q.", s.URI, fleet.Clean(args[0], 40)).
			WithHint("See those there are: %s site backups %s", fleet.Slash, s.URI)
	}
	return all[i], nil
}
