package commands

import (
	"context"

	"github.com/distrobot/distrobot/fleet"
)

// newList lists the distributions.
func newList(t *Table) Command {
	return Command{
		Verb: "list", Group: "Distributions", Summary: "all distributions with their targets", Help: []string{fleet.Slash + " list"}, Role: fleet.Reader,
		Run: func(ctx context.Context, _ Request) (fleet.Message, error) {
			dists, bad, err := t.Catalog.Look(ctx)
			if err != nil {
				return fleet.Message{}, err
			}
			if len(dists)+len(bad) == 0 {
				return say("There is no distribution yet.", fleet.Say("Add one: ", fleet.Mono(fleet.Slash+" add"))), nil
			}
			standing, err := t.Catalog.Standing(ctx)
			if err != nil {
				return fleet.Message{}, err
			}
			m := fleet.Message{Text: "There " + areMany(len(dists), "distribution", "distributions") + ".", Title: "Distributions"}
			cursors, err := t.cursors(ctx, dists)
			if err != nil {
				return fleet.Message{}, err
			}
			m.Table = &fleet.Table{Header: []string{"Name", "Follows", "Target", "Up to date", "Out of date", "Last read"},
				Right: []bool{false, false, false, true, true, false}}
			for i, d := range dists {
				m.Table.Rows = append(m.Table.Rows, append(distRow(d, standing), lastRead(d, cursors[i])))
			}
			if len(bad) > 0 {
				m.Tone, m.Lines = fleet.Warn, fleet.TellDistrusted(bad)
			}
			return m, nil
		},
	}
}

func distRow(d fleet.Distribution, all []fleet.Standing) []string {
	row := []string{string(d.Name), follows(d), orDash(string(d.Target)), "—", "—"}
	for _, s := range all {
		if s.Distribution.Name == d.Name {
			row[3], row[4] = count(s.OnTarget), count(s.OutOfDate)
		}
	}
	return row
}

// lastRead says when a distribution's repository was read, or that it cannot be.
func lastRead(d fleet.Distribution, c fleet.Cursor) string {
	switch {
	case d.Track.None():
		return "—"
	case c.Failing != "":
		return "⚠️ fails"
	case d.Hush.Muted.After(c.Checked) && !c.Checked.IsZero():
		return stamp(c.Checked) + ", muted"
	}
	return stamp(c.Checked)
}

// follows says what of its repository a distribution follows.
func follows(d fleet.Distribution) string {
	switch {
	case d.Track.Branch != "":
		return "branch " + fleet.Clean(d.Track.Branch, 60)
	case d.Track.Tags != "":
		return "tags " + fleet.Clean(d.Track.Tags, 60)
	case d.Track.Versions != "":
		return "versions " + fleet.Clean(d.Track.Versions, 60)
	}
	return "nothing"
}
