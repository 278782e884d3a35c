package fleet

import (
	"cmp"
	"context"
	"slices"
)

// A survey is what the rules of a proposal need to know, read once.
type survey struct {
	dist  *Distribution // of the sites; nil when their platform has none
	to    Platform      // where they would go
	plats map[PlatformName]Platform
	sites []Site       // of the scope, by URI
	opens []Plan       // every plan that is not final
	def   AccessPolicy // the default one; only where there is no distribution
}

// survey reads the sites of a scope, their platforms, distribution and target.
func (pl *Planner) survey(ctx context.Context, o Proposal) (*survey, error) {
	v := &survey{plats: map[PlatformName]Platform{}}
	if err := pl.readScope(ctx, v, o); err != nil {
		return nil, err
	}
	slices.SortFunc(v.sites, func(a, b Site) int { return cmp.Compare(a.URI, b.URI) })
	for _, s := range v.sites {
		if err := pl.platform(ctx, v, s.Platform); err != nil {
			return nil, err
		}
	}
	if err := pl.readDist(ctx, v, o); err != nil {
		return nil, err
	}
	to, err := v.destination(o)
	if err != nil {
		return nil, err
	}
	if err := pl.platform(ctx, v, to); err != nil {
		return nil, err
	}
	v.to = v.plats[to]
	v.opens, err = openPlans(ctx, pl.Store)
	return v, err
}

// platform reads a platform once.
func (pl *Planner) platform(ctx context.Context, v *survey, name PlatformName) error {
	if _, known := v.plats[name]; known {
		return nil
	}
	p, err := (&Catalog{Store: pl.Store}).Platform(ctx, name)
	v.plats[name] = p
	return err
}

// readScope reads the sites that were asked for.
func (pl *Planner) readScope(ctx context.Context, v *survey, o Proposal) error {
	c, sc := Catalog{Store: pl.Store}, o.Scope
	var err error
	switch {
	case len(sc.Only) > 0:
		ids := make([]string, len(sc.Only))
		for i, u := range sc.Only {
			ids[i] = string(u)
		}
		slices.Sort(ids)
		v.sites, err = readRows(ctx, pl.Store, slices.Compact(ids), siteRow) // one named twice is moved once
	case sc.Site != "":
		var s Site
		s, err = c.Site(ctx, sc.Site)
		v.sites = []Site{s}
	case sc.Whole:
		d, err := pl.wholeOf(ctx, sc)
		if err != nil {
			return err
		}
		v.sites, _, err = c.Sites(ctx, SiteQuery{Distribution: d, Limit: 1 << 30})
		return err
	case sc.Platform != "":
		if err := pl.platform(ctx, v, sc.Platform); err != nil {
			return err
		}
		v.sites, _, err = c.Sites(ctx, SiteQuery{Platform: sc.Platform, Limit: 1 << 30})
	default:
		return Errorf(Invalid, "A plan needs a site, a platform or a distribution.")
	}
	return err
}

func (pl *Planner) wholeOf(ctx context.Context, sc Scope) (DistName, error) {
	if sc.Distribution != "" {
		return sc.Distribution, nil
	}
	p, err := (&Catalog{Store: pl.Store}).Platform(ctx, sc.Platform)
	if err == nil && p.Distribution == "" {
		return "", Errorf(Refused, "Platform %s belongs to no distribution.", p.Name)
	}
	return p.Distribution, err
}

// readDist reads the distribution that decides: the one named, or that of the
// platform the sites are on.
func (pl *Planner) readDist(ctx context.Context, v *survey, o Proposal) error {
	name := o.Scope.Distribution
	if name == "" && o.Scope.Platform != "" {
		name = v.plats[o.Scope.Platform].Distribution
	}
	if name == "" && len(v.sites) > 0 {
		name = v.plats[v.sites[0].Platform].Distribution
	}
	if name == "" {
		_, err := pl.Store.Read(ctx, &v.def)
		return err
	}
	d, err := (&Catalog{Store: pl.Store}).Distribution(ctx, name)
	v.dist = &d
	return err
}

// destination says where a proposal leads: an upgrade to the target of the
// sites' distribution, a migration where it is told, a rollback to the
// platform that most of the sites come from.
func (v *survey) destination(o Proposal) (PlatformName, error) {
	switch o.Kind {
	case Migrate:
		if o.To == "" {
			return "", Errorf(Invalid, "A migration needs a platform.")
		}
		return o.To, nil
	case Rollback:
		return v.origin(o)
	}
	if v.dist == nil {
		return "", v.noDistribution(o)
	}
	if v.dist.Target == "" {
		return "", Errorf(Refused, "%s has no upgrade target.", v.dist.Name).
			WithHint("Set one: %s target %s PLATFORM", Slash, v.dist.Name)
	}
	return v.dist.Target, nil
}

func (v *survey) noDistribution(o Proposal) error {
	if len(v.sites) == 0 {
		return Errorf(Refused, "Platform %s has no sites.", o.Scope.Platform)
	}
	s := v.sites[0]
	return Errorf(Refused, "Site %s is on platform %s, which belongs to no distribution, so nothing says what is right for it.", s.URI, s.Platform).
		WithHint("Assign the platform to one: %s assign %s DIST", Slash, s.Platform)
}

// origin finds the platform that a rollback returns to.
func (v *survey) origin(o Proposal) (PlatformName, error) {
	count := map[PlatformName]int{}
	best := PlatformName("")
	for _, s := range v.sites {
		if s.Previous == 0 || s.From == "" {
			continue
		}
		if count[s.From]++; best == "" || count[s.From] > count[best] {
			best = s.From
		}
	}
	if best != "" {
		return best, nil
	}
	if o.Scope.Site != "" {
		return "", Errorf(Refused, "Site %s has no earlier copy to return to.", o.Scope.Site)
	}
	return "", Errorf(Refused, "None of the sites has an earlier copy to return to.")
}
