package commands

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// A poller reads a distribution's repository now. The watcher implements it.
type poller interface {
	Poll(ctx context.Context, d fleet.DistName) error
}

// newCheck reads a repository without waiting for its turn.
func newCheck(t *Table) Command {
	return Command{
		Verb: "check", Args: "DIST", Min: 1, Max: 1, Group: "Distributions",
		Summary: "read the repository now", Role: fleet.Maintainer,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			d, err := t.dist(ctx, r.Args[0])
			if err != nil {
				return fleet.Message{}, err
			}
			if d.Track.None() {
				return fleet.Message{}, fleet.Errorf(fleet.Refused, "Distribution %s follows nothing.", d.Name).
					WithHint("Let it follow something: %s edit %s --tags '1\\.\\d+\\.\\d+'", fleet.Slash, d.Name)
			}
			if t.Poller == nil {
				return fleet.Message{}, fleet.Errorf(fleet.Refused, "Repositories are read by the running bot; this is not it.").
					WithHint("Ask in Slack instead: %s check %s", fleet.Slash, d.Name)
			}
			before := fleet.Cursor{Distribution: d.Name}
			if _, err := t.Store.Read(ctx, &before); err != nil {
				return fleet.Message{}, err
			}
			if err := t.Poller.Poll(ctx, d.Name); err != nil {
				return fleet.Message{}, err
			}
			after := fleet.Cursor{Distribution: d.Name}
			if _, err := t.Store.Read(ctx, &after); err != nil {
				return fleet.Message{}, err
			}
			return checked(d, before, after), nil
		},
	}
}

func checked(d fleet.Distribution, before, after fleet.Cursor) fleet.Message {
	switch {
	case after.Failing != "":
		m := say(fmt.Sprintf("The repository of %s cannot be read: %s", d.Name, fleet.Clean(after.Failing, 300)))
		m.Tone = fleet.Warn
		return m
	case after.Head.Commit == "":
		return say(fmt.Sprintf("The repository of %s was read; nothing in it matches.", d.Name))
	case after.Head == before.Head:
		return say(fmt.Sprintf("The repository of %s was read; %s is still the newest.", d.Name, fleet.Clean(after.Head.Short(), 60)))
	}
	return say(fmt.Sprintf("The repository of %s was read; %s is new.", d.Name, fleet.Clean(after.Head.Short(), 60)))
}
