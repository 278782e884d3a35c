package commands

import (
	"context"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// newSites lists sites by what they are on and what they are.
func newSites(t *Table) Command {
	return Command{
		Verb: "sites", Args: "[DIST|PLATFORM] [--out-of-date] [--tag TAG] [--host HOST] [--page N]", Max: 1, Group: "Sites",
		Options: []Option{
			{"dist", "DIST", "on platforms of a distribution"}, {"platform", "PLATFORM", "on a platform"}, {"host", "HOST", "on a machine"},
			{"tag", "TAG", "with a tag"}, {"out-of-date", "", "only those whose platform is not the target"}, {"page", "N", "the next page"},
		},
		Summary: "sites, by distribution, platform, host and tag",
		Help:    []string{fleet.Slash + " sites atrium --out-of-date", fleet.Slash + " sites --tag staging"},
		Role:    fleet.Reader, Run: t.sites,
	}
}

func (t *Table) sites(ctx context.Context, r Request) (fleet.Message, error) {
	q, page, err := t.siteQuery(ctx, r)
	if err != nil {
		return fleet.Message{}, err
	}
	sites, total, err := t.Catalog.Sites(ctx, q)
	warn, err := looked(err)
	if err != nil {
		return fleet.Message{}, err
	}
	pages := pagesOf(total)
	what := "site"
	if q.OutOfDate {
		what = "out-of-date site"
	}
	if total == 0 {
		return say("There is no " + what + " like that."), nil
	}
	m := fleet.Message{Title: "Sites", Text: "There " + areMany(total, what, what+"s") + " like that."}
	if page > pages {
		if !r.turned {
			return fleet.Message{}, noPage(pages)
		}
		r.Opts["page"] = count(pages)
		return t.sites(ctx, r)
	}
	m.Table = &fleet.Table{Header: []string{"Site", "Platform", "Host", "State"}}
	for _, s := range sites {
		m.Table.Rows = append(m.Table.Rows, []string{string(s.URI), string(s.Platform), orDash(string(s.Host)), siteState(s)})
	}
	warn(&m)
	m.Footer = pageNote(page, pages)
	t.turns(&m, r, leafOf("sites", page, pages))
	return m, nil
}

func siteState(s fleet.Site) string {
	out := []string{string(s.State)}
	if s.Pinned != "" {
		out = append(out, "pinned")
	}
	return strings.Join(append(out, s.Tags...), ", ")
}

// siteQuery checks the names in a request, so that a typing error is told
// instead of an empty list.
func (t *Table) siteQuery(ctx context.Context, r Request) (fleet.SiteQuery, int, error) {
	q := fleet.SiteQuery{Host: fleet.HostName(r.Opts["host"]), Tag: r.Opts["tag"], OutOfDate: r.Opts["out-of-date"] != "", Limit: pageRows}
	page, err := pageOf(r.Opts["page"])
	if err != nil {
		return q, 0, err
	}
	q.Offset = (page - 1) * pageRows
	if v := r.Opts["dist"]; v != "" {
		d, err := t.dist(ctx, v)
		if err != nil {
			return q, 0, err
		}
		q.Distribution = d.Name
	}
	if v := r.Opts["platform"]; v != "" {
		p, err := t.platform(ctx, v)
		if err != nil {
			return q, 0, err
		}
		q.Platform = p.Name
	}
	if len(r.Args) > 0 {
		x, err := t.thing(ctx, r.Args[0], aDist, aPlatform)
		if err != nil {
			return q, 0, err
		}
		if x.Dist != nil {
			q.Distribution = x.Dist.Name
		} else {
			q.Platform = x.Platform.Name
		}
	}
	return q, page, nil
}
