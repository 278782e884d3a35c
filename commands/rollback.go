package commands

import (
	"context"

	"github.com/distrobot/distrobot/fleet"
)

// newRollback proposes to return a site to the copy that was kept.
func newRollback(t *Table) Command {
	return Command{
		Verb: "rollback", Args: "SITE", Min: 1, Max: 1, Group: "Upgrades",
		Summary: "propose to return a site to the copy that was kept",
		Help:    []string{fleet.Slash + " rollback shop.example.org", "It changes nothing by itself: a plan is posted, and somebody confirms it. What was written since the upgrade stays in the abandoned copy."},
		Role:    fleet.Maintainer,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			s, err := t.site(ctx, r.Args[0])
			if err != nil {
				return fleet.Message{}, err
			}
			if err := t.cameFrom(ctx, s); err != nil {
				return fleet.Message{}, err
			}
			return t.propose(ctx, r, fleet.Proposal{Kind: fleet.Rollback, Scope: fleet.Scope{Site: s.URI}})
		},
	}
}
