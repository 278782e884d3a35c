package commands

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// snoozeFor is how long the Snooze button and a bare snooze last.
const snoozeFor = 24 * time.Hour

// newSnooze puts the latest announcement of a distribution away for a while.
func newSnooze(t *Table) Command {
	return Command{
		Verb: "snooze", Args: "DIST [HOURS] [--off]", Min: 1, Max: 2, Group: "Distributions",
		Options: []Option{{"off", "", "show it again now"}},
		Summary: "put its announcement away for a day, or for some hours", Help: []string{fleet.Slash + " snooze atrium 24"}, Role: fleet.Maintainer,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			d, err := t.dist(ctx, r.Args[0])
			if err != nil {
				return fleet.Message{}, err
			}
			length := snoozeFor
			if len(r.Args) > 1 {
				hours, err := strconv.Atoi(r.Args[1])
				if err != nil || hours < 1 || hours > 24*30 {
					return fleet.Message{}, fleet.Errorf(fleet.Invalid, "%q is not a number of hours from 1 to 720.", fleet.Clean(r.Args[1], 40))
				}
				length = time.Duration(hours) * time.Hour
			}
			if d.News == 0 {
				return fleet.Message{}, fleet.Errorf(fleet.NotFound, "Nothing was announced for %s.", d.Name)
			}
			if r.Opts["off"] != "" {
				if _, err := t.News.Unsnooze(ctx, fleet.NewsID(d.Name, d.News), r.Who); err != nil {
					return fleet.Message{}, err
				}
				return say(fmt.Sprintf("The announcement of %s is shown again.", d.Name)), nil
			}
			a, err := t.News.Snooze(ctx, fleet.NewsID(d.Name, d.News), t.now().Add(length), r.Who)
			if err != nil {
				return fleet.Message{}, err
			}
			return say(fmt.Sprintf("The announcement of %s is snoozed.", d.Name), fleet.Say("It comes back: ", fleet.When(a.Until), ".")), nil
		},
	}
}
