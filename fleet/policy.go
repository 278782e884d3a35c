package fleet

import (
	"encoding/json"
	"slices"
	"time"
)

// A Right is something that a policy lets people do.
type Right string

// The rights. Looking at things is none of them: every full member of the
// workspace may.
const (
	MayAsk        Right = "ask"        // ask for upgrades and rehearsals; pause, continue and stop plans
	MayBuild      Right = "build"      // build platforms, answer for builds
	MayConfirm    Right = "confirm"    // confirm and cancel plans; what it takes is the quorum
	MayRollback   Right = "rollback"   // ask for rollbacks
	MayTarget     Right = "target"     // change upgrade targets, locks and which platforms belong
	MayFreeze     Right = "freeze"     // freeze and thaw
	MayAdminister Right = "administer" // add, edit and remove; migrate anywhere; work on sites; the policy itself
)

// Rights lists the rights in the order in which policies are shown.
func Rights() []Right {
	return []Right{MayAsk, MayBuild, MayConfirm, MayRollback, MayTarget, MayFreeze, MayAdminister}
}

// OnOff is a switch of a policy that may be left to the default.
type OnOff string

// The values of OnOff; "" leaves it to the default policy, and there it is Off.
const (
	On  OnOff = "yes"
	Off OnOff = "no"
)

// An AccessPolicy says who may do what with a distribution, and what it takes to
// confirm a plan. The one of Distribution "" is the default of all. What a policy
// does not say is as the default says it; what neither says is as the roles have
// it. Its revision is part of what a plan's fingerprint is taken over, through
// Distribution.Rules, which rises in the same commit.
type AccessPolicy struct {
	Distribution DistName          `json:"dist,omitempty"`
	Revision     int64             `json:"rev"`               // rises with each change, over resets too
	May          map[Right][]Party `json:"may,omitempty"`     // all rights but MayConfirm
	Confirm      Quorum            `json:"confirm,omitempty"` // whose approvals a plan needs
	Reason       OnOff             `json:"reason,omitempty"`  // an approval needs a reason
	Second       OnOff             `json:"second,omitempty"`  // a press is confirmed once more, in a browser
	Glass        []Party           `json:"glass,omitempty"`   // who may confirm alone in an emergency
	Alarm        string            `json:"alarm,omitempty"`   // the channel that is told then; "" is the default one
	By           Actor             `json:"by"`
	At           time.Time         `json:"at"`
}

// Key implements Record.
func (p *AccessPolicy) Key() Key { return Key{Catalogue, "policy", freezeID(p.Distribution)} }

// Entries implements Record.
func (p *AccessPolicy) Entries() []Entry {
	return []Entry{{AllPolicies, freezeID(p.Distribution), p.At.UnixMilli()}}
}

// AllPolicies lists the policies, the default one as "*".
var AllPolicies = Index{Catalogue, "policies"}

func policyRow(p *AccessPolicy, id string) {
	if id != everything {
		p.Distribution = DistName(id)
	}
}

// Of names what the policy is for.
func (p AccessPolicy) Of() string {
	if p.Distribution == "" {
		return everything
	}
	return string(p.Distribution)
}

// Empty reports whether the policy says nothing.
func (p AccessPolicy) Empty() bool {
	return len(p.May) == 0 && len(p.Confirm) == 0 && p.Reason == "" && p.Second == "" && len(p.Glass) == 0 && p.Alarm == ""
}

// said is what the policy says, without when and by whom it was said.
func (p AccessPolicy) said() string {
	p.Distribution, p.Revision, p.By, p.At = "", 0, Actor{}, time.Time{}
	raw, err := json.Marshal(p)
	if err != nil {
		return err.Error() // strings, numbers and lists of these always encode
	}
	return string(raw)
}

// Check says in one sentence what is wrong with a policy as people typed it.
func (p AccessPolicy) Check() error {
	for right, parties := range p.May {
		if right == MayConfirm || !slices.Contains(Rights(), right) {
			return Errorf(Invalid, "%q is not a right that a policy gives to people.", Clean(string(right), 40))
		}
		if err := checkParties(parties); err != nil {
			return err
		}
	}
	for _, o := range []OnOff{p.Reason, p.Second} {
		if o != "" && o != On && o != Off {
			return Errorf(Invalid, "%q is neither yes nor no.", Clean(string(o), 40))
		}
	}
	if len(p.Alarm) > 100 {
		return Errorf(Invalid, "%q cannot be a channel.", Clean(p.Alarm, 60))
	}
	if err := checkParties(p.Glass); err != nil {
		return err
	}
	return p.Confirm.check()
}

func checkParties(parties []Party) error {
	if len(parties) > maxParties {
		return Errorf(Invalid, "A list names up to %d groups, people or channels.", maxParties)
	}
	for _, p := range parties {
		if err := p.check(); err != nil {
			return err
		}
	}
	return nil
}

// A ConfirmRule is what it takes to confirm a plan; a plan carries the one it
// was drawn under. The zero ConfirmRule is one approval by a maintainer.
type ConfirmRule struct {
	Quorum Quorum  `json:"quorum,omitempty"`
	Reason bool    `json:"reason,omitempty"`
	Second bool    `json:"second,omitempty"`
	Glass  []Party `json:"glass,omitempty"`
	Alarm  string  `json:"alarm,omitempty"`
}

// Terms is the quorum, or the default one where no policy gives any.
func (r ConfirmRule) Terms() Quorum {
	if len(r.Quorum) == 0 {
		return DefaultQuorum()
	}
	return r.Quorum
}

// Plain reports whether no policy says anything about confirming.
func (r ConfirmRule) Plain() bool { return r.said() == ConfirmRule{}.said() }

func (r ConfirmRule) said() string {
	raw, err := json.Marshal(r)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// parties is everybody whose press may count.
func (r ConfirmRule) parties() []Party { return append(r.Terms().Parties(), r.Glass...) }

// ConfirmRule is the rule of a distribution whose own policy is p, over the
// default one.
func (p AccessPolicy) ConfirmRule(def AccessPolicy) ConfirmRule {
	r := ConfirmRule{Quorum: p.Confirm, Glass: p.Glass, Alarm: p.Alarm}
	if len(r.Quorum) == 0 {
		r.Quorum = def.Confirm
	}
	if len(r.Glass) == 0 {
		r.Glass = def.Glass
	}
	if r.Alarm == "" {
		r.Alarm = def.Alarm
	}
	r.Reason = p.Reason == On || p.Reason == "" && def.Reason == On
	r.Second = p.Second == On || p.Second == "" && def.Second == On
	return r
}

// grant is to whom a right is given, and by which policy; no parties where the
// roles decide. The quorum's parties are who may confirm.
func (p AccessPolicy) grant(def AccessPolicy, right Right) ([]Party, AccessPolicy) {
	for _, x := range []AccessPolicy{p, def} {
		parties := x.May[right]
		if right == MayConfirm {
			parties = x.Confirm.Parties()
		}
		if len(parties) > 0 {
			return parties, x
		}
	}
	return nil, AccessPolicy{}
}
