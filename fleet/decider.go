package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Decider answers presses on plans.
type Decider struct {
	Store    Store
	Planner  *Planner
	Electors Electors // nil: only Vote.Role decides, and votes stay as they were counted
}

// Electors tells who people are to a plan's rule, when a vote is counted. A
// Guard is one.
type Electors interface {
	// Electors gives the keys of those of the parties that a person belongs to
	// now. The error, of code Later, says what cannot be told.
	Electors(ctx context.Context, who Actor, parties []Party) ([]string, error)
}

// remembered is the answer to a press as a Request keeps it.
type remembered struct {
	Outcome Outcome `json:"outcome"`
	Text    string  `json:"text"`
	Private bool    `json:"private,omitempty"`
}

// Press records a vote first and says what became of it. The same request is
// answered the same. A plan that is no longer true is superseded by a fresh one
// instead. Errors: NotFound when there is no such plan, and Later.
func (d *Decider) Press(ctx context.Context, v Vote) (Decision, error) {
	for range 5 {
		dec, again, err := d.press(ctx, v)
		if err != nil || !again {
			return dec, err
		}
	}
	return Decision{}, Errorf(Conflict, "This plan changes too fast to be decided.").WithHint("Look at it again.")
}

// press is one attempt; again when the plan changed between the look at the
// world and the commit.
func (d *Decider) press(ctx context.Context, v Vote) (dec Decision, again bool, err error) {
	p, req := Plan{ID: v.Plan}, requestOf(v)
	found, err := d.Store.Read(ctx, &p, &req)
	if err != nil {
		return dec, false, err
	}
	if !found[0] {
		return dec, false, Errorf(NotFound, "There is no such plan any more.").WithHint("Ask for a fresh one.")
	}
	if found[1] && v.Request != "" {
		dec, err = recall(req, p)
		return dec, false, err
	}
	weighed := p.State == PlanProposed
	if weighed {
		if v, err = d.weigh(ctx, p, v); err != nil {
			return dec, false, err
		}
	}
	if v.Confirm && weighed && p.mayVote(v) {
		w, err := d.Planner.present(ctx, p, p.in(SiteWaiting))
		if err != nil {
			return dec, false, err
		}
		if why := w.untrue(p); why != "" {
			dec, err = d.stale(ctx, v, p, why)
			return dec, false, err
		}
	}
	dec, again, err = d.commit(ctx, v, p.Fingerprint)
	return dec, again || !weighed && dec.Plan.State == PlanProposed, err
}

// weigh asks what the person who votes, and those who voted before, are to the
// plan's rule now. Whoever asked for a plan may cancel it also while that cannot
// be told.
func (d *Decider) weigh(ctx context.Context, p Plan, v Vote) (Vote, error) {
	parties := p.Rule.parties()
	if d.Electors == nil {
		v.Of = byRole(v, parties)
		return v, nil
	}
	var err error
	if v.Of, err = d.Electors.Electors(ctx, v.Who, parties); err != nil {
		if !v.Confirm && v.Who.ID == p.Requester.ID {
			err = nil
		}
		return v, err
	}
	v.Others = map[string][]string{}
	for _, a := range p.Votes {
		if !v.Confirm || a.Who.ID == v.Who.ID {
			continue
		}
		if v.Others[a.Who.ID], err = d.Electors.Electors(ctx, a.Who, parties); err != nil {
			return v, err
		}
	}
	return v, nil
}

// byRole are the parties of somebody of whom only the role is known.
func byRole(v Vote, parties []Party) []string {
	var mine []Party
	for _, p := range parties {
		if p.Kind == PartyRole && v.Role >= p.Role() || p.Kind == PartyUser && v.Role > Nobody && p.ID == v.Who.ID {
			mine = append(mine, p)
		}
	}
	return keysOf(mine)
}

// commit applies DecidePlan to the plan whose fingerprint was found true.
func (d *Decider) commit(ctx context.Context, v Vote, checked string) (dec Decision, again bool, err error) {
	var unsure bool
	err = d.Store.Update(ctx, PlanFamily(v.Plan), func(tx Tx) error {
		again = false
		p, req := Plan{ID: v.Plan}, requestOf(v)
		if err := must(tx, &p, "plan "+string(v.Plan)); err != nil {
			return err
		}
		if v.Request != "" {
			if found, err := tx.Get(&req); err != nil || found {
				if err == nil {
					dec, err = recall(req, p)
				}
				return err
			}
		}
		var next Plan
		next, dec = DecidePlan(p, v, tx.Now())
		dec.Plan = next
		if dec.Outcome == Approved && p.Fingerprint != checked {
			again = true
			return nil
		}
		if dec.Outcome == NeedsSecond {
			dec.Link = VoteLink{Nonce: NewID(), Plan: p.ID, Revision: p.Revision, Fingerprint: p.Fingerprint,
				Who: v.Who, Reason: Clean(v.Reason, 300), Glass: v.Glass, Until: tx.Now().Add(LinkLife)}
			return nil
		}
		if dec.Outcome == Approved || dec.Outcome == Counted {
			Last(tx, Lasting{Authorises: true, Unsure: &unsure})
		}
		return decided(tx, v, p.State, dec)
	})
	if unsure {
		dec.Text += unsureText
		dec.Private = true
	}
	return dec, again, err
}

// unsureText follows the answer to a press that stands, for as long as the
// storage does not crash at this very moment.
const unsureText = " Redis has not said in time that this is on its disk: if it crashes now, look here again."

// decided puts what a press has changed of a plan that was in state before, and
// remembers its answer; the request's row was got.
func decided(tx Tx, v Vote, before PlanState, dec Decision) error {
	next := dec.Plan
	if v.Request != "" {
		answer, err := json.Marshal(remembered{dec.Outcome, dec.Text, dec.Private})
		if err != nil {
			return fmt.Errorf("remember the answer to %s: %w", v.Request, err)
		}
		req := requestOf(v)
		req.Answer = string(answer)
		tx.Put(&req)
	}
	note := func(what string, more ...Effect) {
		e := audited(tx, v.Who, what, string(v.Plan), v.details(next)...)
		e.Audit.Request = v.Request
		tx.Put(&next)
		tx.Emit(edited(SubjectOf(AboutPlan, string(v.Plan))), e)
		tx.Emit(more...)
	}
	switch dec.Outcome {
	case Approved:
		tx.Until(v.until(next))
		if v.Glass {
			note("plan.glass-broken", shown(SubjectOf(AboutGlass, string(v.Plan)), next.Rule.Alarm))
		}
		note("plan.confirmed", Effect{Advance: v.Plan})
	case Counted:
		tx.Until(v.until(next))
		note("plan.voted")
	case NotPermitted, OwnRequest:
		code := Forbidden
		if dec.Outcome == OwnRequest {
			code = Refused
		}
		e := audited(tx, v.Who, "plan.refused", string(v.Plan), append(v.details(next), "rule", string(dec.Outcome), "code", string(code), "why", dec.Text)...)
		e.Audit.Request, e.Audit.Outcome = v.Request, Refusal
		tx.Emit(e)
	case Cancelled:
		note("plan.cancelled")
	case TooLate:
		if next.State != before {
			note("plan.expired")
		}
	}
	return nil
}

// Recorded reports whether the Decider keeps a refusal in the record itself, with
// all that it was weighed by; whoever asked need not record it once more.
func (d Decision) Recorded() bool { return d.Outcome == NotPermitted || d.Outcome == OwnRequest }

// until is when a vote that is counted now would not count any more.
func (v Vote) until(p Plan) time.Time {
	if v.Link != nil && v.Link.Until.Before(p.Expires) {
		return v.Link.Until
	}
	return p.Expires
}

// details are what the audit record says of a vote besides who and when.
func (v Vote) details(p Plan) []string {
	out := []string{"fingerprint", p.Fingerprint, "role", v.Role.String()}
	for _, d := range [][2]string{{"reason", Clean(v.Reason, 300)}, {"for", strings.Join(v.Of, " ")}} {
		if d[1] != "" {
			out = append(out, d[0], d[1])
		}
	}
	if v.Glass {
		out = append(out, "glass", "broken")
	}
	if v.Link != nil {
		out = append(out, "second", "link")
	}
	return out
}

// stale answers a press on a plan that is not true any more, after a fresh one
// has taken its place.
func (d *Decider) stale(ctx context.Context, v Vote, p Plan, why string) (Decision, error) {
	if err := d.Planner.replace(ctx, p, why); err != nil {
		return Decision{}, err
	}
	if err := One(ctx, d.Store, &p, "plan "+string(p.ID)); err != nil {
		return Decision{}, err
	}
	dec := Decision{Outcome: Superseded, Text: "Nothing was changed: " + why + " A fresh plan was posted.", Private: true, Plan: p}
	if p.Replacement == "" {
		dec.Text = "Nothing was changed, and there is nothing to confirm any more: " + p.Reason
	}
	if p.State != PlanSuperseded { // somebody else decided meanwhile
		_, dec = DecidePlan(p, v, p.Created)
		return dec, nil
	}
	err := d.Store.Update(ctx, PlanFamily(p.ID), func(tx Tx) error {
		req := requestOf(v)
		if _, err := tx.Get(&req); err != nil || v.Request == "" {
			return err
		}
		return decided(tx, v, p.State, dec)
	})
	return dec, err
}

// requestOf is where the answer to a press is remembered: by its plan, too, so
// that what was said about one plan answers for no other of its family.
func requestOf(v Vote) Request {
	return Request{Family: PlanFamily(v.Plan), ID: string(v.Plan) + "." + v.Request}
}

// recall gives the answer that a request was given before.
func recall(req Request, p Plan) (Decision, error) {
	var r remembered
	if err := json.Unmarshal([]byte(req.Answer), &r); err != nil {
		return Decision{}, fmt.Errorf("recall the answer to %s: %w", req.ID, err)
	}
	return Decision{Outcome: r.Outcome, Text: r.Text, Private: r.Private, Plan: p}, nil
}
