package fleet

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// DefaultPlatforms is how many of a distribution's newest ready platforms are
// kept although no site is on them; Policy.Platforms says otherwise.
const DefaultPlatforms = 3

// surplus is the rule of what can go: platforms of d without sites, ready or
// failed, older than the newest ready ones that are kept, and not the target.
// plats are those of d with their numbers of sites.
func surplus(d Distribution, plats []PlatformCount) []PlatformName {
	plats = slices.Clone(plats)
	slices.SortStableFunc(plats, func(a, b PlatformCount) int { return a.Platform.Created.Compare(b.Platform.Created) })
	keep := d.Policy.Platforms
	if keep == 0 {
		keep = DefaultPlatforms
	}
	var out []PlatformName
	for _, p := range slices.Backward(plats) {
		if keep > 0 {
			keep -= bit(p.Platform.State == PlatformReady)
			continue
		}
		built := p.Platform.State == PlatformReady || p.Platform.State == PlatformFailed
		if built && p.Sites == 0 && !p.Platform.UpgradeTarget(d) {
			out = append(out, p.Platform.Name)
		}
	}
	slices.Sort(out)
	return out
}

// Surplus lists, by distribution, the platforms that can go. None is among them
// that a site is on or can be rolled back to, that is a target, or that an open
// plan leads to; nor one without a distribution, whose owner nobody knows.
func (c *Catalog) Surplus(ctx context.Context) (map[DistName][]PlatformName, error) {
	dists, err := c.Distributions(ctx)
	if err != nil {
		return nil, err
	}
	all, err := c.Platforms(ctx, "")
	if err != nil || len(all) == 0 {
		return nil, err
	}
	ixs := make([]Index, len(all))
	for i, p := range all {
		ixs[i] = SitesOf(p.Name)
	}
	counts, err := c.Store.Count(ctx, ixs...)
	if err != nil {
		return nil, err
	}
	of := map[DistName][]PlatformCount{}
	for i, p := range all {
		of[p.Distribution] = append(of[p.Distribution], PlatformCount{Platform: p, Sites: counts[i]})
	}
	out := map[DistName][]PlatformName{}
	for _, d := range dists {
		if list := surplus(d, of[d.Name]); len(list) > 0 {
			if list, err = c.unneeded(ctx, d.Name, list); err != nil {
				return nil, err
			}
			if len(list) > 0 {
				out[d.Name] = list
			}
		}
	}
	return out, nil
}

// unneeded leaves out what a site can be rolled back to, and what an open plan
// leads to.
func (c *Catalog) unneeded(ctx context.Context, d DistName, list []PlatformName) ([]PlatformName, error) {
	sites, _, err := c.Sites(ctx, SiteQuery{Distribution: d, Limit: 1 << 30})
	if err != nil {
		return nil, err
	}
	plans, err := openPlans(ctx, c.Store)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, func(p PlatformName) bool {
		return slices.ContainsFunc(sites, func(s Site) bool { return s.Platform == p || s.From == p && s.Previous > 0 }) ||
			slices.ContainsFunc(plans, func(o Plan) bool { return o.To == p })
	}), nil
}

// A Retirer removes what can go where the policy says so.
type Retirer struct {
	Store   Store
	Builder *Builder
	Every   time.Duration // how often it looks; 0 means ten minutes

	mu   sync.Mutex
	last time.Time // when this process looked
}

// Sweep orders the removal of old platforms of distributions with the policy
// `retire: auto`, and returns how many. It may be called often.
func (r *Retirer) Sweep(ctx context.Context) (int, error) {
	r.mu.Lock()
	every := r.Every
	if every == 0 {
		every = 10 * time.Minute
	}
	if !r.last.IsZero() && time.Since(r.last) < every {
		r.mu.Unlock()
		return 0, nil
	}
	r.last = time.Now()
	r.mu.Unlock()
	dists, err := (&Catalog{Store: r.Store}).Distributions(ctx)
	if err != nil {
		return 0, err
	}
	dists = slices.DeleteFunc(dists, func(d Distribution) bool { return d.Policy.Retire != Automatic })
	if len(dists) == 0 {
		return 0, nil
	}
	tasks, err := r.Builder.RetireSurplus(ctx, System("policy"), func(d DistName) bool {
		return slices.ContainsFunc(dists, func(x Distribution) bool { return x.Name == d })
	})
	return len(tasks), err
}

// RetireSurplus orders the removal of everything that can go, of the
// distributions that of admits; what came to be needed meanwhile stays.
func (b *Builder) RetireSurplus(ctx context.Context, who Actor, of func(DistName) bool) ([]PlatformName, error) {
	list, err := (&Catalog{Store: b.Store}).Surplus(ctx)
	if err != nil {
		return nil, err
	}
	var out []PlatformName
	var failures []error
	for d, names := range list {
		if !of(d) {
			continue
		}
		for _, p := range names {
			_, err := b.Retire(ctx, p, who)
			switch {
			case err == nil:
				out = append(out, p)
			case !isAnswer(err) && CodeOf(err) != Conflict:
				failures = append(failures, err)
			}
		}
	}
	slices.Sort(out)
	return out, errors.Join(failures...)
}
