package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// newCancel cancels a plan that is not decided, or a task.
func newCancel(t *Table) Command {
	return Command{
		Verb: "cancel", Args: "PLAN|TASK", Min: 1, Max: 1, Group: "Tasks",
		Summary: "cancel an undecided plan, or a task that has not gone too far",
		Help:    []string{fleet.Slash + " cancel 01jd0000000000000000000001"}, Role: fleet.Reader, // a requester may cancel their own plan; Decider and permit see to the rest
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			p, err := t.plan(ctx, r.Args[0])
			if err == nil {
				return t.vote(ctx, r, fleet.Vote{Plan: p.ID, Revision: p.Revision})
			}
			if fleet.CodeOf(err) != fleet.NotFound {
				return fleet.Message{}, err
			}
			needs, err := t.needs(ctx, demand{fleet.MayAsk, ofTask}, r.Args)
			if err != nil {
				return fleet.Message{}, err
			}
			if _, err := t.allow(ctx, r.Who, wish{fleet.Maintainer, "cancel a task", needs}); err != nil {
				return fleet.Message{}, err
			}
			x, err := t.Tasks.Cancel(ctx, fleet.TaskID(strings.ToLower(r.Args[0])), r.Who)
			if fleet.CodeOf(err) == fleet.NotFound {
				return fleet.Message{}, fleet.Errorf(fleet.NotFound, "There is no plan and no task %q.", fleet.Clean(r.Args[0], 40))
			}
			if err != nil {
				return fleet.Message{}, err
			}
			if x.State == fleet.TaskCancelled {
				return say(fmt.Sprintf("Task %s is cancelled.", x.ID)), nil
			}
			return say(fmt.Sprintf("Task %s was asked to stop; it does so as soon as that is safe.", x.ID)), nil
		},
	}
}
