package fleet

import "context"

// Adopt lets platforms whose names match a pattern join a distribution: those that
// are there now and belong to none, and those that are found in a host's own system
// from now on. It gives the ones that joined. "" ends it; platforms stay.
func (t *Targets) Adopt(ctx context.Context, pattern PlatformPattern, dist DistName, who Actor) ([]Platform, error) {
	if err := CheckPattern(pattern); err != nil {
		return nil, err
	}
	var d Distribution
	err := t.Store.Update(ctx, Catalogue, func(tx Tx) (err error) {
		if d, err = mustDist(tx, dist); err != nil || d.Adopts == pattern {
			return err
		}
		d.Adopts = pattern
		tx.Put(&d)
		tx.Emit(audited(tx, who, "distribution.adopts", string(d.Name), "pattern", string(pattern)))
		return nil
	})
	if err != nil || pattern == "" {
		return nil, err
	}
	all, err := listRows(ctx, t.Store, AllPlatforms, platformRow)
	if err != nil {
		return nil, err
	}
	var out []Platform
	for _, p := range all {
		if !pattern.Names(p.Name) || p.Distribution != "" || p.Kind != d.Kind || p.State == PlatformRetired {
			continue
		}
		joined, err := t.Assign(ctx, p.Name, d.Name, who)
		if err != nil {
			return out, err
		}
		out = append(out, joined)
	}
	return out, nil
}

// Adopter finds the distribution that has a pattern; NotFound if none has.
func (t *Targets) Adopter(ctx context.Context, pattern PlatformPattern) (Distribution, error) {
	all, err := listRows(ctx, t.Store, AllDistributions, distRow)
	if err != nil {
		return Distribution{}, err
	}
	for _, d := range all {
		if d.Adopts == pattern && pattern != "" {
			return d, nil
		}
	}
	return Distribution{}, Errorf(NotFound, "No distribution has the pattern %q.", Clean(string(pattern), 60))
}
