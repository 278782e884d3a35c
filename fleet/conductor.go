package fleet

import (
	"context"
	"errors"
	"time"
)

// Conductor advances approved plans, wave by wave.
//
// Its tasks are named after the plan and the site's place in it, so that
// ordering a wave twice orders it once. A migrate task's Params: ParamPlatform
// (where to), ParamFrom and ParamGeneration (what the site must still be),
// ParamTarget and ParamRules (what its distribution must still say; upgrades
// only), ParamKeep. A rollback task's: ParamPlatform, ParamFrom,
// ParamGeneration, ParamBack.
//
// What it makes of a task's end: done is done; cancelled leaves the site out,
// and so does one that failed before its first step was done because the site
// had drifted; because its distribution had, the site waits for its turn again.
// Any other that failed is rolled back if the site's row says that it is live on
// its old platform, or else broken. A step result "window_ms" is how long the
// site answered 503.
type Conductor struct {
	Store   Store
	Planner *Planner
	ID      func() string // makes ULIDs in lower case
}

// Advance looks at a plan and its tasks and does what is next: draw it, start
// a wave, pause, end. It may be called at any time by anyone; a plan that is
// gone or final is left alone.
func (c *Conductor) Advance(ctx context.Context, id PlanID) error {
	for range 50 {
		p := Plan{ID: id}
		found, err := c.Store.Read(ctx, &p)
		if err != nil || !found[0] {
			return err
		}
		again := false
		switch p.State {
		case PlanReading:
			return c.readings(ctx, p)
		case PlanApproved, PlanRunning, PlanPaused:
			again, err = c.step(ctx, p)
		}
		if err != nil || !again {
			return err
		}
	}
	return nil // the next sweep goes on
}

// readings draws a plan once its inspect tasks have ended.
func (c *Conductor) readings(ctx context.Context, p Plan) error {
	for _, ref := range p.Reads {
		t := Task{ID: ref.ID, Host: ref.Host}
		found, err := c.Store.Read(ctx, &t)
		if err != nil {
			return err
		}
		if !found[0] || !t.State.Final() {
			return c.expire(ctx, p.ID)
		}
	}
	_, err := c.Planner.Draw(ctx, p.ID)
	return err
}

// expire ends an undecided plan whose time is over.
func (c *Conductor) expire(ctx context.Context, id PlanID) error {
	return c.Store.Update(ctx, PlanFamily(id), func(tx Tx) error {
		p := Plan{ID: id}
		found, err := tx.Get(&p)
		if err != nil || !found || !p.State.Undecided() || tx.Now().Before(p.Expires) {
			return err
		}
		if p.State == PlanReading {
			p = endPlan(p, PlanFailed, "The facts of its sites were not read in time.", tx.Now())
		} else {
			p = endPlan(p, PlanExpired, "Nobody decided in time.", tx.Now())
		}
		p.Revision++
		tx.Put(&p)
		tx.Emit(edited(SubjectOf(AboutPlan, string(id))), audited(tx, System("conductor"), "plan."+string(p.State), string(id)))
		return nil
	})
}

// Sweep advances every plan that is moving and expires those whose time is
// over. Returns how many it looked at. One that cannot be advanced holds up no
// other; the errors are joined.
func (c *Conductor) Sweep(ctx context.Context) (int, error) {
	n := 0
	var errs []error
	if err := (&Freezer{Store: c.Store}).Sweep(ctx); err != nil {
		errs = append(errs, err)
	}
	fams, err := c.busy(ctx)
	if err != nil {
		return 0, err
	}
	for _, fam := range fams {
		ids, err := c.Store.List(ctx, PlansMoving(fam), Page{})
		if err != nil {
			return n, err
		}
		for _, id := range ids {
			n++
			errs = append(errs, c.Advance(ctx, PlanID(id)))
		}
		late, err := c.late(ctx, fam)
		if err != nil {
			return n, err
		}
		for _, id := range late {
			n++
			errs = append(errs, c.expire(ctx, PlanID(id)))
		}
	}
	return n, errors.Join(errs...)
}

// busy gives the families that have plans to look at, in one question: mostly
// there is none.
func (c *Conductor) busy(ctx context.Context) ([]Family, error) {
	fams := PlanFamilies()
	var ixs []Index
	for _, fam := range fams {
		ixs = append(ixs, PlansMoving(fam), PlansExpiring(fam))
	}
	counts, err := c.Store.Count(ctx, ixs...)
	if err != nil {
		return nil, err
	}
	var out []Family
	for i, fam := range fams {
		if counts[2*i] > 0 || counts[2*i+1] > 0 {
			out = append(out, fam)
		}
	}
	return out, nil
}

// late lists the plans of a family that have expired by the store's clock.
func (c *Conductor) late(ctx context.Context, fam Family) ([]string, error) {
	some, err := c.Store.Count(ctx, PlansExpiring(fam))
	if err != nil || some[0] == 0 {
		return nil, err
	}
	var now time.Time
	if err := c.Store.Update(ctx, fam, func(tx Tx) error { now = tx.Now(); return nil }); err != nil {
		return nil, err
	}
	return c.Store.List(ctx, PlansExpiring(fam), Page{To: now.UnixMilli()})
}
