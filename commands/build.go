package commands

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// newBuild builds a platform of a distribution from a tag or branch.
func newBuild(t *Table) Command {
	return Command{
		Verb: "build", Args: "DIST [REF] [--again]", Min: 1, Max: 2, Group: "Platforms",
		Options: []Option{{Name: "again", Help: "also if the same commit was built before"}},
		Summary: "build a platform from what is followed, or from a tag or branch",
		Help:    []string{fleet.Slash + " build atrium", fleet.Slash + " build atrium 1.1.0"},
		Role:    fleet.Maintainer, Run: t.build,
	}
}

func (t *Table) build(ctx context.Context, r Request) (fleet.Message, error) {
	d, err := t.dist(ctx, r.Args[0])
	if err != nil {
		return fleet.Message{}, err
	}
	if d.URL == "" {
		return fleet.Message{}, fleet.Errorf(fleet.Refused, "Distribution %s has no repository to build from.", d.Name).
			WithHint("Give it one: %s edit %s --url URL", fleet.Slash, d.Name)
	}
	name := ""
	if len(r.Args) > 1 {
		name = r.Args[1]
	}
	if name == "" && d.Track.None() {
		return fleet.Message{}, newBuild(t).usage("Distribution %s follows nothing, so name a tag or branch.", d.Name)
	}
	ref, err := t.Prober.Resolve(ctx, d, name)
	if err != nil {
		return fleet.Message{}, err
	}
	if r.Opts["again"] == "" {
		old, err := t.built(ctx, d.Name, ref.Commit)
		if err != nil {
			return fleet.Message{}, err
		}
		if old != "" {
			return say(fmt.Sprintf("%s is built already, as %s.", fleet.Clean(ref.Short(), 60), old),
				fleet.Say("To build it once more: ", fleet.Mono(fmt.Sprintf("%s build %s %s --again", fleet.Slash, d.Name, fleet.Clean(ref.Short(), 60))))), nil
		}
	}
	p, err := t.Builder.Build(ctx, fleet.BuildOrder{Distribution: d.Name, Ref: ref, By: r.Who, Channel: t.where(r, d)})
	if err != nil {
		return fleet.Message{}, err
	}
	return say(fmt.Sprintf("Building %s %s as %s; progress appears in %s.", d.Name, fleet.Clean(ref.Short(), 60), p.Name, here(r))), nil
}

// built finds a ready platform of the same commit; "" if there is none.
func (t *Table) built(ctx context.Context, d fleet.DistName, commit string) (fleet.PlatformName, error) {
	all, err := t.Catalog.Platforms(ctx, d)
	if err != nil {
		return "", err
	}
	for _, p := range all {
		if p.Ref.Commit == commit && p.State == fleet.PlatformReady {
			return p.Name, nil
		}
	}
	return "", nil
}
