package fleet

import (
	"context"
	"slices"
)

// offerer is who asks for the plans that follow from a target.
var offerer = System("policy")

// Offer proposes a plan for each out-of-date platform of a distribution that
// has none open; sites that the policy lets upgrade without a press get a plan
// of their own. A platform whose sites cannot be moved now gets none.
func (pl *Planner) Offer(ctx context.Context, d DistName, channel string) ([]Plan, error) {
	c := Catalog{Store: pl.Store}
	dist, err := c.Distribution(ctx, d)
	if err != nil {
		return nil, err
	}
	plats, err := c.Platforms(ctx, d)
	if err != nil {
		return nil, err
	}
	ixs := make([]Index, len(plats))
	for i, p := range plats {
		ixs[i] = SitesOf(p.Name)
	}
	counts, err := pl.Store.Count(ctx, ixs...)
	if err != nil {
		return nil, err
	}
	opens, err := openPlans(ctx, pl.Store)
	if err != nil {
		return nil, err
	}
	var out []Plan
	for i, p := range plats {
		if counts[i] == 0 || !OutOfDate(p, dist) {
			continue
		}
		if have := slices.IndexFunc(opens, func(x Plan) bool { return x.narrowed(p.Name, dist.Target) }); have >= 0 {
			out = append(out, opens[have])
			continue
		}
		scopes, err := pl.scopes(ctx, p, dist)
		if err != nil {
			return out, err
		}
		for _, sc := range scopes {
			plan, err := pl.Propose(ctx, Proposal{Kind: Upgrade, Scope: sc, By: offerer, Channel: channel})
			if err == nil {
				out = append(out, plan)
			} else if CodeOf(err) != Refused {
				return out, err
			}
		}
	}
	return out, nil
}

// narrowed reports whether a plan is an undecided one that leads a platform's
// sites to a target, and that people have left sites out of: it is not offered
// anew with all of them.
func (p Plan) narrowed(from, target PlatformName) bool {
	return p.State.Undecided() && p.Kind == Upgrade && p.To == target && p.Scope.Platform == from && len(p.Scope.Without) > 0
}

// scopes are the plans that one out-of-date platform gets.
func (pl *Planner) scopes(ctx context.Context, p Platform, d Distribution) ([]Scope, error) {
	rest := Scope{Platform: p.Name}
	if d.Policy.Approval != "none" || d.Policy.Free == "" {
		return []Scope{rest}, nil
	}
	free, _, err := (&Catalog{Store: pl.Store}).Sites(ctx, SiteQuery{Platform: p.Name, Tag: d.Policy.Free, Limit: 1 << 30})
	if err != nil || len(free) == 0 {
		return []Scope{rest}, err
	}
	only := Scope{}
	for _, s := range free {
		only.Only = append(only.Only, s.URI)
	}
	return []Scope{only, rest}, nil
}

// free reports whether the policy lets a site upgrade without a press.
func (d Distribution) free(s Site) bool {
	return d.Policy.Approval == "none" && d.Policy.Free != "" && s.HasTag(d.Policy.Free)
}

// freely reports whether a drawn plan needs no press: the policy offered it,
// and every site that it moves is free now.
func (d drawing) freely(p Plan) bool {
	if p.Kind != Upgrade || p.Requester != offerer || len(p.Scope.Only) == 0 {
		return false
	}
	for _, s := range moving(p) {
		if !d.dist.free(d.sites[s.URI]) {
			return false
		}
	}
	return true
}
