package fleet

import (
	"fmt"
	"slices"
	"time"
)

// An Approval is one person's vote on a plan, bound to the fingerprint that
// was shown.
type Approval struct {
	Who         Actor     `json:"who"`
	At          time.Time `json:"at"`
	Fingerprint string    `json:"fp"`
	Request     string    `json:"request,omitempty"`
	Of          []string  `json:"of,omitempty"`     // keys of the parties of the plan's rule the person belonged to when a vote was last counted
	Reason      string    `json:"reason,omitempty"` // what they gave as a reason
	Glass       bool      `json:"glass,omitempty"`  // they broke the glass: it stands for the whole quorum
	Second      bool      `json:"second,omitempty"` // confirmed once more, by a link of their own
}

// A Vote is a press of Confirm or Cancel, before any rule was asked.
type Vote struct {
	Plan     PlanID
	Revision int    // of the message that was pressed
	Confirm  bool   // false is Cancel
	Who      Actor  // from Slack's payload, never from the message
	Role     Role   // read now; decides only where nobody is asked for Of
	Request  string // id of the press: message ts + action ts + user; the same press twice has the same id
	Reason   string // why, in the person's words
	Glass    bool   // the glass is broken: this vote alone shall do
	// Of are the keys of the parties of the plan's rule that the person belongs
	// to now; Others those of the people who voted before, by their ids.
	Of     []string
	Others map[string][]string
	// Link is the signed link by which the vote was cast; nil for a press.
	Link *VoteLink
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
	NeedsReason  Outcome = "needs reason" // not counted: the policy wants a reason
	NeedsSecond  Outcome = "needs second" // not counted yet: the policy wants it confirmed by a link
)

// A Decision is the answer to a press.
type Decision struct {
	Outcome Outcome
	Text    string   // one sentence for the person who pressed, without markup
	Private bool     // for their eyes only
	Plan    Plan     // as it is now
	Link    VoteLink // of NeedsSecond: what the link stands for
}

// DecidePlan is the rule of a press: the plan as it is, a vote, and the
// store's time give the plan as it shall be and the answer. It changes nothing
// unless the outcome is Approved, Counted, Cancelled or TooLate.
func DecidePlan(p Plan, v Vote, now time.Time) (Plan, Decision) {
	answer := func(o Outcome, text string, private bool) (Plan, Decision) {
		return p, Decision{Outcome: o, Text: text, Private: private, Plan: p}
	}
	if v.Confirm && !v.Glass && p.State == PlanProposed && p.voted(v) {
		return answer(Repeated, "Your approval is already counted; others are still needed.", true)
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
	if !p.mayVote(v) {
		return answer(NotPermitted, notPermitted(p, v), true)
	}
	if v.Revision != p.Revision || v.Link != nil && v.Link.Fingerprint != p.Fingerprint {
		return answer(OldRevision, "What you pressed is out of date; look at the plan as it is now.", true)
	}
	if !v.Confirm {
		p.State, p.Ended, p.By = PlanCancelled, now, v.Who
		p.Reason = "Cancelled."
		return answer(Cancelled, "Cancelled; nothing was changed.", false)
	}
	if v.Who.ID == p.Requester.ID && !p.Self && !v.Glass {
		return answer(OwnRequest, "You asked for this plan, so somebody else has to confirm it.", true)
	}
	if (p.Rule.Reason || v.Glass) && Clean(v.Reason, 1) == "" {
		return answer(NeedsReason, "This needs a reason, which everybody will read.", true)
	}
	if late := unseconded(p, v, now); late != "" {
		o := NeedsSecond
		if v.Link != nil {
			o = TooLate
		}
		return answer(o, late, true)
	}
	return approve(p, v, now)
}

// approve counts a vote that may be counted.
func approve(p Plan, v Vote, now time.Time) (Plan, Decision) {
	p.Votes = slices.Clone(p.Votes)
	for i, a := range p.Votes {
		if of, known := v.Others[a.Who.ID]; known {
			p.Votes[i].Of = of
		}
	}
	p.Votes = slices.DeleteFunc(p.Votes, func(a Approval) bool { return a.Who.ID == v.Who.ID })
	p.Votes = append(p.Votes, Approval{Who: v.Who, At: now, Fingerprint: p.Fingerprint, Request: v.Request, Of: v.Of,
		Reason: Clean(v.Reason, 300), Glass: v.Glass, Second: v.Link != nil})
	if p.Counted() < p.Rule.Terms().Total() && !v.Glass {
		return p, Decision{Outcome: Counted, Text: StillNeeded(p), Plan: p}
	}
	p.State = PlanApproved
	d := Decision{Outcome: Approved, Text: "Confirmed; the upgrade begins.", Plan: p}
	if v.Glass {
		d.Text = "Confirmed by breaking the glass; the upgrade begins, and an alarm says so."
	}
	return p, d
}

// voted reports whether the same approval is among the votes. Somebody who has
// come to belong elsewhere since may press again, and counts once all the same.
func (p Plan) voted(v Vote) bool {
	return slices.ContainsFunc(p.Votes, func(a Approval) bool { return a.Who.ID == v.Who.ID && slices.Equal(a.Of, v.Of) })
}

// mayVote is the rule of who may decide: whoever belongs to a party of the
// quorum, to break the glass one of those named for that, and to cancel the
// requester, too.
func (p Plan) mayVote(v Vote) bool {
	of := func(parties []Party) bool {
		return slices.ContainsFunc(parties, func(x Party) bool { return slices.Contains(v.Of, x.Key()) })
	}
	switch {
	case v.Glass:
		return v.Confirm && of(p.Rule.Glass)
	case v.Confirm:
		return of(p.Rule.Terms().Parties())
	}
	return v.Who.ID == p.Requester.ID || of(p.Rule.parties())
}

func notPermitted(p Plan, v Vote) string {
	switch {
	case v.Glass && len(p.Rule.Glass) == 0:
		return "The policy lets nobody break the glass."
	case v.Glass:
		return "You may not break the glass; " + TellParties(p.Rule.Glass) + " may."
	case len(p.Rule.Quorum) > 0:
		return "You may not decide this plan; the policy names " + TellParties(p.Rule.Terms().Parties()) + "."
	}
	return "You may not decide this plan; a maintainer or an administrator can."
}

// LinkLife is for how long the link of a second factor can be used.
const LinkLife = 10 * time.Minute

// unseconded says why a vote does not count for want of its second factor; "" if it
// does.
func unseconded(p Plan, v Vote, now time.Time) string {
	switch {
	case v.Link != nil && !now.Before(v.Link.Until):
		return "This link has expired; press Confirm again for a fresh one."
	case v.Link == nil && p.Rule.Second:
		return "This has to be confirmed once more, in your browser, within " + Plural(int(LinkLife/time.Minute), "minute", "minutes") + "."
	}
	return ""
}

// Counted is how many of a plan's votes count towards its quorum, each person
// once and for one party only.
func (p Plan) Counted() int { return p.Rule.Terms().Count(p.people()) }

// stillApproved reports whether the votes that a plan has are enough under a
// rule that may be another than the one they were given under. A plan without
// votes runs by a policy of its distribution, which is looked at apart.
func (p Plan) stillApproved(r ConfirmRule) bool {
	q := r.Terms()
	return p.unvoted() || r.said() == p.Rule.said() || q.Count(p.people()) >= q.Total()
}

// people are those who voted, as the parties they belong to.
func (p Plan) people() [][]string {
	out := make([][]string, len(p.Votes))
	for i, a := range p.Votes {
		out[i] = a.Of
	}
	return out
}

// StillNeeded says how far a plan is from its quorum: "1 of 2 approvals; one
// more is needed, from @client."
func StillNeeded(p Plan) string {
	q := p.Rule.Terms()
	have, total := p.Counted(), q.Total()
	if have >= total {
		return Plural(total, "approval", "approvals") + "."
	}
	more := "one more is needed"
	if total-have > 1 {
		more = fmt.Sprintf("%d more are needed", total-have)
	}
	return fmt.Sprintf("%d of %s; %s, from %s.", have, Plural(total, "approval", "approvals"), more, TellParties(q.Wanted(p.people())))
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
		by, at = p.Votes[n-1].Who.display(), Moment(p.Votes[n-1].At)
	}
	switch p.State {
	case PlanExpired:
		return "This plan has expired; ask for a fresh one."
	case PlanSuperseded:
		return "This plan was replaced by a fresh one: " + Clean(p.Reason, 200)
	case PlanCancelled:
		return "This plan was cancelled by " + p.By.display() + ", " + Moment(p.Ended) + "."
	case PlanDone:
		return "Already confirmed by " + by + ", " + at + "; it is done."
	case PlanFailed:
		if by == "" {
			return "This plan failed: " + Clean(p.Reason, 200)
		}
		return "Already confirmed by " + by + ", " + at + "; it ended with failures."
	}
	return "Already confirmed by " + by + ", " + at + "."
}

func (a Actor) display() string {
	if a.Name != "" {
		return a.Name
	}
	return a.ID
}
