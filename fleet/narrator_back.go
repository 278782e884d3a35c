package fleet

import "context"

// returnable finds which of the sites that an ended plan moved can still be rolled
// back, and until when: Roll back is offered no longer than it is possible.
func (n *Narrator) returnable(ctx context.Context, v *PlanView) error {
	p := v.Plan
	if p.State != PlanDone && p.State != PlanFailed || p.Kind == Rollback {
		return nil
	}
	moved := p.in(SiteDone)
	sites, recs := make([]Site, len(moved)), make([]Record, len(moved))
	for i, s := range moved {
		sites[i].URI, recs[i] = s.URI, &sites[i]
	}
	if len(recs) == 0 {
		return nil
	}
	found, err := n.Store.Read(ctx, recs...)
	if err != nil {
		return err
	}
	v.Gone = map[URI]bool{}
	for i, s := range sites {
		over := !s.KeptUntil.IsZero() && v.Now.After(s.KeptUntil)
		switch {
		case !found[i] || s.Platform != p.To || s.Previous == 0 || over:
			v.Gone[moved[i].URI] = true
		case !s.KeptUntil.IsZero() && (v.Kept.IsZero() || s.KeptUntil.Before(v.Kept)):
			v.Kept = s.KeptUntil
		}
	}
	return nil
}
