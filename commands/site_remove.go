package commands

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// newSiteRemove removes a site. The address is typed twice: what it served is
// gone at once, though its data is kept apart on the machine for a month.
func newSiteRemove(t *Table) Command {
	return Command{
		Verb: "site", Sub: "remove", Args: "URI URI", Min: 1, Max: 2, Group: "Sites",
		Summary: "remove a site and its data; type the address twice", Help: []string{fleet.Slash + " site remove shop.example.org shop.example.org"}, Role: fleet.Administrator,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			s, err := t.site(ctx, r.Args[0])
			if err != nil {
				return fleet.Message{}, err
			}
			again := fleet.URI("")
			if len(r.Args) > 1 {
				again, _ = fleet.ParseURI(r.Args[1])
			}
			if again != s.URI {
				return fleet.Message{}, fleet.Errorf(fleet.Refused, "Removing %s ends it at once; its data is kept apart on its host for 30 days, then deleted.", s.URI).
					WithHint("If that is meant, type the address twice: %s site remove %s %s", fleet.Slash, s.URI, s.URI)
			}
			task, err := t.Sites.Remove(ctx, s.URI, r.Who)
			if err != nil {
				return fleet.Message{}, err
			}
			if err := t.follow(ctx, task, t.where(r, fleet.Distribution{})); err != nil {
				return fleet.Message{}, err
			}
			return say(fmt.Sprintf("Site %s is being removed by task %s; progress appears in %s.", s.URI, task.ID, here(r))), nil
		},
	}
}
