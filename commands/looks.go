package commands

import (
	"context"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// newLooks shows what was seen of a site before and after its move.
func newLooks(t *Table) Command {
	return Command{Verb: "looks", Args: "TASK", Min: 1, Max: 1, Group: "Tasks", Summary: "how a site's pages looked before and after its move",
		Help: []string{fleet.Slash + " looks 01jd0000000000000000000001"}, Role: fleet.Reader, Run: t.looks}
}

func newLooksRight(t *Table) Command {
	return Command{Verb: "looks", Sub: "right", Args: "TASK", Min: 1, Max: 1, Group: "Tasks", Summary: "let a task that waits for somebody to look go on",
		Help: []string{fleet.Slash + " looks right 01jd0000000000000000000001"}, Role: fleet.Maintainer, Run: func(ctx context.Context, r Request) (fleet.Message, error) { return t.answer(ctx, r, fleet.LooksRight) }}
}

func (t *Table) looks(ctx context.Context, r Request) (fleet.Message, error) {
	x, err := t.Tasks.Find(ctx, fleet.TaskID(strings.ToLower(r.Args[0])))
	if err != nil {
		return fleet.Message{}, err
	}
	l := fleet.Look{Host: x.Host, Task: x.ID}
	found, err := t.Store.Read(ctx, &l)
	if err != nil {
		return fleet.Message{}, err
	}
	if !found[0] {
		return fleet.Message{}, fleet.Errorf(fleet.NotFound, "Nothing was looked at by task %s.", x.ID).
			WithHint("Pages are looked at when a site is moved, if its distribution wants that: %s edit NAME --look ask", fleet.Slash)
	}
	pictures, err := fleet.Pictures(ctx, t.Store, l)
	return fleet.TellLook(l, pictures), err
}
