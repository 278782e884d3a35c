package commands

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// newRetire deletes the trees of a platform that nothing uses.
func newRetire(t *Table) Command {
	return Command{
		Verb: "retire", Args: "PLATFORM", Min: 1, Max: 1, Group: "Platforms",
		Summary: "delete a platform that has no sites and is no target", Help: []string{fleet.Slash + " retire atrium-1.0.0"}, Role: fleet.Administrator,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			p, err := t.platform(ctx, r.Args[0])
			if err != nil {
				return fleet.Message{}, err
			}
			task, err := t.Builder.Retire(ctx, p.Name, r.Who)
			if err != nil {
				return fleet.Message{}, err
			}
			if err := t.follow(ctx, task, t.where(r, fleet.Distribution{})); err != nil {
				return fleet.Message{}, err
			}
			return say(fmt.Sprintf("Platform %s is being deleted by task %s; progress appears in %s.", p.Name, task.ID, here(r))), nil
		},
	}
}
