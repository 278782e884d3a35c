package commands

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// newPlatforms lists platforms with the number of their sites.
func newPlatforms(t *Table) Command {
	return Command{
		Verb: "platforms", Args: "[DIST] [--page N]", Max: 1, Options: []Option{{"page", "N", "older ones, page by page"}}, Group: "Platforms",
		Summary: "all platforms, or those of a distribution", Help: []string{fleet.Slash + " platforms atrium"}, Role: fleet.Reader, Run: t.platforms,
	}
}

func (t *Table) platforms(ctx context.Context, r Request) (fleet.Message, error) {
	var d fleet.Distribution
	var err error
	if len(r.Args) > 0 {
		if d, err = t.dist(ctx, r.Args[0]); err != nil {
			return fleet.Message{}, err
		}
	}
	all, err := t.Catalog.Platforms(ctx, d.Name)
	warn, err := looked(err)
	if err != nil {
		return fleet.Message{}, err
	}
	if len(all) == 0 {
		m := say("There is no platform here yet.")
		warn(&m)
		return m, nil
	}
	m := fleet.Message{Title: "Platforms"}
	m.Text = "There " + areMany(len(all), "platform", "platforms") + "."
	if d.Name != "" {
		m.Title += " of " + string(d.Name)
		m.Text = fmt.Sprintf("Distribution %s has %s.", d.Name, fleet.Plural(len(all), "platform", "platforms"))
	}
	warn(&m)
	from, to, at, err := r.page(len(all))
	if err != nil {
		return fleet.Message{}, err
	}
	shown := all[len(all)-to : len(all)-from] // they are listed newest first
	m.Table = platformTable(shown, d)
	t.paged(&m, r, "platforms", at, len(all))
	if err := t.countSites(ctx, shown, m.Table); err != nil {
		return m, err
	}
	return m, t.markSurplus(ctx, shown, &m)
}

// platformTable lists platforms, newest first; d marks the target if it is
// given.
func platformTable(all []fleet.Platform, d fleet.Distribution) *fleet.Table {
	out := &fleet.Table{Header: []string{"Platform", "State", "Sites", "Built"}, Right: []bool{false, false, true}}
	for i := len(all) - 1; i >= 0; i-- {
		p := all[i]
		state := string(p.State)
		switch {
		case p.UpgradeTarget(d):
			state += ", target"
		case p.Locked:
			state += ", locked"
		}
		out.Rows = append(out.Rows, []string{string(p.Name), state, "—", stamp(p.Ready)})
	}
	return out
}

// countSites fills in how many sites each platform of a table has.
func (t *Table) countSites(ctx context.Context, all []fleet.Platform, to *fleet.Table) error {
	if len(all) == 0 {
		return nil
	}
	ixs := make([]fleet.Index, len(all))
	for i, p := range all {
		ixs[i] = fleet.SitesOf(p.Name)
	}
	ns, err := t.Store.Count(ctx, ixs...)
	if err != nil {
		return err
	}
	for i, n := range ns {
		to.Rows[len(all)-1-i][2] = count(n)
	}
	return nil
}
