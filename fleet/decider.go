package fleet

import (
	"context"
	"encoding/json"
	"fmt"
)

// Decider answers presses on plans.
type Decider struct {
	Store   Store
	Planner *Planner
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
	p := Plan{ID: v.Plan}
	req := Request{Family: PlanFamily(v.Plan), ID: v.Request}
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
	if v.Confirm && v.Role >= Maintainer && p.State == PlanProposed {
		w, err := d.Planner.present(ctx, p, p.in(SiteWaiting))
		if err != nil {
			return dec, false, err
		}
		if why := w.untrue(p); why != "" {
			dec, err = d.stale(ctx, v, p, why)
			return dec, false, err
		}
	}
	return d.commit(ctx, v, p.Fingerprint)
}

// commit applies DecidePlan to the plan whose fingerprint was found true.
func (d *Decider) commit(ctx context.Context, v Vote, checked string) (dec Decision, again bool, err error) {
	var unsure bool
	err = d.Store.Update(ctx, PlanFamily(v.Plan), func(tx Tx) error {
		again = false
		p := Plan{ID: v.Plan}
		req := Request{Family: PlanFamily(v.Plan), ID: v.Request}
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
		tx.Put(&Request{Family: PlanFamily(v.Plan), ID: v.Request, Answer: string(answer)})
	}
	note := func(what string, more ...Effect) {
		e := audited(tx, v.Who, what, string(v.Plan), "fingerprint", next.Fingerprint, "role", v.Role.String())
		e.Audit.Request = v.Request
		tx.Put(&next)
		tx.Emit(edited(SubjectOf(AboutPlan, string(v.Plan))), e)
		tx.Emit(more...)
	}
	switch dec.Outcome {
	case Approved:
		tx.Until(next.Expires)
		note("plan.confirmed", Effect{Advance: v.Plan})
	case Counted:
		tx.Until(next.Expires)
		note("plan.voted")
	case Cancelled:
		note("plan.cancelled")
	case TooLate:
		if next.State != before {
			note("plan.expired")
		}
	}
	return nil
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
		req := Request{Family: PlanFamily(p.ID), ID: v.Request}
		if _, err := tx.Get(&req); err != nil || v.Request == "" {
			return err
		}
		return decided(tx, v, p.State, dec)
	})
	return dec, err
}

// recall gives the answer that a request was given before.
func recall(req Request, p Plan) (Decision, error) {
	var r remembered
	if err := json.Unmarshal([]byte(req.Answer), &r); err != nil {
		return Decision{}, fmt.Errorf("recall the answer to %s: %w", req.ID, err)
	}
	return Decision{Outcome: r.Outcome, Text: r.Text, Private: r.Private, Plan: p}, nil
}
