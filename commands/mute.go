package commands

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// newMute holds back what is announced of a distribution; with --me it leaves it
// out of the asker's own page, which everybody may do.
func newMute(t *Table) Command {
	return Command{
		Verb: "mute", Args: "DIST [HOURS] [--until WHEN] [--me] [--off]", Min: 1, Max: 2, Group: "Distributions",
		Options: []Option{
			{"until", "WHEN", "36h, 3d, 2w, 2027-01-03 or 2027-01-03 08:00 Europe/Zurich, instead of hours"},
			{"me", "", "for yourself alone: leave it out of your App Home; everybody else hears of it as before"},
			{"off", "", "announce it again, what was held back first; with --me, list it again"},
		},
		Summary: "announce nothing of it for some hours, or until told otherwise; with --me for yourself alone", Role: fleet.Maintainer, Own: "me",
		Help: []string{
			"What it newly offers is still noticed, built if it builds by itself, and listed by the digest.",
			"With --me, decisions that wait for you and holes in what runs are listed as before.",
			fleet.Slash + " mute atrium 48", fleet.Slash + " mute atrium --me --until 2w",
		},
		Run: t.mute,
	}
}

func (t *Table) muter() *fleet.Muter { return &fleet.Muter{Store: t.Store} }

func (t *Table) mute(ctx context.Context, r Request) (fleet.Message, error) {
	d, err := t.dist(ctx, r.Args[0])
	if err != nil {
		return fleet.Message{}, err
	}
	_, own := r.Opts["me"]
	if _, off := r.Opts["off"]; off {
		if own {
			reply, err := t.pressUnhide(ctx, Press{Value: string(d.Name)}, r)
			return reply.Message, err
		}
		if err := t.News.Unmute(ctx, d.Name, r.Who); err != nil {
			return fleet.Message{}, err
		}
		return say(fmt.Sprintf("Distribution %s is announced again.", d.Name)), nil
	}
	length, err := t.muteLength(r)
	if err != nil {
		return fleet.Message{}, err
	}
	if own {
		return t.muteOwn(ctx, d.Name, length, r.Who)
	}
	until, err := t.News.Mute(ctx, d.Name, length, r.Who)
	if err != nil {
		return fleet.Message{}, err
	}
	back := fleet.Say("To hear of it again: ", fleet.Mono(fmt.Sprintf("%s mute %s --off", fleet.Slash, d.Name)))
	from := fleet.Say("It is announced again from ", fleet.When(until), " on.")
	switch {
	case length == 0:
		return say(fmt.Sprintf("Distribution %s is muted.", d.Name), back), nil
	case r.Opts["until"] != "":
		return say(fmt.Sprintf("Distribution %s is muted.", d.Name), from, back), nil
	}
	return say(fmt.Sprintf("Distribution %s is muted for %s.", d.Name, fleet.Plural(int(length/time.Hour), "hour", "hours")), from, back), nil
}

// muteLength reads for how long something is to be muted: hours, or until when; 0
// is until told otherwise.
func (t *Table) muteLength(r Request) (time.Duration, error) {
	switch {
	case len(r.Args) > 1 && r.Opts["until"] != "":
		return 0, fleet.Errorf(fleet.Invalid, "Give hours or --until, not both.")
	case len(r.Args) > 1:
		hours, err := strconv.Atoi(r.Args[1])
		if err != nil || hours < 1 || hours > 24*366 {
			return 0, fleet.Errorf(fleet.Invalid, "%q is not a number of hours from 1 to 8784.", fleet.Clean(r.Args[1], 40))
		}
		return time.Duration(hours) * time.Hour, nil
	case r.Opts["until"] == "":
		return 0, nil
	}
	now := t.now()
	until, err := fleet.ParseUntil(r.Opts["until"], now)
	if err == nil && !until.After(now) {
		err = fleet.Errorf(fleet.Invalid, "That would be over already: %s.", fleet.Moment(until))
	}
	return until.Sub(now), err
}

// muteOwn leaves a distribution out of somebody's own page.
func (t *Table) muteOwn(ctx context.Context, d fleet.DistName, length time.Duration, who fleet.Actor) (fleet.Message, error) {
	until := time.Time{}
	if length > 0 {
		until = t.now().Add(length)
	}
	if err := t.muter().Mute(ctx, d, until, who); err != nil {
		return fleet.Message{}, err
	}
	lines := []fleet.Line{
		fleet.Say("Decisions that wait for you and holes in what runs are listed as before, and channels hear of it as before."),
		fleet.Say("To have it listed again: ", fleet.Mono(fmt.Sprintf("%s mute %s --me --off", fleet.Slash, d))),
	}
	if !until.IsZero() {
		lines = append([]fleet.Line{fleet.Say("It is listed again from ", fleet.When(until), " on.")}, lines...)
	}
	return say(fmt.Sprintf("%s is left out of your App Home.", d), lines...), nil
}
