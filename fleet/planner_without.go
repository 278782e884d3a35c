package fleet

import (
	"context"
	"fmt"
	"slices"
)

// MaxWithout is how many sites can be left out of a plan by name.
const MaxWithout = 1000

// A LeaveOut asks for a plan again without some of its sites.
type LeaveOut struct {
	Plan     PlanID
	Revision int   // that was shown; 0 takes the present one
	Without  []URI // all that shall be left out; those that were and are not named come back
	By       Actor
}

// LeaveOut puts a fresh plan in the place of an undecided one, without the named
// sites: what is confirmed then has a fingerprint of its own. The requester stays
// who asked for the upgrade. Refused when the plan is decided, was drawn again
// since it was shown, is about one site, or would be the same.
func (pl *Planner) LeaveOut(ctx context.Context, o LeaveOut) (Plan, error) {
	p := Plan{ID: o.Plan}
	if err := One(ctx, pl.Store, &p, "plan "+clip(string(o.Plan), 40)); err != nil {
		return p, err
	}
	if err := o.refused(p); err != nil {
		return p, err
	}
	slices.Sort(o.Without)
	next := Proposal{Kind: p.Kind, Scope: p.Scope, By: p.Requester, Channel: p.Channel, Replaces: p.ID, Because: o.because(p)}
	next.Scope.Without = slices.Compact(o.Without)
	if p.Kind == Migrate {
		next.To = p.To
	}
	fresh, err := pl.Propose(ctx, next)
	if err != nil {
		return fresh, err
	}
	return fresh, pl.Store.Update(ctx, PlanFamily(fresh.ID), func(tx Tx) error {
		tx.Emit(audited(tx, o.By, "plan.narrowed", string(fresh.ID), "instead of", string(p.ID), "without", tellList(next.Scope.Without, 20)))
		return nil
	})
}

// refused says why a plan cannot be asked for again without some sites.
func (o LeaveOut) refused(p Plan) error {
	switch {
	case p.State == PlanReading:
		return Errorf(Refused, "The facts are still being read; press again when the comparison is shown.")
	case p.State != PlanProposed:
		return Errorf(Refused, "%s", DecidedText(p))
	case o.Revision != 0 && o.Revision != p.Revision:
		return Errorf(Refused, "What you pressed is out of date; look at the plan as it is now.")
	case len(p.Sites) < 2:
		return Errorf(Refused, "This plan is about one site; cancel it instead.")
	case len(o.Without) > MaxWithout:
		return Errorf(Invalid, "At most %d sites can be left out by name.", MaxWithout)
	}
	for _, u := range o.Without {
		if !slices.ContainsFunc(p.Sites, func(s PlanSite) bool { return s.URI == u }) {
			return Errorf(NotFound, "Site %s is not in this plan.", clip(string(u), 200))
		}
	}
	if slices.Equal(slices.Sorted(slices.Values(o.Without)), slices.Sorted(slices.Values(p.Scope.Without))) {
		return Errorf(Refused, "Nothing changes: these sites are left out already.")
	}
	return nil
}

// because says who left out what.
func (o LeaveOut) because(p Plan) string {
	var out, back []URI
	for _, u := range o.Without {
		if !slices.Contains(p.Scope.Without, u) {
			out = append(out, u)
		}
	}
	for _, u := range p.Scope.Without {
		if !slices.Contains(o.Without, u) {
			back = append(back, u)
		}
	}
	who := o.By.display()
	switch {
	case len(back) == 0:
		return fmt.Sprintf("%s left out %s.", who, tellList(out, 5))
	case len(out) == 0:
		return fmt.Sprintf("%s took %s in again.", who, tellList(back, 5))
	}
	return fmt.Sprintf("%s left out %s, and took %s in again.", who, tellList(out, 5), tellList(back, 5))
}

// byRequest is the note of a site that people left out.
const byRequest = "Left out by request."
