package commands

import (
	"context"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// policyForm is what policy set opens when it is called bare, and anew whenever
// another distribution is chosen: its policy as it is now.
func (t *Table) policyForm(ctx context.Context, r Request) (fleet.Form, error) {
	f := fleet.Form{Command: "policy set", Title: "Change a policy", Submit: "Save",
		Intro: []fleet.Line{fleet.Say("Name groups, people and channels as @release, @bob and #ops, with commas between them; administrators, maintainers and readers are the roles. " +
			"What is left empty is as the default policy says, or else as the roles have it.")}}
	dists, err := t.distChoices(ctx)
	if err != nil {
		return f, err
	}
	name := r.Opts["name"]
	if len(r.Args) > 0 {
		name = r.Args[0]
	}
	if name == "" {
		name = "*"
	}
	d, err := t.ruled(ctx, name)
	if err != nil {
		return f, err
	}
	if d != "" {
		name = string(d)
	}
	all := append([]fleet.Choice{{Value: "*", Label: "All distributions (the default policy)"}}, dists...)
	f.Inputs = []fleet.Input{picked(fleet.Input{Name: "name", Label: "Policy of", Initial: name, Redraw: true}, all)}
	own, _, err := t.policies().Get(ctx, d)
	f.Inputs = append(f.Inputs, policyInputs(own)...)
	return f, err
}

// rightLabels are the inputs of rights, in the order of the form.
var rightLabels = []struct{ name, label string }{
	{"ask", "Who may ask for upgrades"}, {"build", "Who may build platforms"}, {"rollback", "Who may ask for rollbacks"},
	{"target", "Who may change upgrade targets and locks"}, {"freeze", "Who may freeze and thaw"}, {"administer", "Who may administer, besides administrators"},
}

// policyInputs are the inputs of what a policy says by itself.
func policyInputs(p fleet.AccessPolicy) []fleet.Input {
	text := func(name, label, placeholder, hint string) fleet.Input {
		return fleet.Input{Name: name, Label: label, Placeholder: placeholder, Hint: hint, Initial: policyText(p, name), Optional: true}
	}
	unsaid := "As the default policy says"
	if p.Distribution == "" {
		unsaid = "Not said here: no"
	}
	answer := func(name, label string) fleet.Input {
		return fleet.Input{Name: name, Label: label, Initial: policyText(p, name),
			Choices: []fleet.Choice{{Value: byDefault, Label: unsaid}, {Value: "yes", Label: "Yes"}, {Value: "no", Label: "No"}}}
	}
	out := []fleet.Input{
		text("confirm", "Whose approvals a plan needs", "2 of @release, @client", "One of a group: @release. Two people from different groups: 2 of @release, @client."),
		answer("need-reason", "Each approval needs a reason"),
		answer("second-factor", "Each approval is confirmed once more in a browser"),
		text("break-glass", "Who may confirm alone in an emergency", "@oncall", "With a reason, and an alarm in the channel below."),
		text("alarm", "Channel that is told of an emergency", "#incidents", ""),
	}
	for _, r := range rightLabels {
		out = append(out, text(r.name, r.label, "@release, @bob", ""))
	}
	return out
}

// policyText is what a policy says by itself, as it could be typed: the reverse of
// readPolicy. A choice that says nothing is byDefault, a text is empty.
func policyText(p fleet.AccessPolicy, name string) string {
	switch name {
	case "need-reason":
		return orDefault(string(p.Reason))
	case "second-factor":
		return orDefault(string(p.Second))
	case "alarm":
		return p.Alarm
	case "confirm":
		return p.Confirm.String()
	case "break-glass":
		return partyText(p.Glass)
	}
	return partyText(p.May[fleet.Right(name)])
}

func orDefault(s string) string {
	if s == "" {
		return byDefault
	}
	return s
}

func partyText(parties []fleet.Party) string {
	words := make([]string, len(parties))
	for i, p := range parties {
		words[i] = p.String()
	}
	return strings.Join(words, ", ")
}
