package commands

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// newLock and newUnlock close and open a platform for new sites and plans.
func newLock(t *Table) Command {
	return Command{Verb: "lock", Args: "PLATFORM", Min: 1, Max: 1, Group: "Platforms",
		Summary: "let no new sites and plans go to a platform", Help: []string{fleet.Slash + " lock atrium-1.0.0"}, Role: fleet.Maintainer, Run: t.locking(true)}
}

func newUnlock(t *Table) Command {
	return Command{Verb: "unlock", Args: "PLATFORM", Min: 1, Max: 1, Group: "Platforms",
		Summary: "let new sites and plans go to a platform again", Help: []string{fleet.Slash + " unlock atrium-1.0.0"}, Role: fleet.Maintainer, Run: t.locking(false)}
}

func (t *Table) locking(lock bool) func(context.Context, Request) (fleet.Message, error) {
	return func(ctx context.Context, r Request) (fleet.Message, error) {
		p, err := t.platform(ctx, r.Args[0])
		if err != nil {
			return fleet.Message{}, err
		}
		if p.Locked == lock {
			return say(fmt.Sprintf("Platform %s is %s already.", p.Name, map[bool]string{true: "locked", false: "unlocked"}[lock])), nil
		}
		if _, err := t.Targets.Lock(ctx, p.Name, lock, r.Who); err != nil {
			return fleet.Message{}, err
		}
		if lock {
			return say(fmt.Sprintf("Platform %s is locked: no new sites and no new plans go to it.", p.Name)), nil
		}
		return say(fmt.Sprintf("Platform %s is unlocked.", p.Name)), nil
	}
}
