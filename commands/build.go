package commands

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// newBuild builds a platform of a distribution from a tag or branch.
func newBuild(t *Table) Command {
	return Command{
		Verb: "build", Args: "DIST|PLATFORM [REF] [--again] [--host HOST]", Min: 1, Max: 2, Group: "Platforms",
		Options: []Option{{Name: "again", Help: "also if the same commit was built before"},
			{"host", "HOST", "on this machine only; with a platform: on it as well"}},
		Summary: "build a platform from what is followed, or from a tag or branch",
		Help:    []string{fleet.Slash + " build atrium", fleet.Slash + " build atrium 1.1.0", fleet.Slash + " build atrium-1.1.0 --host web3"},
		Role:    fleet.Maintainer, Run: t.build,
	}
}

func (t *Table) build(ctx context.Context, r Request) (fleet.Message, error) {
	var hosts []fleet.HostName
	if r.Opts["host"] != "" {
		h, err := t.host(ctx, r.Opts["host"])
		if err != nil {
			return fleet.Message{}, err
		}
		if x, err := t.thing(ctx, r.Args[0], aPlatform); err == nil && len(r.Args) == 1 {
			return t.buildThere(ctx, r, *x.Platform, h)
		}
		hosts = append(hosts, h)
	}
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
	p, err := t.Builder.Build(ctx, fleet.BuildOrder{Distribution: d.Name, Ref: ref, By: r.Who, Channel: t.where(r, d), Hosts: hosts})
	if err != nil {
		return fleet.Message{}, err
	}
	return say(fmt.Sprintf("Building %s %s as %s; progress appears in %s.", d.Name, fleet.Clean(ref.Short(), 60), p.Name, here(r))), nil
}

// buildThere orders a ready platform on one host more.
func (t *Table) buildThere(ctx context.Context, r Request, p fleet.Platform, h fleet.HostName) (fleet.Message, error) {
	id, err := t.Builder.Extend(ctx, fleet.Extension{Platform: p.Name, Host: h, By: r.Who, Channel: t.where(r, fleet.Distribution{})})
	if err != nil {
		return fleet.Message{}, err
	}
	if id == "" {
		return say(fmt.Sprintf("Platform %s is being built on host %s already.", p.Name, h)), nil
	}
	return say(fmt.Sprintf("Building %s on host %s by task %s; progress appears in %s.", p.Name, h, id, here(r))), nil
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
