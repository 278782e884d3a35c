package fleet

import (
	"cmp"
	"context"
	"slices"
)

// Distribution reads one.
func (c *Catalog) Distribution(ctx context.Context, name DistName) (Distribution, error) {
	d := Distribution{Name: name}
	err := One(ctx, c.Store, &d, "distribution "+clip(string(name), 60))
	return d, err
}

// Distributions lists all, by name.
func (c *Catalog) Distributions(ctx context.Context) ([]Distribution, error) {
	return listRows(ctx, c.Store, AllDistributions, distRow)
}

// Look lists the distributions that can be trusted, by name, and the names of
// those whose records were changed by somebody without the key. It is for people
// who only look; whatever acts reads Distributions, which then refuses.
func (c *Catalog) Look(ctx context.Context) (sound []Distribution, bad []string, err error) {
	names, err := c.Store.List(ctx, AllDistributions, Page{})
	if err != nil {
		return nil, nil, err
	}
	return soundRows(ctx, c.Store, names, distRow)
}

// Platform reads one.
func (c *Catalog) Platform(ctx context.Context, name PlatformName) (Platform, error) {
	p := Platform{Name: name}
	err := One(ctx, c.Store, &p, "platform "+clip(string(name), 120))
	return p, err
}

// Platforms lists those of a distribution, oldest first; all of them by name
// when it is empty. What can be trusted is returned also with an error that names
// the rest (Distrusted).
func (c *Catalog) Platforms(ctx context.Context, of DistName) ([]Platform, error) {
	ix := AllPlatforms
	if of != "" {
		if _, err := c.Distribution(ctx, of); err != nil {
			return nil, err
		}
		ix = PlatformsOf(of)
	}
	names, err := c.Store.List(ctx, ix, Page{})
	if err != nil {
		return nil, err
	}
	return looked(soundRows(ctx, c.Store, names, platformRow))
}

// lookAtPlatforms is Look for platforms.
func (c *Catalog) lookAtPlatforms(ctx context.Context) (sound []Platform, bad []string, err error) {
	names, err := c.Store.List(ctx, AllPlatforms, Page{})
	if err != nil {
		return nil, nil, err
	}
	return soundRows(ctx, c.Store, names, platformRow)
}

// Site reads one.
func (c *Catalog) Site(ctx context.Context, uri URI) (Site, error) {
	s := Site{URI: uri}
	err := One(ctx, c.Store, &s, "site "+clip(string(uri), 200))
	return s, err
}

// A SiteQuery selects sites; empty fields do not select.
type SiteQuery struct {
	Distribution  DistName
	Platform      PlatformName
	Host          HostName
	Tag           string
	OutOfDate     bool
	Offset, Limit int // Limit 0 means 50
}

// Sites lists sites that match, by URI; total counts all that match. Indexes
// answer everything but the host, for which rows are read. What can be trusted is
// returned also with an error that names the rest (Distrusted).
func (c *Catalog) Sites(ctx context.Context, q SiteQuery) (sites []Site, total int, err error) {
	uris, err := c.matching(ctx, q)
	if err != nil {
		return nil, 0, err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = 50
	}
	if q.Host == "" {
		page := uris[min(q.Offset, len(uris)):]
		sites, err = looked(soundRows(ctx, c.Store, page[:min(limit, len(page))], siteRow))
		return sites, len(uris), err
	}
	all, err := looked(soundRows(ctx, c.Store, uris, siteRow))
	if err != nil && Distrusted(err) == nil {
		return nil, 0, err
	}
	all = slices.DeleteFunc(all, func(s Site) bool { return s.Host != q.Host })
	page := all[min(q.Offset, len(all)):]
	return page[:min(limit, len(page))], len(all), err
}

// matching gives the URIs that the indexes select, in order, each once.
func (c *Catalog) matching(ctx context.Context, q SiteQuery) ([]string, error) {
	var tagged []string
	var err error
	if q.Tag != "" {
		if tagged, err = c.Store.List(ctx, SitesTagged(q.Tag), Page{}); err != nil {
			return nil, err
		}
		if q.Platform == "" && q.Distribution == "" && !q.OutOfDate {
			return tagged, nil
		}
	}
	plats, err := c.selected(ctx, q)
	if err != nil {
		return nil, err
	}
	var uris []string
	for _, p := range plats {
		on, err := c.Store.List(ctx, SitesOf(p.Name), Page{})
		if err != nil {
			return nil, err
		}
		uris = append(uris, on...)
	}
	slices.Sort(uris)
	uris = slices.Compact(uris)
	if q.Tag != "" {
		uris = slices.DeleteFunc(uris, func(u string) bool { _, ok := slices.BinarySearch(tagged, u); return !ok })
	}
	return uris, nil
}

// selected lists the platforms whose sites a query asks for.
func (c *Catalog) selected(ctx context.Context, q SiteQuery) ([]Platform, error) {
	var plats []Platform
	var err error
	if q.Platform != "" {
		p, err := c.Platform(ctx, q.Platform)
		if err != nil {
			return nil, err
		}
		plats = []Platform{p}
		if q.Distribution != "" && fold(string(p.Distribution)) != fold(string(q.Distribution)) {
			return nil, nil
		}
	} else if plats, err = c.Platforms(ctx, q.Distribution); err != nil && Distrusted(err) == nil {
		return nil, err // sites of a platform that is not trusted are left out; platforms names it
	}
	if !q.OutOfDate {
		return plats, nil
	}
	dists, err := c.Distributions(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(plats, func(p Platform) bool {
		return !slices.ContainsFunc(dists, func(d Distribution) bool { return OutOfDate(p, d) })
	}), nil
}

// A Standing says how one distribution's sites stand to its target.
type Standing struct {
	Distribution Distribution
	Behind       []PlatformCount // platforms with sites that are not the target, most sites first
	OnTarget     int             // sites on the target
	OutOfDate    int             // sites in Behind
}

// A PlatformCount is a platform with the number of its sites.
type PlatformCount struct {
	Platform Platform
	Sites    int
}

// Standing gives, per distribution with a target, how many sites are where;
// derived from platforms, never by reading sites. It is for people who look, so
// what cannot be trusted is left out.
func (c *Catalog) Standing(ctx context.Context) ([]Standing, error) {
	dists, _, err := c.Look(ctx)
	if err != nil {
		return nil, err
	}
	plats, _, err := c.lookAtPlatforms(ctx)
	if err != nil {
		return nil, err
	}
	ixs := make([]Index, len(plats))
	for i, p := range plats {
		ixs[i] = SitesOf(p.Name)
	}
	counts, err := c.Store.Count(ctx, ixs...)
	if err != nil {
		return nil, err
	}
	var out []Standing
	for _, d := range dists {
		if d.Target != "" {
			out = append(out, standing(d, plats, counts))
		}
	}
	return out, nil
}

// standing counts the sites of one distribution; counts belong to plats.
func standing(d Distribution, plats []Platform, counts []int) Standing {
	out := Standing{Distribution: d}
	for i, p := range plats {
		switch {
		case p.Distribution != d.Name || counts[i] == 0:
		case p.UpgradeTarget(d):
			out.OnTarget = counts[i]
		case OutOfDate(p, d):
			out.Behind = append(out.Behind, PlatformCount{Platform: p, Sites: counts[i]})
			out.OutOfDate += counts[i]
		}
	}
	slices.SortStableFunc(out.Behind, func(a, b PlatformCount) int { return cmp.Compare(b.Sites, a.Sites) })
	return out
}
