package commands

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// newHosts lists the machines that have a worker.
func newHosts(t *Table) Command {
	return Command{
		Verb: "hosts", Group: "Tasks", Summary: "the machines with a worker, as they last reported", Role: fleet.Reader,
		Run: func(ctx context.Context, _ Request) (fleet.Message, error) {
			names, err := t.Store.List(ctx, fleet.AllHosts, fleet.Page{})
			if err != nil {
				return fleet.Message{}, err
			}
			if len(names) == 0 {
				return say("No worker has reported itself yet.", fleet.Say("Start one: ", fleet.Mono("distrobot worker --host NAME"))), nil
			}
			hosts, recs := make([]fleet.Host, len(names)), make([]fleet.Record, len(names))
			for i, n := range names {
				hosts[i].Name = fleet.HostName(n)
				recs[i] = &hosts[i]
			}
			if _, err := t.Store.Read(ctx, recs...); err != nil {
				return fleet.Message{}, err
			}
			m := fleet.Message{Title: "Hosts", Text: "There " + areMany(len(hosts), "host", "hosts") + "."}
			m.Table = &fleet.Table{Header: []string{"Host", "Backend", "Tasks", "Free", "Last heard"}, Right: []bool{false, false, true, true}}
			for _, h := range hosts {
				m.Table.Rows = append(m.Table.Rows, t.hostRow(h))
			}
			return m, nil
		},
	}
}

func (t *Table) hostRow(h fleet.Host) []string {
	heard := stamp(h.Seen)
	if !h.Seen.IsZero() && t.now().Sub(h.Seen) > fleet.HostSilent {
		heard += ", silent since"
	}
	return []string{orDash(string(h.Name)), orDash(h.Backend), count(h.Running), fmt.Sprintf("%.1f GB", float64(h.Free)/1e9), heard}
}
