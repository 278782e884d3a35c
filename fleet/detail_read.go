package fleet

import "context"

// Facts reads what was found in a platform when it was built. Errors: NotFound
// without such a platform, Refused when its packages are not known.
func (pl *Planner) Facts(ctx context.Context, name PlatformName) (Platform, PlatformFacts, error) {
	p, f := Platform{Name: name}, PlatformFacts{Platform: name}
	found, err := pl.Store.Read(ctx, &p, &f)
	switch {
	case err != nil:
		return p, f, err
	case !found[0]:
		return p, f, Errorf(NotFound, "There is no platform %s.", clip(string(name), 120))
	case !found[1]:
		return p, f, Errorf(Refused, "The packages of platform %s are not known.", p.Name).WithHint("They are read when it is built.")
	}
	return p, f, nil
}

// SiteFacts reads what is known of sites as they are now; facts of an older
// generation are left out, as they are not true any more.
func (pl *Planner) SiteFacts(ctx context.Context, uris ...URI) (map[URI]SiteFacts, error) {
	ids := make([]string, len(uris))
	for i, u := range uris {
		ids[i] = string(u)
	}
	facts, err := readRows(ctx, pl.Store, ids, factsRow)
	if err != nil {
		return nil, err
	}
	sites, err := readRows(ctx, pl.Store, ids, siteRow)
	if err != nil {
		return nil, err
	}
	now := make(map[URI]int64, len(sites))
	for _, s := range sites {
		now[s.URI] = s.Generation
	}
	out := make(map[URI]SiteFacts, len(facts))
	for _, f := range facts {
		if gen, exists := now[f.URI]; exists && gen == f.Generation {
			out[f.URI] = f
		}
	}
	return out, nil
}
