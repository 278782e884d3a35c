package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// A comparison is what a page of a comparison is drawn from.
type comparison struct {
	plan     *fleet.Plan // nil for two platforms
	from, to fleet.Platform
	site     fleet.URI // chosen; "" for all
	detail   fleet.Detail
	sites    []fleet.SiteDetail
	advised  map[string][]fleet.Advised // by package
	kept     bool                       // the facts are gone: the rows are those that the plan kept
	between  fleet.Between
	read     bool // between is known
}

// sitesShown is how many sites of a plan are compared on one page.
const sitesShown = 200

// compare shows two platforms, or what an upgrade would change for a site.
func (s *Site) compare(w http.ResponseWriter, r *http.Request, v visit) {
	c := comparison{site: fleet.URI(r.FormValue("site"))}
	err := s.readPair(r.Context(), &c, fleet.PlatformName(r.PathValue("from")), fleet.PlatformName(r.PathValue("to")))
	if err == nil {
		err = s.readAround(r, &c)
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	s.showComparison(w, r, v, c)
}

// readPair compares two platforms, for the chosen site if there is one.
func (s *Site) readPair(ctx context.Context, c *comparison, from, to fleet.PlatformName, sites ...fleet.SiteFacts) error {
	var a, b fleet.PlatformFacts
	var err error
	if c.from, a, err = s.Planner.Facts(ctx, from); err != nil {
		return err
	}
	if c.to, b, err = s.Planner.Facts(ctx, to); err != nil {
		return err
	}
	if c.site != "" {
		known, err := s.Planner.SiteFacts(ctx, c.site)
		if err != nil {
			return err
		}
		if _, err := s.Catalog.Site(ctx, c.site); err != nil {
			return err
		}
		sites = nil
		if f, read := known[c.site]; read {
			sites = append(sites, f)
		}
	}
	c.detail = fleet.CompareInDetail(a, b, sites...)
	advisories := fleet.Advisories{Store: s.Planner.Store}
	c.detail.Advice, err = advisories.Weigh(ctx, a, b)
	c.advised = map[string][]fleet.Advised{}
	for _, x := range c.detail.Advice.All {
		c.advised[x.Package] = append(c.advised[x.Package], x)
	}
	return err
}

// readAround adds what lies around the packages: commits and files.
func (s *Site) readAround(r *http.Request, c *comparison) error {
	if s.Differences == nil {
		c.read = true
		return nil
	}
	var err error
	c.between, c.read, err = s.Differences.Of(r.Context(), c.from, c.to)
	if code := fleet.CodeOf(err); code == fleet.NotFound || code == fleet.Later {
		return nil // the packages can be shown without
	}
	return err
}

// plan shows the comparison of a plan, for all of its sites or one.
func (s *Site) plan(w http.ResponseWriter, r *http.Request, v visit) {
	c, err := s.readPlan(r)
	if err == nil {
		err = s.readAround(r, &c)
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	s.showComparison(w, r, v, c)
}

func (s *Site) readPlan(r *http.Request) (comparison, error) {
	ctx, p := r.Context(), fleet.Plan{ID: fleet.PlanID(strings.ToLower(r.PathValue("id")))}
	c := comparison{plan: &p}
	if err := fleet.One(ctx, s.Planner.Store, &p, "plan like that"); err != nil {
		return c, err
	}
	if p.State == fleet.PlanReading {
		return c, fleet.Errorf(fleet.Later, "The facts of the sites are still being read.").WithHint("Load the page again in a moment.")
	}
	shown := p
	shown.Sites = p.Sites[:min(len(p.Sites), sitesShown)]
	uris := make([]fleet.URI, len(shown.Sites))
	for i, x := range shown.Sites {
		uris[i] = x.URI
	}
	facts, err := s.Planner.SiteFacts(ctx, uris...)
	if err != nil {
		return c, err
	}
	from, err := s.choose(r, &c, p)
	if err != nil {
		return c, err
	}
	var ofFrom []fleet.SiteFacts
	for _, x := range shown.Sites {
		if f, read := facts[x.URI]; read && x.From == from {
			ofFrom = append(ofFrom, f)
		}
	}
	err = s.readPair(ctx, &c, from, p.To, ofFrom...)
	switch code := fleet.CodeOf(err); {
	case code == fleet.Refused || code == fleet.NotFound: // the facts of a platform are gone with it
		c.keep(p)
	case err != nil:
		return c, err
	case c.site == "" && from == p.From:
		c.detail.Findings = p.Notes
		c.detail.Pending = 0
	}
	platforms, err := s.platformsOf(ctx, shown)
	c.sites = fleet.SitesInDetail(shown, platforms, facts)
	return c, err
}

// choose reads which part of a plan is asked for: a site, or the sites that come
// from one platform.
func (s *Site) choose(r *http.Request, c *comparison, p fleet.Plan) (fleet.PlatformName, error) {
	site, from := fleet.URI(r.FormValue("site")), fleet.PlatformName(r.FormValue("from"))
	for _, x := range p.Sites {
		if site != "" && x.URI == site {
			c.site = site
			return x.From, nil
		}
		if site == "" && from != "" && x.From == from {
			return from, nil
		}
	}
	if site != "" || from != "" && from != p.From {
		return "", fleet.Errorf(fleet.NotFound, "This plan has no such site or platform.")
	}
	return p.From, nil
}

// keep takes what the plan kept of the comparison.
func (c *comparison) keep(p fleet.Plan) {
	c.kept, c.from.Name, c.to.Name = true, p.From, p.To
	c.detail = fleet.Detail{Comparison: fleet.Comparison{From: p.From, To: p.To, Rows: p.Rows, Findings: p.Notes}}
	for _, row := range p.Rows {
		c.detail.Packages = append(c.detail.Packages, fleet.DetailRow{Row: row, Group: fleet.GroupOf(row.Type)})
	}
	groups := fleet.PackageGroups()
	slices.SortStableFunc(c.detail.Packages, func(a, b fleet.DetailRow) int {
		return slices.Index(groups, a.Group) - slices.Index(groups, b.Group)
	})
}

// platformsOf reads the facts of all platforms of a plan; those that are gone are
// left out.
func (s *Site) platformsOf(ctx context.Context, p fleet.Plan) (map[fleet.PlatformName]fleet.PlatformFacts, error) {
	out := map[fleet.PlatformName]fleet.PlatformFacts{}
	names := []fleet.PlatformName{p.To}
	for _, x := range p.Sites {
		if !slices.Contains(names, x.From) {
			names = append(names, x.From)
		}
	}
	for _, name := range names {
		_, f, err := s.Planner.Facts(ctx, name)
		if code := fleet.CodeOf(err); err != nil && code != fleet.Refused && code != fleet.NotFound {
			return nil, err
		} else if err == nil {
			out[name] = f
		}
	}
	return out, nil
}

// confirm takes a press of Confirm, in the way of the press in Slack.
func (s *Site) confirm(w http.ResponseWriter, r *http.Request, v visit) {
	rev, err := strconv.Atoi(r.PostFormValue("revision"))
	if err != nil {
		s.refuse(w, r, fleet.Errorf(fleet.Invalid, "This form does not say which plan it was shown."))
		return
	}
	id := fleet.PlanID(r.PathValue("id"))
	text, counted, err := s.Desk.ConfirmOnPage(r.Context(), fleet.PageVote{Plan: id, Revision: rev, Who: v.session.Who, Reason: fleet.Clean(r.PostFormValue("reason"), 1000),
		Request: fmt.Sprintf("page.%s.%s.%d.%s", v.session.ID, id, rev, fleet.Clean(r.PostFormValue("press"), 40))})
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	f := v.frame("Not confirmed", "voted", voted{Text: text, Back: fleet.PagePath + "plan/" + url.PathEscape(string(id))})
	status := http.StatusConflict
	if counted {
		f.Title, status = "Confirmed", http.StatusOK
	}
	s.show(w, r, status, f)
}

// voted is what became of a press.
type voted struct{ Text, Back string }
