package commands

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// newAssign lets a platform that exists join a distribution.
func newAssign(t *Table) Command {
	return Command{
		Verb: "assign", Args: "PLATFORM DIST", Min: 2, Max: 2, Group: "Platforms",
		Summary: "let an existing platform join a distribution", Role: fleet.Maintainer,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			p, err := t.platform(ctx, r.Args[0])
			if err != nil {
				return fleet.Message{}, err
			}
			d, err := t.dist(ctx, r.Args[1])
			if err != nil {
				return fleet.Message{}, err
			}
			if p, err = t.Targets.Assign(ctx, p.Name, d.Name, r.Who); err != nil {
				return fleet.Message{}, err
			}
			text := fmt.Sprintf("Platform %s belongs to %s now.", p.Name, d.Name)
			if p.Locked {
				text = fmt.Sprintf("Platform %s belongs to %s now and is locked, because %s is the target.", p.Name, d.Name, d.Target)
			}
			return say(text), nil
		},
	}
}

// newUnassign lets a platform leave its distribution.
func newUnassign(t *Table) Command {
	return Command{
		Verb: "unassign", Args: "PLATFORM", Min: 1, Max: 1, Group: "Platforms",
		Summary: "let a platform leave its distribution", Role: fleet.Maintainer,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			p, err := t.platform(ctx, r.Args[0])
			if err != nil {
				return fleet.Message{}, err
			}
			if p.Distribution == "" {
				return say(fmt.Sprintf("Platform %s belongs to no distribution.", p.Name)), nil
			}
			if _, err := t.Targets.Assign(ctx, p.Name, "", r.Who); err != nil {
				return fleet.Message{}, err
			}
			return say(fmt.Sprintf("Platform %s has left %s; nothing is offered for its sites.", p.Name, p.Distribution)), nil
		},
	}
}
