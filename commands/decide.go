package commands

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// The verbs of this file are for shells and for people who prefer typing. They
// name the plan and the revision that was shown, as a button does.

func newPlan(t *Table) Command {
	return Command{Verb: "plan", Args: "PLAN [--failed] [--page N]", Min: 1, Max: 1, Group: "Upgrades", Summary: "show a plan as it is now, or the sites that failed in it",
		Options: []Option{{"failed", "", "list every site that failed, with the reason"}, {"page", "N", "the next page of them"}}, Help: []string{fleet.Slash + " plan 01jd0000000000000000000009"}, Role: fleet.Reader,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			p, err := t.plan(ctx, r.Args[0])
			if err != nil {
				return fleet.Message{}, err
			}
			if _, failed := r.Opts["failed"]; failed {
				return failures(p, r.Opts["page"])
			}
			m, err := t.Narrator.Message(ctx, fleet.SubjectOf(fleet.AboutPlan, string(p.ID)))
			m.Subject = ""
			if err == nil && r.Shell {
				m = typed(m, p)
			}
			return m, err
		}}
}

func newConfirm(t *Table) Command {
	return Command{Verb: "confirm", Args: "PLAN REVISION [--reason TEXT] [--break-glass]", Min: 1, Max: 2, Group: "Upgrades",
		Summary: "confirm a plan as it was shown", Role: fleet.Reader, // the Decider says who may
		Options: []Option{
			{"reason", "TEXT", "why; everybody reads it, and some policies want it"},
			{"break-glass", "", "confirm alone in an emergency, if the policy lets you; needs --reason, and a channel is told"},
		},
		Help: []string{fleet.Slash + " confirm 01jd0000000000000000000009 2", "The revision is in the plan's small print. It may be left out for a plan that was never drawn again."},
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			if err := t.mayTry(ctx, r); err != nil {
				return fleet.Message{}, err
			}
			p, rev, err := t.shown(ctx, r)
			if err != nil {
				return fleet.Message{}, err
			}
			_, glass := r.Opts["break-glass"]
			return t.vote(ctx, r, fleet.Vote{Plan: p.ID, Revision: rev, Confirm: true, Reason: r.Opts["reason"], Glass: glass})
		}}
}

func newReject(t *Table) Command {
	return Command{Verb: "reject", Args: "PLAN REVISION", Min: 1, Max: 2, Group: "Upgrades",
		Summary: "end an undecided plan: one veto of somebody who may confirm it is enough", Help: []string{fleet.Slash + " reject 01jd0000000000000000000009"}, Role: fleet.Reader,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			p, rev, err := t.shown(ctx, r)
			if err != nil {
				return fleet.Message{}, err
			}
			return t.vote(ctx, r, fleet.Vote{Plan: p.ID, Revision: rev})
		}}
}

func newContinue(t *Table) Command {
	return Command{Verb: "continue", Args: "PLAN REVISION", Min: 1, Max: 2, Group: "Upgrades",
		Summary: "let a paused plan go on", Help: []string{fleet.Slash + " continue 01jd0000000000000000000009 2"}, Role: fleet.Maintainer, Run: t.resume(true)}
}

func newStop(t *Table) Command {
	return Command{Verb: "stop", Args: "PLAN REVISION", Min: 1, Max: 2, Group: "Upgrades",
		Summary: "end a plan as it was shown; sites under way end", Help: []string{fleet.Slash + " stop 01jd0000000000000000000009 2"}, Role: fleet.Maintainer, Run: t.resume(false)}
}

func (t *Table) resume(on bool) func(context.Context, Request) (fleet.Message, error) {
	return func(ctx context.Context, r Request) (fleet.Message, error) {
		p, rev, err := t.shown(ctx, r)
		if err != nil {
			return fleet.Message{}, err
		}
		if p, err = t.Conductor.Resume(ctx, p.ID, rev, on, r.Who); err != nil {
			return fleet.Message{}, err
		}
		if on {
			return say(fmt.Sprintf("Plan %s goes on.", p.ID)), nil
		}
		return say(fmt.Sprintf("Plan %s is stopped; finished sites stay as they are.", p.ID)), nil
	}
}

func newRetry(t *Table) Command {
	return Command{Verb: "retry", Args: "PLAN|TASK", Min: 1, Max: 1, Group: "Upgrades",
		Summary: "propose a fresh plan for the sites that failed, order a failed task again, or run a held step again", Help: []string{fleet.Slash + " retry 01jd0000000000000000000009"}, Role: fleet.Maintainer,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			p, err := t.plan(ctx, r.Args[0])
			if err == nil {
				return t.again(ctx, r, p)
			}
			if fleet.CodeOf(err) != fleet.NotFound {
				return fleet.Message{}, err
			}
			x, err := t.Tasks.Find(ctx, fleet.TaskID(strings.ToLower(r.Args[0])))
			if err != nil {
				return fleet.Message{}, err
			}
			if x.State == fleet.TaskHeld {
				return t.answer(ctx, r, fleet.RunAgain)
			}
			return t.repeat(ctx, r, x.ID)
		}}
}

// repeat orders a task that failed or was cancelled once more.
func (t *Table) repeat(ctx context.Context, r Request, id fleet.TaskID) (fleet.Message, error) {
	x, err := t.Tasks.Retry(ctx, id, fleet.TaskID(strings.ToLower(fleet.NewID())), r.Who)
	if err != nil {
		return fleet.Message{}, err
	}
	return say(fmt.Sprintf("Task %s does again what task %s failed to do. Its site and its host are looked at anew first.", x.ID, id)), nil
}

// shown reads a plan and the revision the person has seen. Without one, only a
// plan that was never drawn again can be meant.
func (t *Table) shown(ctx context.Context, r Request) (fleet.Plan, int, error) {
	id, rev, _ := strings.Cut(r.Args[0], "|") // as a button has it
	p, err := t.plan(ctx, id)
	if err != nil {
		return p, 0, err
	}
	if rev != "" {
		r.Args = []string{id, rev}
	}
	if len(r.Args) > 1 {
		rev, err := strconv.Atoi(r.Args[1])
		if err != nil {
			return p, 0, fleet.Errorf(fleet.Invalid, "%q is not the revision of a plan.", fleet.Clean(r.Args[1], 40)).
				WithHint("It is the number in the plan's small print: %s plan %s", fleet.Slash, p.ID)
		}
		return p, rev, nil
	}
	if p.Revision > 1 {
		return p, 0, fleet.Errorf(fleet.Refused, "Plan %s was drawn again since it was first shown.", p.ID).
			WithHint("Look at it (%s plan %s) and name its revision, %d.", fleet.Slash, p.ID, p.Revision)
	}
	return p, p.Revision, nil
}

// vote presses Confirm or Cancel for a person who types.
func (t *Table) vote(ctx context.Context, r Request, v fleet.Vote) (fleet.Message, error) {
	v.Who, v.Role, v.Request = r.Who, r.Role, r.ID
	d, err := t.decider().Press(ctx, v)
	if err != nil {
		return fleet.Message{}, err
	}
	switch d.Outcome {
	case fleet.Approved, fleet.Counted, fleet.Cancelled:
		return say(d.Text), nil
	case fleet.NotPermitted:
		return fleet.Message{}, t.notPermitted(ctx, d)
	case fleet.NeedsReason:
		return fleet.Message{}, wrong("reason", fleet.Errorf(fleet.Refused, "%s", d.Text).WithHint(`Add --reason "why".`))
	case fleet.NeedsSecond:
		return t.Second.invite(d)
	}
	return fleet.Message{}, &denied{err: fleet.Errorf(fleet.Refused, "%s", d.Text), recorded: d.Recorded()}
}

// again proposes a fresh plan: for the sites that failed, which are unpinned,
// or for everything when the plan ended before anything was done.
func (t *Table) again(ctx context.Context, r Request, p fleet.Plan) (fleet.Message, error) {
	if !p.State.Final() && p.State != fleet.PlanPaused {
		return fleet.Message{}, fleet.Errorf(fleet.Refused, "Plan %s is %s; there is nothing to try again yet.", p.ID, p.State)
	}
	o := fleet.Proposal{Kind: p.Kind, Scope: p.Scope}
	if p.Kind == fleet.Migrate {
		o.To = p.To
	}
	if p.State == fleet.PlanDone || p.State == fleet.PlanFailed || p.State == fleet.PlanPaused {
		failed := sitesIn(p, fleet.SiteBack, fleet.SiteBroken)
		if len(failed) == 0 {
			return fleet.Message{}, fleet.Errorf(fleet.Refused, "No site of plan %s failed.", p.ID)
		}
		o.Scope, o.Unpin = fleet.Scope{Distribution: p.Distribution, Only: failed}, true
	}
	return t.propose(ctx, r, o)
}

// sitesIn lists the sites of a plan that stand at one of the states.
func sitesIn(p fleet.Plan, states ...fleet.SiteProgress) []fleet.URI {
	var out []fleet.URI
	for _, s := range p.Sites {
		for _, want := range states {
			if s.Progress == want {
				out = append(out, s.URI)
			}
		}
	}
	return out
}
