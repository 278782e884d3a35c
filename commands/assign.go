package commands

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// newAssign lets a platform that exists join a distribution.
func newAssign(t *Table) Command {
	return Command{
		Verb: "assign", Args: "PLATFORM|PATTERN DIST", Min: 2, Max: 2, Group: "Platforms",
		Summary: "let an existing platform join a distribution",
		Help: []string{
			fleet.Slash + " assign atrium-1.2.0 atrium",
			fleet.Slash + " assign 'drupal-*' atrium",
			"With a pattern the platforms join that are there and belong to no distribution, and those that are found later in the system of a host, such as Aegir.",
		},
		Role: fleet.Maintainer,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			if fleet.IsPattern(r.Args[0]) {
				return t.assignMatching(ctx, r)
			}
			p, err := t.platform(ctx, r.Args[0])
			if err != nil {
				return fleet.Message{}, err
			}
			d, err := t.dist(ctx, r.Args[1])
			if err != nil {
				return fleet.Message{}, err
			}
			if p, err = t.Targets.Assign(ctx, p.Name, d.Name, r.Who); err != nil {
				return fleet.Message{}, err
			}
			text := fmt.Sprintf("Platform %s belongs to %s now.", p.Name, d.Name)
			if p.Locked {
				text = fmt.Sprintf("Platform %s belongs to %s now and is locked, because %s is the target.", p.Name, d.Name, d.Target)
			}
			return say(text), nil
		},
	}
}

// newUnassign lets a platform leave its distribution.
func newUnassign(t *Table) Command {
	return Command{
		Verb: "unassign", Args: "PLATFORM|PATTERN", Min: 1, Max: 1, Group: "Platforms",
		Summary: "let a platform leave its distribution", Help: []string{fleet.Slash + " unassign shop-old"}, Role: fleet.Maintainer,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			if fleet.IsPattern(r.Args[0]) {
				return t.forgetPattern(ctx, r)
			}
			p, err := t.platform(ctx, r.Args[0])
			if err != nil {
				return fleet.Message{}, err
			}
			if p.Distribution == "" {
				return say(fmt.Sprintf("Platform %s belongs to no distribution.", p.Name)), nil
			}
			if _, err := t.Targets.Assign(ctx, p.Name, "", r.Who); err != nil {
				return fleet.Message{}, err
			}
			return say(fmt.Sprintf("Platform %s has left %s; nothing is offered for its sites.", p.Name, p.Distribution)), nil
		},
	}
}

// assignMatching lets all platforms join whose names match, now and later.
func (t *Table) assignMatching(ctx context.Context, r Request) (fleet.Message, error) {
	d, err := t.dist(ctx, r.Args[1])
	if err != nil {
		return fleet.Message{}, err
	}
	joined, err := t.Targets.Adopt(ctx, fleet.PlatformPattern(r.Args[0]), d.Name, r.Who)
	if err != nil {
		return fleet.Message{}, err
	}
	m := say(fmt.Sprintf("%s %s now. Others that match and are found in a host's own system will join.",
		fleet.Plural(len(joined), "platform belongs", "platforms belong"), "to "+string(d.Name)))
	if len(joined) == 0 {
		m.Text = fmt.Sprintf("No platform without a distribution matches now. Those that are found in a host's own system will join %s.", d.Name)
	}
	for _, p := range joined {
		state := ""
		if p.Locked {
			state = ", locked because " + string(d.Target) + " is the target"
		}
		m.Lines = append(m.Lines, fleet.Item(fleet.Mono(string(p.Name)), state))
	}
	return m, nil
}

// forgetPattern ends what assignMatching began; platforms stay where they are.
func (t *Table) forgetPattern(ctx context.Context, r Request) (fleet.Message, error) {
	d, err := t.Targets.Adopter(ctx, fleet.PlatformPattern(r.Args[0]))
	if err != nil {
		return fleet.Message{}, err
	}
	if _, err := t.Targets.Adopt(ctx, "", d.Name, r.Who); err != nil {
		return fleet.Message{}, err
	}
	return say(fmt.Sprintf("Platforms that are found later do not join %s any more; those that have stay.", d.Name)), nil
}
