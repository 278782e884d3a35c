package commands

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

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

// newMute holds back what is announced of a distribution.
func newMute(t *Table) Command {
	return Command{
		Verb: "mute", Args: "DIST [HOURS] [--off]", Min: 1, Max: 2, Group: "Distributions",
		Options: []Option{{"off", "", "announce it again, what was held back first"}},
		Summary: "announce nothing of it for some hours, or until told otherwise", Role: fleet.Maintainer,
		Help: []string{"What it newly offers is still noticed, built if it builds by itself, and listed by the digest.", fleet.Slash + " mute atrium 48"},
		Run:  t.mute,
	}
}

func (t *Table) mute(ctx context.Context, r Request) (fleet.Message, error) {
	d, err := t.dist(ctx, r.Args[0])
	if err != nil {
		return fleet.Message{}, err
	}
	if _, off := r.Opts["off"]; off {
		if err := t.News.Unmute(ctx, d.Name, r.Who); err != nil {
			return fleet.Message{}, err
		}
		return say(fmt.Sprintf("Distribution %s is announced again.", d.Name)), nil
	}
	length := time.Duration(0)
	if len(r.Args) > 1 {
		hours, err := strconv.Atoi(r.Args[1])
		if err != nil || hours < 1 || hours > 24*366 {
			return fleet.Message{}, fleet.Errorf(fleet.Invalid, "%q is not a number of hours from 1 to 8784.", fleet.Clean(r.Args[1], 40))
		}
		length = time.Duration(hours) * time.Hour
	}
	until, err := t.News.Mute(ctx, d.Name, length, r.Who)
	if err != nil {
		return fleet.Message{}, err
	}
	back := fleet.Say("To hear of it again: ", fleet.Mono(fmt.Sprintf("%s mute %s --off", fleet.Slash, d.Name)))
	if length == 0 {
		return say(fmt.Sprintf("Distribution %s is muted.", d.Name), back), nil
	}
	return say(fmt.Sprintf("Distribution %s is muted for %s.", d.Name, fleet.Plural(int(length/time.Hour), "hour", "hours")),
		fleet.Say("It is announced again from ", fleet.When(until), " on."), back), nil
}
