package commands

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// newTarget shows, sets or clears the upgrade target.
func newTarget(t *Table) Command {
	return Command{
		Verb: "target", Args: "DIST [PLATFORM | --none]", Min: 1, Max: 2, Group: "Platforms",
		Options: []Option{{Name: "none", Help: "have no target"}},
		Summary: "show or set the platform its sites should be on",
		Help: []string{
			"Setting it locks the other platforms of the distribution: no new sites and no new plans go to them.",
			fleet.Slash + " target atrium atrium-1.1.0",
		},
		Role: fleet.Reader, Run: t.target,
	}
}

func (t *Table) target(ctx context.Context, r Request) (fleet.Message, error) {
	d, err := t.dist(ctx, r.Args[0])
	if err != nil {
		return fleet.Message{}, err
	}
	if len(r.Args) == 1 && r.Opts["none"] == "" {
		if d.Target == "" {
			return say(fmt.Sprintf("Distribution %s has no upgrade target.", d.Name)), nil
		}
		return say(fmt.Sprintf("The upgrade target of %s is %s.", d.Name, d.Target)), nil
	}
	if _, err := t.allow(ctx, r.Who, wish{fleet.Maintainer, "change the target", []need{{fleet.MayTarget, d.Name}}}); err != nil {
		return fleet.Message{}, err
	}
	if r.Opts["none"] != "" {
		if _, err := t.Targets.Clear(ctx, d.Name, r.Who); err != nil {
			return fleet.Message{}, err
		}
		return say(fmt.Sprintf("Distribution %s has no upgrade target any more; its platforms stay locked as they are.", d.Name)), nil
	}
	p, err := t.platform(ctx, r.Args[1])
	if err != nil {
		return fleet.Message{}, err
	}
	if d, err = t.Targets.Set(ctx, d.Name, p.Name, r.Who); err != nil {
		return fleet.Message{}, err
	}
	return say(fmt.Sprintf("The upgrade target of %s is %s now; its other platforms are locked.", d.Name, d.Target),
		fleet.Say("Plans for its out-of-date sites appear in their channel.")), nil
}
