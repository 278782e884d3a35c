package commands

import (
	"context"
	"fmt"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// voteTime bounds a vote: a storage that hangs is told to whoever waits for it.
const voteTime = 8 * time.Second

// pressVote records Confirm or Cancel. What everybody should see is in the
// message itself; the rest is told to the person alone.
func (t *Table) pressVote(confirm bool) func(context.Context, Press, Request) (Reply, error) {
	return func(ctx context.Context, p Press, r Request) (Reply, error) {
		id, rev, err := divide(p.Value)
		if err != nil {
			return Reply{}, err
		}
		ctx, cancel := context.WithTimeout(ctx, voteTime)
		defer cancel()
		d, err := t.decider().Press(ctx, fleet.Vote{Plan: fleet.PlanID(id), Revision: rev, Confirm: confirm, Who: r.Who, Role: r.Role, Request: p.ID})
		if err != nil {
			return Reply{}, err
		}
		switch d.Outcome {
		case fleet.NotPermitted:
			return Reply{}, t.notPermitted(ctx, d)
		case fleet.NeedsReason:
			form := reasonForm(d.Plan, rev)
			return Reply{Message: fleet.Message{Text: d.Text, Form: &form}}, nil
		case fleet.NeedsSecond:
			m, err := t.Second.invite(d)
			return Reply{Message: m}, err
		}
		if !d.Private {
			return Reply{None: true}, nil
		}
		out := tell(d.Text)
		if d.Outcome != fleet.Approved && d.Outcome != fleet.Counted && d.Outcome != fleet.Cancelled {
			out.Code, out.Recorded = fleet.Refused, d.Recorded()
		}
		return out, nil
	}
}

// pressResume lets a paused plan go on, or ends it.
func (t *Table) pressResume(on bool) func(context.Context, Press, Request) (Reply, error) {
	return func(ctx context.Context, p Press, r Request) (Reply, error) {
		id, rev, err := divide(p.Value)
		if err != nil {
			return Reply{}, err
		}
		if _, err := t.Conductor.Resume(ctx, fleet.PlanID(id), rev, on, r.Who); err != nil {
			return Reply{}, err
		}
		return Reply{None: true}, nil
	}
}

// pressRehearse tries a plan's moves on copies of its sites.
func (t *Table) pressRehearse(ctx context.Context, p Press, r Request) (Reply, error) {
	id, _, err := divide(p.Value)
	if err != nil {
		return Reply{}, err
	}
	tasks, err := t.Planner.Rehearse(ctx, fleet.PlanID(id), r.Who)
	if err != nil {
		return Reply{}, err
	}
	return tell(fmt.Sprintf("%s of this plan are being rehearsed on copies; nobody notices. The message says how it went.", fleet.Plural(len(tasks), "site", "sites"))), nil
}

// pressRetry proposes a fresh plan for the sites that failed.
func (t *Table) pressRetry(ctx context.Context, p Press, r Request) (Reply, error) {
	id, _, err := divide(p.Value)
	if err != nil {
		return Reply{}, err
	}
	plan, err := t.plan(ctx, id)
	if err != nil {
		return Reply{}, err
	}
	m, err := t.again(ctx, r, plan)
	return Reply{Message: m}, err
}

// pressUndo proposes to roll back the sites that a plan moved.
func (t *Table) pressUndo(ctx context.Context, p Press, r Request) (Reply, error) {
	id, _, err := divide(p.Value)
	if err != nil {
		return Reply{}, err
	}
	plan, err := t.plan(ctx, id)
	if err != nil {
		return Reply{}, err
	}
	moved := sitesIn(plan, fleet.SiteDone)
	if len(moved) == 0 {
		return tell("This plan moved no site, so there is nothing to roll back."), nil
	}
	m, err := t.propose(ctx, r, fleet.Proposal{Kind: fleet.Rollback, Scope: fleet.Scope{Distribution: plan.Distribution, Only: moved}})
	return Reply{Message: m}, err
}

// pressUndoFailed proposes to roll back the sites that failed and are on the new
// platform all the same.
func (t *Table) pressUndoFailed(ctx context.Context, p Press, r Request) (Reply, error) {
	id, _, err := divide(p.Value)
	if err != nil {
		return Reply{}, err
	}
	plan, err := t.plan(ctx, id)
	if err != nil {
		return Reply{}, err
	}
	broken := sitesIn(plan, fleet.SiteBroken)
	if len(broken) == 0 {
		return tell("No site of this plan waits for that."), nil
	}
	m, err := t.propose(ctx, r, fleet.Proposal{Kind: fleet.Rollback, Scope: fleet.Scope{Distribution: plan.Distribution, Only: broken}})
	return Reply{Message: m}, err
}

// pressPause holds back what of a plan has not begun.
func (t *Table) pressPause(ctx context.Context, p Press, r Request) (Reply, error) {
	id, _, err := divide(p.Value)
	if err != nil {
		return Reply{}, err
	}
	if _, err := t.Conductor.Pause(ctx, fleet.PlanID(id), r.Who); err != nil {
		return Reply{}, err
	}
	return Reply{None: true}, nil
}

// pressRollback proposes to roll back one site, if it is still where it was
// when the button was drawn.
func (t *Table) pressRollback(ctx context.Context, p Press, r Request) (Reply, error) {
	uri, gen, err := divide(p.Value)
	if err != nil {
		return Reply{}, err
	}
	s, err := t.Catalog.Site(ctx, fleet.URI(uri))
	if err != nil {
		return Reply{}, err
	}
	if s.Generation != int64(gen) {
		return tell(fmt.Sprintf("Site %s has been moved since this message; it is on %s now.", s.URI, s.Platform)), nil
	}
	m, err := t.propose(ctx, r, fleet.Proposal{Kind: fleet.Rollback, Scope: fleet.Scope{Site: s.URI}})
	return Reply{Message: m}, err
}

// pressHeld answers a held task.
func (t *Table) pressHeld(a fleet.AnswerToHeld) func(context.Context, Press, Request) (Reply, error) {
	return func(ctx context.Context, p Press, r Request) (Reply, error) {
		if p.Value == "" {
			return Reply{}, forgotten()
		}
		r.Args = []string{p.Value}
		m, err := t.answer(ctx, r, a)
		return Reply{Message: m}, err
	}
}

// pressUpgrade proposes plans for the out-of-date sites of a distribution.
func (t *Table) pressUpgrade(ctx context.Context, p Press, r Request) (Reply, error) {
	d, err := t.Catalog.Distribution(ctx, fleet.DistName(p.Value))
	if err != nil {
		return Reply{}, err
	}
	m, err := t.upgradeDist(ctx, r, d)
	return Reply{Message: m}, err
}
