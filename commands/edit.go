package commands

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// newEdit changes a distribution's settings. Without options it opens a form.
func newEdit(t *Table) Command {
	return Command{
		Verb: "edit", Args: "DIST [--OPTION VALUE …]", Min: 1, Max: 1, Group: "Distributions",
		Options: distOptions[:],
		Summary: "change what a distribution follows and its policies",
		Help: []string{
			"Undecided plans are drawn again under the new rules; running ones pause before their next wave.",
			fleet.Slash + " edit atrium --target auto --channel releases",
		},
		Role: fleet.Maintainer,
		Form: t.editForm,
		Run:  t.edit,
	}
}

func (t *Table) edit(ctx context.Context, r Request) (fleet.Message, error) {
	d, err := t.dist(ctx, r.Args[0])
	if err != nil {
		return fleet.Message{}, err
	}
	if len(r.Opts) == 0 {
		if r.Shell {
			return fleet.Message{}, newEdit(t).usage("Nothing to change was given.")
		}
		form, err := t.editForm(ctx, r)
		return fleet.Message{Text: form.Title + ".", Form: &form}, err
	}
	next := d
	if err := setDist(&next, r.Opts); err != nil {
		return fleet.Message{}, err
	}
	if err := t.joined(ctx, r.Opts); err != nil {
		return fleet.Message{}, err
	}
	if next.URL != "" && (next.URL != d.URL || next.Track != d.Track) {
		if _, err := t.resolve(ctx, next, ""); err != nil {
			return fleet.Message{}, err
		}
	}
	d, err = t.Catalog.Edit(ctx, d.Name, r.Who, func(d *fleet.Distribution) error { return setDist(d, r.Opts) })
	if err != nil {
		return fleet.Message{}, err
	}
	m := showDist(d, nil, nil)
	m.Text = fmt.Sprintf("Distribution %s is changed.", d.Name)
	m.Lines = append([]fleet.Line{fleet.Say(m.Text)}, m.Lines...)
	return m, nil
}
