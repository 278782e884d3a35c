package fleet

import (
	"context"
	"slices"
)

// Orders is the rule by which a task asks its plan, before it begins, whether the
// plan still says so: nil if it is not over and names this very task for the
// site. A task that was copied out of Redis while it was queued, and written back
// after its plan had been stopped, is Refused by it.
func (p Plan) Orders(uri URI, task TaskID) error {
	if p.State.Final() {
		return Errorf(Refused, "Plan %s is over (%s); it does not order this any more.", p.ID, p.State)
	}
	if !slices.ContainsFunc(p.Sites, func(s PlanSite) bool { return s.URI == uri && s.Task == task }) {
		return Errorf(Refused, "Plan %s does not order task %s for site %s any more.", p.ID, task, uri)
	}
	return nil
}

// ordered asks the plan of a claim. It is another family's row, so it is asked
// before the commit: a plan that ends meanwhile takes its tasks back by itself.
func (ss *Sites) ordered(ctx context.Context, c SiteClaim) error {
	if c.Plan == "" {
		return nil
	}
	p := Plan{ID: c.Plan}
	found, err := ss.Store.Read(ctx, &p)
	if err != nil {
		return err
	}
	if !found[0] {
		return Errorf(Refused, "Plan %s, which ordered this, is not known any more.", c.Plan)
	}
	return p.Orders(c.URI, c.Task)
}
