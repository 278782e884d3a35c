package web

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"github.com/distrobot/distrobot/fleet"
)

func (s *Site) distributions(ctx context.Context, _ url.Values) (table, error) {
	t := table{Header: []string{"Distribution", "Kind", "Follows", "Target", "Up to date", "Out of date"}, Command: fleet.Slash + " list"}
	dists, bad, err := s.Catalog.Look(ctx)
	if err != nil {
		return t, err
	}
	t.Bad = bad
	standing, err := s.Catalog.Standing(ctx)
	for _, d := range dists {
		on, off := cell{Right: true}, cell{Right: true}
		for _, x := range standing {
			if x.Distribution.Name == d.Name {
				on, off = count(x.OnTarget), count(x.OutOfDate)
				if x.OutOfDate > 0 {
					off.Tone, off.Link = fleet.Warn, fleet.PagePath+"fleet/sites?"+url.Values{"dist": {string(d.Name)}, "out-of-date": {"yes"}}.Encode()
				}
			}
		}
		t.Rows = append(t.Rows, row{Cells: []cell{{Text: string(d.Name), Link: to("platforms", "dist", string(d.Name))}, text(string(d.Kind)), text(follows(d.Track)), text(string(d.Target)), on, off}})
	}
	t.Sum = fleet.Plural(len(dists), "distribution", "distributions") + "."
	return t, err
}

func follows(t fleet.Track) string {
	switch {
	case t.Branch != "":
		return "branch " + fleet.Clean(t.Branch, 60)
	case t.Tags != "":
		return "tags " + fleet.Clean(t.Tags, 60)
	case t.Versions != "":
		return "versions " + fleet.Clean(t.Versions, 60)
	}
	return "nothing"
}

// names are the distributions, for a select.
func (s *Site) names(ctx context.Context) ([]string, error) {
	dists, _, err := s.Catalog.Look(ctx)
	out := []string{""}
	for _, d := range dists {
		out = append(out, string(d.Name))
	}
	return out, err
}

func (s *Site) platforms(ctx context.Context, q url.Values) (table, error) {
	dist := q.Get("dist")
	t := table{Header: []string{"Platform", "State", "Sites", "Commit", "Hosts", "Built", ""}, Command: command2("platforms", dist)}
	names, err := s.names(ctx)
	if err != nil {
		return t, err
	}
	t.Fields = []field{{Name: "dist", Label: "Distribution", Value: dist, Choices: names}}
	all, err := s.Catalog.Platforms(ctx, fleet.DistName(dist))
	if err = t.bad(err); err != nil {
		return t, err
	}
	dists, _, err := s.Catalog.Look(ctx)
	if err != nil {
		return t, err
	}
	slices.SortStableFunc(all, func(a, b fleet.Platform) int { return b.Created.Compare(a.Created) })
	page := pageOf(q)
	t.turn(q, page, page*perPage < len(all))
	t.Sum = fleet.Plural(len(all), "platform", "platforms") + "."
	all = all[min((page-1)*perPage, len(all)):min(page*perPage, len(all))]
	ixs := make([]fleet.Index, len(all))
	for i, p := range all {
		ixs[i] = fleet.SitesOf(p.Name)
	}
	counts := []int{}
	if len(ixs) > 0 {
		if counts, err = s.Planner.Store.Count(ctx, ixs...); err != nil {
			return t, err
		}
	}
	for i, p := range all {
		t.Rows = append(t.Rows, s.platformRow(ctx, p, counts[i], dists))
	}
	return t, nil
}

func (s *Site) platformRow(ctx context.Context, p fleet.Platform, sites int, dists []fleet.Distribution) row {
	is, link := state(string(p.State)), ""
	for _, d := range dists {
		switch {
		case d.Name != p.Distribution:
		case p.UpgradeTarget(d):
			is.Text += ", target"
		case fleet.OutOfDate(p, d) && p.State == fleet.PlatformReady:
			link = fleet.PagePath + "compare/" + url.PathEscape(string(p.Name)) + "/" + url.PathEscape(string(d.Target))
		}
	}
	if p.Locked {
		is.Text += ", locked"
	}
	n := count(sites)
	if sites > 0 {
		n.Link = to("sites", "platform", string(p.Name))
	}
	compare := cell{}
	if link != "" {
		compare = cell{Text: "Compare with the target", Link: link}
	}
	var hosts []string
	for h := range p.Paths {
		hosts = append(hosts, string(h))
	}
	slices.Sort(hosts)
	name := cell{Text: string(p.Name), Slack: s.message(ctx, fleet.SubjectOf(fleet.AboutPlatform, string(p.Name)))}
	return row{Cells: []cell{name, is, n, text(fleet.ShortCommit(p.Ref.Commit)), text(listed(hosts)), moment(p.Ready), compare}}
}

func listed(names []string) string {
	if len(names) > 3 {
		return fmt.Sprintf("%s, %s and %d more", names[0], names[1], len(names)-2)
	}
	out := ""
	for i, n := range names {
		if i > 0 {
			out += ", "
		}
		out += n
	}
	return out
}

func (s *Site) listSites(ctx context.Context, q url.Values) (table, error) {
	t := table{Header: []string{"Site", "Platform", "Host", "State", "Tags", "Generation", ""}}
	query := fleet.SiteQuery{Distribution: fleet.DistName(q.Get("dist")), Platform: fleet.PlatformName(q.Get("platform")), Host: fleet.HostName(q.Get("host")),
		Tag: q.Get("tag"), OutOfDate: q.Get("out-of-date") != "", Limit: perPage}
	names, err := s.names(ctx)
	if err != nil {
		return t, err
	}
	t.Fields = []field{{Name: "dist", Label: "Distribution", Value: q.Get("dist"), Choices: names}, {Name: "platform", Label: "Platform", Value: q.Get("platform")},
		{Name: "host", Label: "Host", Value: q.Get("host")}, {Name: "tag", Label: "Tag", Value: q.Get("tag")},
		{Name: "out-of-date", Label: "Out of date", Value: q.Get("out-of-date"), Switch: true}}
	t.Command = optionCommand("sites", t.Fields)
	page := pageOf(q)
	query.Offset = (page - 1) * perPage
	sites, total, err := s.Catalog.Sites(ctx, query)
	if err = t.bad(err); err != nil {
		return t, err
	}
	t.Sum = fleet.Plural(total, "site", "sites") + "."
	t.turn(q, page, query.Offset+len(sites) < total)
	targets := map[fleet.PlatformName]fleet.PlatformName{}
	standing, err := s.Catalog.Standing(ctx)
	for _, x := range standing {
		for _, b := range x.Behind {
			targets[b.Platform.Name] = x.Distribution.Target
		}
	}
	for _, x := range sites {
		is, more := state(string(x.State)), cell{}
		if x.Pinned != "" {
			is.Text += ", pinned"
		}
		if target := targets[x.Platform]; target != "" {
			more = cell{Text: "Out of date: compare", Tone: fleet.Warn, Link: fleet.PagePath + "compare/" + url.PathEscape(string(x.Platform)) + "/" +
				url.PathEscape(string(target)) + "?" + url.Values{"site": {string(x.URI)}}.Encode()}
		}
		t.Rows = append(t.Rows, row{Cells: []cell{{Text: string(x.URI), Link: to("tasks", "site", string(x.URI))}, {Text: string(x.Platform), Link: to("sites", "platform", string(x.Platform))},
			text(string(x.Host)), is, text(listed(x.Tags)), count(int(x.Generation)), more}})
	}
	return t, err
}

// command2 is a command with one word that may be left out.
func command2(verb, word string) string {
	if word == "" {
		return fleet.Slash + " " + verb
	}
	return fleet.Slash + " " + verb + " " + word
}

// optionCommand is a command whose options are named as the fields are.
func optionCommand(verb string, fields []field) string {
	out := fleet.Slash + " " + verb
	for _, f := range fields {
		switch {
		case f.Value == "":
		case f.Switch:
			out += " --" + f.Name
		default:
			out += " --" + f.Name + " " + fleet.Clean(f.Value, 100)
		}
	}
	return out
}
