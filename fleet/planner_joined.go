package fleet

import (
	"context"
	"slices"
)

// joined lists the sites that have come into the scope of an undecided plan
// since it was drawn, and would be moved by one that is drawn now: whoever
// confirms a platform's plan means all of its sites.
func (pl *Planner) joined(ctx context.Context, p Plan, w present) ([]URI, error) {
	if p.State != PlanProposed || len(p.Scope.Only) > 0 || p.Scope.Platform == "" && !p.Scope.Whole {
		return nil, nil
	}
	v := survey{plats: map[PlatformName]Platform{}, dist: &w.dist, to: w.to}
	ids, err := pl.members(ctx, p.Scope, &v)
	if err != nil {
		return nil, err
	}
	known := make(map[URI]bool, len(p.Sites))
	for _, s := range p.Sites {
		known[s.URI] = true
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return known[URI(id)] })
	rows, err := readRows(ctx, pl.Store, ids, siteRow)
	if err != nil {
		return nil, err
	}
	o := Proposal{Kind: p.Kind, Scope: p.Scope, By: p.Requester}
	var out []URI
	for _, s := range rows {
		if err := pl.platform(ctx, &v, s.Platform); err != nil {
			return nil, err
		}
		if !v.settled(o, s) && v.whyNot(o, s) == nil {
			out = append(out, s.URI)
		}
	}
	return out, nil
}

// members lists the sites of a platform, or of a whole distribution.
func (pl *Planner) members(ctx context.Context, sc Scope, v *survey) ([]string, error) {
	if !sc.Whole {
		return pl.Store.List(ctx, SitesOf(sc.Platform), Page{})
	}
	if sc.Platform != "" {
		if err := pl.platform(ctx, v, sc.Platform); err != nil {
			return nil, err
		}
	}
	d, err := pl.wholeOf(ctx, sc)
	if err != nil {
		return nil, err
	}
	sites, _, err := (&Catalog{Store: pl.Store}).Sites(ctx, SiteQuery{Distribution: d, Limit: 1 << 30})
	out := make([]string, len(sites))
	for i, s := range sites {
		out[i] = string(s.URI)
	}
	return out, err
}
