package commands

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// newRemove forgets a distribution; its platforms stay, on their own.
func newRemove(t *Table) Command {
	return Command{
		Verb: "remove", Args: "DIST", Min: 1, Max: 1, Group: "Distributions",
		Summary: "forget a distribution whose platforms have no sites",
		Help:    []string{fleet.Slash + " remove atrium"}, Role: fleet.Administrator,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			d, err := t.dist(ctx, r.Args[0])
			if err != nil {
				return fleet.Message{}, err
			}
			if err := t.Catalog.Remove(ctx, d.Name, r.Who); err != nil {
				return fleet.Message{}, err
			}
			return say(fmt.Sprintf("Distribution %s is removed; its platforms stay, without a distribution.", d.Name)), nil
		},
	}
}
