package commands

import (
	"context"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// Draft draws a form as it looks with what was chosen so far, or, when an input
// is searched, a form of that input alone with what there is to choose. The
// person needs the role of the command. Errors for people are *fleet.Error.
func (t *Table) Draft(ctx context.Context, d Draft) (fleet.Form, error) {
	cmd, _, err := find(t.List(), words(d.Command))
	if err != nil {
		return fleet.Form{}, err
	}
	if cmd.Form == nil {
		return fleet.Form{}, forgotten()
	}
	r := Request{Who: d.Who, Opts: map[string]string{}}
	for name, value := range d.Inputs {
		if d.Chosen != "name" || name == "name" {
			r.Opts[name] = value
		}
	}
	if d.State != "" {
		r.Args = []string{d.State}
	}
	if r.Role, err = t.allowed(ctx, cmd, r); err != nil {
		return fleet.Form{}, err
	}
	if d.Search == "" {
		f, err := cmd.Form(ctx, r)
		f.Fresh = d.Chosen == "name"
		return f, err
	}
	choices, err := t.found(ctx, cmd.Name(), d.Query)
	return fleet.Form{Command: d.Command, Inputs: []fleet.Input{{Name: d.Search, Choices: choices}}}, err
}

// found are the choices of a searched input that fit what was typed, at most as
// many as a select holds.
func (t *Table) found(ctx context.Context, command, query string) ([]fleet.Choice, error) {
	all, err := t.distChoices(ctx)
	if command == "site create" {
		all, err = t.landings(ctx)
	}
	if err != nil {
		return nil, err
	}
	query = strings.ToLower(strings.TrimSpace(query))
	var out []fleet.Choice
	for _, c := range all {
		if len(out) < fleet.MaxChoices && strings.Contains(strings.ToLower(c.Label), query) {
			out = append(out, c)
		}
	}
	return out, nil
}

// picked makes an input a select of choices, searched if they are too many for
// one that lists them.
func picked(in fleet.Input, choices []fleet.Choice) fleet.Input {
	if in.Choices = choices; len(choices) > fleet.MaxChoices {
		in.Choices, in.Search = nil, true
		for _, c := range choices {
			if c.Value == in.Initial {
				in.Choices = []fleet.Choice{c} // so that what is chosen can be shown
			}
		}
	}
	return in
}

// distChoices are all distributions, by name.
func (t *Table) distChoices(ctx context.Context) ([]fleet.Choice, error) {
	dists, _, err := t.Catalog.Look(ctx)
	var out []fleet.Choice
	for _, d := range dists {
		out = append(out, fleet.Choice{Value: string(d.Name), Label: string(d.Name)})
	}
	return out, err
}

// landings are the places for a new site: first the distributions that have a
// target, which is what people mean most often, then the platforms that take sites.
func (t *Table) landings(ctx context.Context) ([]fleet.Choice, error) {
	dists, _, err := t.Catalog.Look(ctx)
	if err != nil {
		return nil, err
	}
	var out []fleet.Choice
	targets := map[fleet.PlatformName]bool{}
	for _, d := range dists {
		if d.Target != "" {
			targets[d.Target] = true
			out = append(out, fleet.Choice{Value: aDist + ":" + string(d.Name), Label: string(d.Name) + " (its target, " + string(d.Target) + ")"})
		}
	}
	plats, err := t.Catalog.Platforms(ctx, "")
	if err != nil && fleet.CodeOf(err) != fleet.Tampered {
		return nil, err
	}
	for _, p := range plats {
		if p.State == fleet.PlatformReady && !p.Locked && !targets[p.Name] {
			out = append(out, fleet.Choice{Value: aPlatform + ":" + string(p.Name), Label: string(p.Name)})
		}
	}
	return out, nil
}
