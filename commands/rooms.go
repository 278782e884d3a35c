package commands

import (
	"context"

	"github.com/distrobot/distrobot/fleet"
)

// rooms knows in which channels the bot can post.
type rooms interface {
	// Joined refuses a channel, by name or id, that the bot is not in. What
	// cannot be told at the moment is not refused: a post that finds no way
	// waits.
	Joined(ctx context.Context, channel string) error
}

// settle moves what a request posts to the distribution's channel if the bot is
// not in the one it was asked in: slash commands work everywhere, posts do not.
func (t *Table) settle(ctx context.Context, r Request) Request {
	if t.Rooms != nil && r.Channel != "" && t.Rooms.Joined(ctx, r.Channel) != nil {
		r.Channel, r.Away = "", true
	}
	return r
}

// joined refuses the value of an option --channel that names a channel in which
// nothing could be posted.
func (t *Table) joined(ctx context.Context, opts map[string]string) error {
	if t.Rooms == nil || opts["channel"] == "" {
		return nil
	}
	return wrong("channel", t.Rooms.Joined(ctx, opts["channel"]))
}

// where is the channel in which the result of a request appears: where it was
// asked, else the distribution's, else the default one.
func (t *Table) where(r Request, d fleet.Distribution) string {
	for _, c := range []string{r.Channel, d.Policy.Channel} {
		if c != "" {
			return c
		}
	}
	return t.DefaultChannel
}

// here names that channel in an answer.
func here(r Request) string {
	switch {
	case r.Away:
		return "the channel of the distribution, as I am not in this one (/invite @distrobot changes that)"
	case r.Channel == "":
		return "the channel of the distribution"
	}
	return "this channel"
}
