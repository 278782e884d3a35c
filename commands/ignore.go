package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// newIgnore says that a version of a distribution is not to be offered.
func newIgnore(t *Table) Command {
	return Command{
		Verb: "ignore", Args: "DIST [VERSION] [--off]", Min: 1, Max: 2, Group: "Distributions",
		Options: []Option{{"off", "", "offer it again"}},
		Summary: "never offer a version of it, or list those ignored", Role: fleet.Maintainer,
		Help: []string{fleet.Slash + " ignore atrium 2.0.0"},
		Run:  t.ignore,
	}
}

func (t *Table) ignore(ctx context.Context, r Request) (fleet.Message, error) {
	d, err := t.dist(ctx, r.Args[0])
	if err != nil {
		return fleet.Message{}, err
	}
	if len(r.Args) == 1 {
		if d.Hush.Ignored == "" {
			return say(fmt.Sprintf("No version of %s is ignored.", d.Name)), nil
		}
		return say(fmt.Sprintf("Of %s these versions are ignored: %s.", d.Name, strings.ReplaceAll(d.Hush.Ignored, " ", ", "))), nil
	}
	version := r.Args[1]
	if _, off := r.Opts["off"]; off {
		if err := t.News.Unignore(ctx, d.Name, version, r.Who); err != nil {
			return fleet.Message{}, err
		}
		return say(fmt.Sprintf("Version %s of %s is offered again when its repository is read next.", fleet.Clean(version, 60), d.Name)), nil
	}
	if err := t.News.Ignore(ctx, d.Name, version, r.Who); err != nil {
		return fleet.Message{}, err
	}
	return say(fmt.Sprintf("Version %s of %s is ignored.", fleet.Clean(version, 60), d.Name),
		fleet.Say("To have it offered again: ", fleet.Mono(fmt.Sprintf("%s ignore %s %s --off", fleet.Slash, d.Name, fleet.Clean(version, 60))))), nil
}
