package fleet

import "slices"

// An Offer is something that a person's page lets them press if they may: the
// action of a button, and the value that says on what.
type Offer struct {
	Action string // ActUpgrade; ActAsk for a command
	Value  string // as on the Button: a distribution, a plan, a command line
}

// Offers lists all that the page would show to somebody who may do everything.
// Whoever fills in May asks, for each, the rule by which the press itself would be
// answered, so that the page offers nothing that is refused.
func (v HomeView) Offers() []Offer {
	var out []Offer
	for _, p := range v.Plans {
		if p.State == PlanPaused {
			out = append(out, pausedOffers(p)...)
		}
	}
	for _, t := range v.Tasks {
		if t.State == TaskHeld {
			out = append(out, heldOffers(t)...)
		}
	}
	for i, s := range v.behind() {
		if i < homeItems { // the others are only counted
			out = append(out, upgradeOffer(s))
		}
	}
	for _, d := range v.Muted {
		out = append(out, Offer{ActUnmute, string(d.Name)})
	}
	for _, a := range v.Snoozed {
		out = append(out, Offer{ActWake, a.ID})
	}
	for _, b := range helpButtons() {
		out = append(out, Offer{b.Action, b.Value})
	}
	return append(out, Offer{ActAsk, "upgrade"})
}

// mayAny reports whether this person may press at least one of several buttons.
func (v HomeView) mayAny(offers []Offer) bool {
	for _, o := range offers {
		if v.May[o] {
			return true
		}
	}
	return false
}

// pausedOffers are the answers to a paused plan.
func pausedOffers(p Plan) []Offer {
	value := PlanValue(p.ID, p.Revision)
	return []Offer{{ActContinue, value}, {ActStop, value}}
}

// heldOffers are the answers to a held task. Run again and Skip are for the same
// people as Give up.
func heldOffers(t Task) []Offer {
	return []Offer{{ActGiveUp, string(t.ID)}, {ActLooks, string(t.ID)}}
}

func upgradeOffer(s Standing) Offer { return Offer{ActUpgrade, string(s.Distribution.Name)} }

// behind gives the distributions with out-of-date sites, as the digest orders them,
// without what this person muted.
func (v HomeView) behind() []Standing {
	return slices.DeleteFunc(DigestView{Standings: v.Standings, Perils: v.Perils}.behind(), func(s Standing) bool { return v.leftOut(s.Distribution.Name) })
}
