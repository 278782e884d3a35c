package fleet

import "context"

// Resume lets a paused plan go on (Continue), or ends one that has not ended
// (Stop): what is under way ends, nothing else begins. Whoever continues agrees
// to the target, the rules and the failures as they are now. Refused when the
// plan has another revision or nothing to continue, its platform is gone, or a
// platform holds other code than was confirmed.
func (c *Conductor) Resume(ctx context.Context, id PlanID, rev int, on bool, who Actor) (Plan, error) {
	p := Plan{ID: id}
	if err := One(ctx, c.Store, &p, "plan "+clip(string(id), 40)); err != nil {
		return p, err
	}
	w, err := c.Planner.present(ctx, p, p.in(SiteWaiting))
	if err != nil {
		return p, err
	}
	return c.decide(ctx, id, who, func(tx Tx, p Plan) (Plan, string, string, error) {
		next, err := ResumePlan(p, Resumption{rev, on, who, w.dist, w.to, w.rule, w.recoded(p), w.said()})
		if on {
			return next, "plan.continued", "Continued by ", err
		}
		return next, "plan.stopped", "Stopped by ", err
	})
}

// Pause holds back what of a plan has not begun, at any time: sites that are
// under way end, no further ones begin. Refused when nothing is left to hold
// back, or the plan is paused already by a person.
func (c *Conductor) Pause(ctx context.Context, id PlanID, who Actor) (Plan, error) {
	return c.decide(ctx, id, who, func(tx Tx, p Plan) (Plan, string, string, error) {
		next, err := PauseByPerson(p, who)
		return next, "plan.held", "Paused by ", err
	})
}

// Abort ends a plan at any time, as Stop does, whatever was shown.
func (c *Conductor) Abort(ctx context.Context, id PlanID, who Actor) (Plan, error) {
	return c.decide(ctx, id, who, func(tx Tx, p Plan) (Plan, string, string, error) {
		next, err := StopPlan(p, who)
		return next, "plan.stopped", "Stopped by ", err
	})
}

// decide commits what a person decided about a plan under way. rule gives the
// next plan, the name of the deed and how its line in the thread begins.
func (c *Conductor) decide(ctx context.Context, id PlanID, who Actor, rule func(Tx, Plan) (next Plan, what, line string, err error)) (Plan, error) {
	var out Plan
	err := c.Store.Update(ctx, PlanFamily(id), func(tx Tx) error {
		p := Plan{ID: id}
		if err := must(tx, &p, "plan "+clip(string(id), 40)); err != nil {
			return err
		}
		next, what, line, err := rule(tx, p)
		if err != nil {
			return err
		}
		if p.State == PlanPaused && !next.Stopped && next.State == PlanRunning {
			Last(tx, Lasting{Authorises: true})
		}
		tell(tx, &next, line+who.display()+".", Neutral)
		tx.Put(&next)
		tx.Emit(edited(SubjectOf(AboutPlan, string(id))), audited(tx, who, what, string(id)), Effect{Advance: id})
		if next.State == PlanPaused || next.Stopped {
			tx.Emit(withdrawals(next)...)
		}
		out = next
		return nil
	})
	return out, err
}

// A Resumption is what a person pressed on a plan, and the world they pressed it
// in.
type Resumption struct {
	Revision int
	On       bool
	Who      Actor
	Dist     Distribution
	To       Platform
	Rule     ConfirmRule // what it takes to confirm, by the policy as it is now
	Recoded  string      // which platform holds other code than was confirmed; "" for none
	Said     map[string]string
}

// ResumePlan is the rule of Continue and Stop.
func ResumePlan(p Plan, r Resumption) (Plan, error) {
	if r.On && p.State != PlanPaused {
		return p, Errorf(Refused, "This plan is not paused: it is %s.", p.State)
	}
	if p.Revision != r.Revision && !p.State.Final() {
		return p, Errorf(Refused, "What you pressed is out of date; look at the plan as it is now.")
	}
	if !r.On {
		return StopPlan(p, r.Who)
	}
	if r.To.State != PlatformReady {
		return p, Errorf(Refused, "Platform %s is %s.", p.To, orGone(string(r.To.State))).WithHint("Stop this plan.")
	}
	if r.Recoded != "" { // what nobody confirmed is never run, whoever continues
		return p, Errorf(Refused, "%s That is not what was confirmed.", r.Recoded).WithHint("Stop this plan and ask for a fresh one.")
	}
	if !p.stillApproved(r.Rule) {
		return p, Errorf(Refused, "The policy has changed since this was confirmed: it takes %s now.", r.Rule.Terms().Tell()).
			WithHint("Stop this plan and ask for a fresh one.")
	}
	p.Rule = r.Rule
	p.Sites = unheld(p.Sites)
	for i, s := range p.Sites {
		p.Sites[i].Known = s.Known || s.Progress == SiteBroken || p.Asked && s.underWay()
	}
	p.State, p.By, p.Reason, p.Asked, p.Told = PlanRunning, r.Who, "", false, ""
	p.Revision++
	p.Aim, p.Rules = r.Dist.Target, r.Dist.Rules
	if p.Basis != nil {
		p.Basis = &Basis{Code: p.Basis.Code, Said: r.Said}
	}
	p.limit(r.Dist.Policy)
	p.Forgiven = len(p.in(SiteBack, SiteBroken))
	return p, nil
}

// StopPlan is the rule of Stop: what is under way ends, nothing else begins.
func StopPlan(p Plan, who Actor) (Plan, error) {
	if p.State.Undecided() {
		return p, Errorf(Refused, "This plan is not confirmed: it is %s.", p.State).WithHint("Cancel it: %s cancel %s", Slash, p.ID)
	}
	if p.State.Final() || p.Stopped {
		return p, Errorf(Refused, "This plan has ended: it is %s.", p.State)
	}
	if len(p.in(SiteWaiting)) == 0 {
		return p, Errorf(Refused, "Every site of this plan is under way or finished; there is nothing left to stop.")
	}
	p.State, p.By, p.Reason, p.Stopped, p.Asked = PlanRunning, who, "Stopped by "+who.display()+".", true, false
	p.Revision++
	p.Sites = append([]PlanSite(nil), p.Sites...)
	for i, s := range p.Sites {
		if s.unstarted() {
			p.Sites[i].Progress = SiteUntested
		}
	}
	return p, nil
}

// PauseByPerson is the rule of Pause. A plan that had paused by itself to ask
// something does not go on by itself any more.
func PauseByPerson(p Plan, who Actor) (Plan, error) {
	why := "Paused by " + who.display() + "."
	if p.State == PlanPaused && p.Asked {
		p.Asked, p.By, p.Reason = false, who, Clean(why+" "+p.Reason, 300)
		p.Revision++
		return p, nil
	}
	if p.State.Undecided() {
		return p, Errorf(Refused, "This plan is not confirmed: it is %s.", p.State)
	}
	if p.State != PlanApproved && p.State != PlanRunning || p.Stopped {
		return p, Errorf(Refused, "This plan cannot be paused: it is %s.", p.State)
	}
	next, changed := pausePlan(p, why)
	if !changed {
		return p, Errorf(Refused, "Every site of this plan is under way or finished; there is nothing left to hold back.")
	}
	next.By = who
	return next, nil
}
