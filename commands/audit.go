package commands

import (
	"context"

	"github.com/distrobot/distrobot/fleet"
)

// auditShown is how many events one answer lists.
const auditShown = 25

// newAudit shows the last decisions and who made them.
func newAudit(t *Table) Command {
	return Command{
		Verb: "audit", Group: "More", Summary: "the last decisions and who made them", Role: fleet.Maintainer,
		Run: func(ctx context.Context, _ Request) (fleet.Message, error) {
			events, _, err := t.Trail.Events(ctx, "", auditShown)
			if err != nil {
				return fleet.Message{}, err
			}
			if len(events) == 0 {
				return say("Nothing was decided yet."), nil
			}
			m := fleet.Message{Title: "Last decisions", Text: "The last " + fleet.Plural(len(events), "decision", "decisions") + "."}
			m.Table = &fleet.Table{Header: []string{"When (UTC)", "Who", "What", "About"}}
			for _, e := range events {
				who := e.Who.Name
				if who == "" {
					who = e.Who.ID
				}
				m.Table.Rows = append(m.Table.Rows, []string{stamp(e.At), orDash(fleet.Clean(who, 40)), orDash(fleet.Clean(e.What, 40)), orDash(fleet.Clean(e.About, 80))})
			}
			return m, nil
		},
	}
}
