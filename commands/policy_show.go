package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// roleOf is whom a right is for where no policy says anything.
func roleOf(r fleet.Right) fleet.Party {
	if r == fleet.MayAdminister {
		return fleet.Party{Kind: fleet.PartyRole, ID: "maintainers; removing, migrating and policies: administrators"}
	}
	return fleet.RoleParty(fleet.Maintainer)
}

// showPolicy shows what holds for a distribution, and which policy says it.
func (t *Table) showPolicy(ctx context.Context, d fleet.DistName) (fleet.Message, error) {
	own, def, err := t.policies().Get(ctx, d)
	if err != nil {
		return fleet.Message{}, err
	}
	name := own.Of()
	m := fleet.Message{Title: "Policy of " + name, Text: "Who may do what with " + name + ", and what it takes to confirm a plan."}
	if d == "" {
		m.Title, m.Text = "The default policy", "Who may do what where a distribution's own policy says nothing else."
	}
	m.Table = &fleet.Table{Header: []string{"What", "Who", "Says"}}
	for _, r := range fleet.Rights() {
		m.Table.Rows = append(m.Table.Rows, grantRow(own, def, r))
	}
	rule := own.ConfirmRule(def)
	m.Fields = []fleet.Field{
		field("A plan needs", rule.Terms().Tell()), field("A reason with each approval", yesNo(rule.Reason)),
		field("Confirmed once more in a browser", yesNo(rule.Second)), field("May break the glass", or(fleet.TellParties(rule.Glass), "nobody")),
	}
	if len(rule.Glass) > 0 {
		m.Fields = append(m.Fields, room("Told then", or(rule.Alarm, t.DefaultChannel)))
	}
	if d != "" {
		have, err := t.dist(ctx, string(d))
		if err != nil {
			return m, err
		}
		m.Fields = append(m.Fields, field("The requester's own approval counts", yesNo(have.Policy.Self)), field("Policy revision", fmt.Sprint(have.Rules)))
		if have.Policy.Approval == "none" {
			m.More = append(m.More, fleet.Say("Sites tagged ", fleet.Mono(have.Policy.Free), " upgrade without any approval."))
		}
	} else if err := t.others(ctx, &m); err != nil {
		return m, err
	}
	m.Footer = setBy(own, def)
	return m, nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// grantRow is a right, to whom it is given, and by what.
func grantRow(own, def fleet.AccessPolicy, r fleet.Right) []string {
	for _, p := range []fleet.AccessPolicy{own, def} {
		who := fleet.TellParties(p.May[r])
		if r == fleet.MayConfirm {
			who = fleet.TellParties(p.Confirm.Parties())
		}
		if who != "" {
			if r == fleet.MayAdminister {
				who += " or administrators"
			}
			return []string{string(r), who, "policy of " + p.Of()}
		}
	}
	return []string{string(r), roleOf(r).ID, "roles"}
}

// others names the distributions that have a policy of their own.
func (t *Table) others(ctx context.Context, m *fleet.Message) error {
	all, err := t.policies().All(ctx)
	if err != nil {
		return err
	}
	var names []string
	for _, p := range all {
		if p.Distribution != "" {
			names = append(names, string(p.Distribution))
		}
	}
	if len(names) > 0 {
		m.More = append(m.More, fleet.Say("With a policy of their own: "+strings.Join(names, ", ")+". To see one: ", fleet.Mono(fleet.Slash+" policy show "+names[0])))
	}
	return nil
}

func setBy(own, def fleet.AccessPolicy) fleet.Line {
	for _, p := range []fleet.AccessPolicy{own, def} {
		if p.Revision > 0 {
			return fleet.Say(fmt.Sprintf("The policy of %s has revision %d, set by ", p.Of(), p.Revision), fleet.By(p.By), ", ", fleet.When(p.At), ".")
		}
	}
	return fleet.Say("No policy was ever set: the roles decide.")
}
