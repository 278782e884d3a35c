package fleet

import "time"

// An Approval is one person's vote on a plan, bound to the fingerprint that
// was shown.
type Approval struct {
	Who         Actor     `json:"who"`
	At          time.Time `json:"at"`
	Fingerprint string    `json:"fp"`
	Request     string    `json:"request,omitempty"`
}

// A Vote is a press of Confirm or Cancel, before any rule was asked.
type Vote struct {
	Plan     PlanID
	Revision int    // of the message that was pressed
	Confirm  bool   // false is Cancel
	Who      Actor  // from Slack's payload, never from the message
	Role     Role   // read now
	Request  string // id of the press: message ts + action ts + user; the same press twice has the same id
}

// An Outcome says what became of a press. Every press has one.
type Outcome string

// The outcomes.
const (
	Approved     Outcome = "approved"     // this vote completed the quorum
	Counted      Outcome = "counted"      // one of several that are needed
	Cancelled    Outcome = "cancelled"    // by this press
	Repeated     Outcome = "repeated"     // the same press, or the same person's vote, again
	Already      Outcome = "already"      // decided before, by whom and when is in the text
	TooLate      Outcome = "expired"      // past its expiry
	Superseded   Outcome = "superseded"   // replaced; the text says by what
	OldRevision  Outcome = "old revision" // what was shown has changed; look again
	NotYet       Outcome = "not yet"      // still reading
	NotPermitted Outcome = "not allowed"  // in private, with who can
	OwnRequest   Outcome = "own request"  // the requester's own vote does not count
)

// A Decision is the answer to a press.
type Decision struct {
	Outcome Outcome
	Text    string // one sentence for the person who pressed, without markup
	Private bool   // for their eyes only
	Plan    Plan   // as it is now
}

// DecidePlan is the rule of a press: the plan as it is, a vote, and the
// store's time give the plan as it shall be and the answer. It changes nothing
// unless the outcome is Approved, Counted, Cancelled or TooLate.
func DecidePlan(p Plan, v Vote, now time.Time) (Plan, Decision) {
	answer := func(o Outcome, text string, private bool) (Plan, Decision) {
		return p, Decision{Outcome: o, Text: text, Private: private, Plan: p}
	}
	for _, a := range p.Votes {
		if v.Confirm && a.Who.ID == v.Who.ID && p.State == PlanProposed {
			return answer(Repeated, "Your approval is already counted; others are still needed.", true)
		}
	}
	if p.State == PlanReading {
		return answer(NotYet, "The facts are still being read; press again when the comparison is shown.", true)
	}
	if p.State != PlanProposed {
		return answer(alreadyDecided(p), DecidedText(p), true)
	}
	if !now.Before(p.Expires) {
		p.State, p.Ended = PlanExpired, now
		p.Reason = "Nobody decided in time."
		return answer(TooLate, "This plan has expired; ask for a fresh one.", true)
	}
	if v.Role < Maintainer && (v.Confirm || v.Who.ID != p.Requester.ID) {
		return answer(NotPermitted, "You may not decide this plan; a maintainer or an administrator can.", true)
	}
	if v.Revision != p.Revision {
		return answer(OldRevision, "What you pressed is out of date; look at the plan as it is now.", true)
	}
	if !v.Confirm {
		p.State, p.Ended, p.By = PlanCancelled, now, v.Who
		p.Reason = "Cancelled."
		return answer(Cancelled, "Cancelled; nothing was changed.", false)
	}
	if v.Who.ID == p.Requester.ID && !p.Self {
		return answer(OwnRequest, "You asked for this plan, so somebody else has to confirm it.", true)
	}
	p.Votes = append(p.Votes[:len(p.Votes):len(p.Votes)], Approval{Who: v.Who, At: now, Fingerprint: p.Fingerprint, Request: v.Request})
	if len(p.Votes) < p.Quorum {
		return answer(Counted, Plural(len(p.Votes), "approval", "approvals")+" so far; more are needed.", false)
	}
	p.State = PlanApproved
	return answer(Approved, "Confirmed; the upgrade begins.", false)
}

func alreadyDecided(p Plan) Outcome {
	switch p.State {
	case PlanExpired:
		return TooLate
	case PlanSuperseded:
		return Superseded
	}
	return Already
}

// DecidedText says in one sentence what was decided about a plan, by whom and
// when; for a plan that waits for nobody any more.
func DecidedText(p Plan) string {
	by, at := "", ""
	if n := len(p.Votes); n > 0 {
		by, at = p.Votes[n-1].Who.display(), p.Votes[n-1].At.UTC().Format("2 Jan 15:04 UTC")
	}
	switch p.State {
	case PlanExpired:
		return "This plan has expired; ask for a fresh one."
	case PlanSuperseded:
		return "This plan was replaced by a fresh one: " + Clean(p.Reason, 200)
	case PlanCancelled:
		return "This plan was cancelled by " + p.By.display() + " at " + p.Ended.UTC().Format("2 Jan 15:04 UTC") + "."
	case PlanDone:
		return "Already confirmed by " + by + " at " + at + "; it is done."
	case PlanFailed:
		if by == "" {
			return "This plan failed: " + Clean(p.Reason, 200)
		}
		return "Already confirmed by " + by + " at " + at + "; it ended with failures."
	}
	return "Already confirmed by " + by + " at " + at + "."
}

func (a Actor) display() string {
	if a.Name != "" {
		return a.Name
	}
	return a.ID
}
