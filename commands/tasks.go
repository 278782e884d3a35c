package commands

import (
	"context"

	"github.com/distrobot/distrobot/fleet"
)

// tasksShown is how many tasks one answer lists.
const tasksShown = 25

// newTasks lists tasks, newest first.
func newTasks(t *Table) Command {
	return Command{
		Verb: "tasks", Args: "[--host HOST] [--open]", Group: "Tasks",
		Options: []Option{{"host", "HOST", "of one machine"}, {"open", "", "only those that have not ended"}},
		Summary: "what is being worked on, newest first", Role: fleet.Reader,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			host := fleet.HostName(r.Opts["host"])
			if host != "" {
				if err := t.knownHost(ctx, host); err != nil {
					return fleet.Message{}, err
				}
			}
			list, err := t.Tasks.List(ctx, host, r.Opts["open"] != "", tasksShown)
			if err != nil {
				return fleet.Message{}, err
			}
			if len(list) == 0 {
				return say("There is no such task."), nil
			}
			m := fleet.Message{Title: "Tasks", Text: "The newest " + fleet.Plural(len(list), "task", "tasks") + "."}
			m.Table = &fleet.Table{Header: []string{"Task", "What", "Host", "State", "Ordered"}}
			for _, x := range list {
				m.Table.Rows = append(m.Table.Rows, []string{string(x.ID), fleet.Clean(string(x.Kind)+" "+x.About, 90),
					orDash(string(x.Host)), string(x.State), stamp(x.Created)})
			}
			return m, nil
		},
	}
}
