package commands

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// newSiteUnpin lets a site be upgraded again after it was rolled back.
func newSiteUnpin(t *Table) Command {
	return Command{
		Verb: "site", Sub: "unpin", Args: "URI", Min: 1, Max: 1, Group: "Sites",
		Summary: "let a site that was rolled back be upgraded again", Help: []string{fleet.Slash + " site unpin shop.example.org"}, Role: fleet.Maintainer,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			s, err := t.site(ctx, r.Args[0])
			if err != nil {
				return fleet.Message{}, err
			}
			if s.Pinned == "" {
				return say(fmt.Sprintf("Site %s is not pinned.", s.URI)), nil
			}
			if _, err := t.Sites.Pin(ctx, s.URI, "", r.Who); err != nil {
				return fleet.Message{}, err
			}
			return say(fmt.Sprintf("Site %s is not pinned any more and may be upgraded.", s.URI),
				fleet.Say("To see what would change: ", fleet.Mono(fmt.Sprintf("%s upgrade %s", fleet.Slash, s.URI)))), nil
		},
	}
}
