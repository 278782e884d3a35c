package fleet

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"
)

// Review voids undecided plans of a distribution that are no longer true and
// proposes fresh ones that say what changed; pauses running ones whose target
// or rules moved.
func (pl *Planner) Review(ctx context.Context, d DistName) error {
	plans, err := openPlans(ctx, pl.Store)
	if err != nil {
		return err
	}
	for _, p := range plans {
		if fold(string(p.Distribution)) != fold(string(d)) {
			continue
		}
		w, err := pl.present(ctx, p, p.in(SiteWaiting))
		if err != nil {
			return err
		}
		if p.State.Undecided() {
			if why := cmp.Or(w.untrue(p), w.arrived(p)); why != "" {
				if err := pl.replace(ctx, p, why); err != nil {
					return err
				}
			} else if err := pl.look(ctx, p, w); err != nil {
				return err
			}
			continue
		}
		why := w.moved(p)
		if why != "" {
			err = pl.pause(ctx, p.ID, why)
		} else {
			err = pl.look(ctx, p, w)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// arrived says that the platform has come to the host of a site that was left out
// for want of it; "" if it has not. A press on such a plan stays good: it moves
// what it shows.
func (w present) arrived(p Plan) string {
	for _, s := range p.in(SiteLeftOut) {
		if s.Absent && w.to.Paths[s.Host] != "" {
			return "Platform " + string(p.To) + " is on host " + string(s.Host) + " now, too."
		}
	}
	return ""
}

// replace proposes a fresh plan in the place of one that is not true any more;
// when nothing is left to propose, the old one ends with the reason alone.
func (pl *Planner) replace(ctx context.Context, p Plan, why string) error {
	o := Proposal{Kind: p.Kind, Scope: p.Scope, By: p.Requester, Channel: p.Channel, Replaces: p.ID, Because: why}
	if p.Kind == Migrate {
		o.To = p.To
	}
	fresh, err := pl.Propose(ctx, o)
	if err != nil && CodeOf(err) != Refused && CodeOf(err) != NotFound {
		return err
	}
	if err != nil {
		why += " " + textOf(err)
	}
	return pl.supersede(ctx, p.ID, fresh.ID, why)
}

// moved says why a plan that was confirmed may not start another wave without
// being asked again; "" if it may.
func (w present) moved(p Plan) string {
	switch {
	case w.to.State != PlatformReady:
		return "Platform " + string(p.To) + " is " + orGone(string(w.to.State)) + " now."
	case w.recoded(p) != "":
		return w.recoded(p)
	case p.Distribution == "" && w.dist.Rules != p.Rules:
		return w.reruled(p)
	case p.Distribution == "":
		return ""
	case w.dist.Rules == 0:
		return string(p.Distribution) + " has been removed."
	case p.Kind == Upgrade && w.dist.Target != p.Aim:
		return "The upgrade target of " + string(p.Distribution) + " is " + orGone(string(w.dist.Target)) + " now, not " + string(p.Aim) + "."
	case w.dist.Rules != p.Rules:
		return w.reruled(p)
	}
	return ""
}

func orGone(s string) string {
	if s == "" {
		return "gone"
	}
	return s
}

// pausePlan is the rule of a pause: it holds back the waves that have not
// begun, and takes back the tasks that nobody has begun; nothing is left to hold
// back once all sites are under way.
func pausePlan(p Plan, why string) (Plan, bool) {
	if p.State != PlanApproved && p.State != PlanRunning || p.Stopped || len(p.in(SiteWaiting)) == 0 {
		return p, false
	}
	p.State, p.Reason = PlanPaused, Clean(why, 300)
	p.Revision++
	return p, true
}

// hasUnstarted reports whether some site has no task yet.
func (p Plan) hasUnstarted() bool {
	for _, s := range p.Sites {
		if s.Progress == SiteWaiting && s.Task == "" {
			return true
		}
	}
	return false
}

func (pl *Planner) pause(ctx context.Context, id PlanID, why string) error {
	return pl.Store.Update(ctx, PlanFamily(id), func(tx Tx) error {
		p := Plan{ID: id}
		if err := must(tx, &p, "plan "+string(id)); err != nil {
			return err
		}
		next, changed := pausePlan(p, why)
		if !changed {
			return nil
		}
		tell(tx, &next, "Paused: "+next.Reason, Warn)
		tx.Put(&next)
		tx.Emit(edited(SubjectOf(AboutPlan, string(id))), audited(tx, System("planner"), "plan.paused", string(id), "reason", next.Reason))
		tx.Emit(withdrawals(next)...)
		return nil
	})
}

// look lets a plan look at the windows of its sites again: they may be others.
func (pl *Planner) look(ctx context.Context, p Plan, w present) error {
	return pl.Store.Update(ctx, PlanFamily(p.ID), func(tx Tx) error {
		now := Plan{ID: p.ID}
		if err := must(tx, &now, "plan "+string(p.ID)); err != nil {
			return err
		}
		before := now.Sites
		if now.Sites = slices.Clone(before); now.State != PlanReading {
			w.look(&now, tx.Now())
		}
		if slices.Equal(before, now.Sites) {
			return nil
		}
		tx.Put(&now)
		tx.Emit(edited(SubjectOf(AboutPlan, string(p.ID))))
		if !now.State.Undecided() {
			tx.Emit(Effect{Advance: p.ID})
		}
		return nil
	})
}

// look notes when the windows of the sites that have not begun open.
func (w present) look(p *Plan, now time.Time) {
	for i, s := range p.Sites {
		if s.unstarted() && w.known[s.URI] {
			p.Sites[i].Opens = w.opens(*p, s, now)
		}
	}
}

// unheld forgets when windows open.
func unheld(sites []PlanSite) []PlanSite {
	out := slices.Clone(sites)
	for i := range out {
		out[i].Opens = 0
	}
	return out
}

// withdrawals take back the tasks of a plan that nobody may have begun.
func withdrawals(p Plan) []Effect {
	var out []Effect
	for _, s := range p.Sites {
		if s.Progress == SiteWaiting && s.Task != "" {
			out = append(out, Effect{Withdraw: &TaskRef{Host: s.Host, ID: s.Task}})
		}
	}
	return out
}

// textOf is what people may read of an error.
func textOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Text
	}
	return ""
}
