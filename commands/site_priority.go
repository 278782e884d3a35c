package commands

import (
	"context"
	"fmt"
	"strconv"

	"github.com/distrobot/distrobot/fleet"
)

// newSitePriority says which sites of a plan are moved first.
func newSitePriority(t *Table) Command {
	return Command{
		Verb: "site", Sub: "priority", Args: "URI [NUMBER]", Min: 1, Max: 2, Group: "Sites",
		Summary: "which sites of a plan are moved first: those with the highest number", Role: fleet.Maintainer,
		Help: []string{"Sites have 0 until somebody says otherwise; a negative number puts a site last.", fleet.Slash + " site priority shop.example.org -10"},
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			s, err := t.site(ctx, r.Args[0])
			if err != nil {
				return fleet.Message{}, err
			}
			if len(r.Args) > 1 {
				n, err := strconv.Atoi(r.Args[1])
				if err != nil {
					return fleet.Message{}, fleet.Errorf(fleet.Invalid, "%q is not a number.", fleet.Clean(r.Args[1], 40))
				}
				if s, err = t.Sites.Prioritise(ctx, s.URI, int64(n), r.Who); err != nil {
					return fleet.Message{}, err
				}
			}
			return say(fmt.Sprintf("Site %s has the priority %d.", s.URI, s.Priority)), nil
		},
	}
}
