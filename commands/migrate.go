package commands

import (
	"context"

	"github.com/distrobot/distrobot/fleet"
)

// newMigrate proposes to move a site to any platform, target or not.
func newMigrate(t *Table) Command {
	return Command{
		Verb: "migrate", Args: "SITE PLATFORM", Min: 2, Max: 2, Group: "Upgrades",
		Summary: "propose to move a site to any platform",
		Help:    []string{fleet.Slash + " migrate shop.example.org atrium-1.1.0", "It changes nothing by itself: a plan is posted, and somebody confirms it."},
		Role:    fleet.Administrator,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			s, err := t.site(ctx, r.Args[0])
			if err != nil {
				return fleet.Message{}, err
			}
			p, err := t.platform(ctx, r.Args[1])
			if err != nil {
				return fleet.Message{}, err
			}
			if s.Platform == p.Name {
				return fleet.Message{}, fleet.Errorf(fleet.Refused, "Site %s is on %s already.", s.URI, p.Name)
			}
			return t.propose(ctx, r, fleet.Proposal{Kind: fleet.Migrate, Scope: fleet.Scope{Site: s.URI}, To: p.Name})
		},
	}
}
