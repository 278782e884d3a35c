package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/distrobot/distrobot/bot"
	"github.com/distrobot/distrobot/fleet"
)

// roles answers for people of this machine itself and asks the bot about
// people of Slack. The bot is set once, when there is one.
type roles struct {
	slack *bot.Bot
}

// shellRole: who can open the data directory's socket, or Redis with the key,
// is root or runs the bot, and could do everything without us.
func shellRole(who fleet.Actor) fleet.Role {
	if who.ID == "unix:0" || who.ID == fmt.Sprintf("unix:%d", os.Getuid()) {
		return fleet.Administrator
	}
	return fleet.Reader
}

// Role implements fleet.Roles.
func (r *roles) Role(ctx context.Context, who fleet.Actor) (fleet.Role, error) {
	switch {
	case who.IsSystem():
		return fleet.Administrator, nil
	case strings.HasPrefix(who.ID, "unix:"):
		return shellRole(who), nil
	case r.slack == nil:
		return fleet.Nobody, nil
	}
	return r.slack.Roles().Role(ctx, who)
}

// Holders implements fleet.Roles.
func (r *roles) Holders(ctx context.Context, role fleet.Role) []fleet.Span {
	if r.slack == nil {
		return []fleet.Span{{Text: "the user who runs distrobot"}}
	}
	return r.slack.Roles().Holders(ctx, role)
}

// person finds the Slack user that `do --as` names by id.
func (r *roles) person(ctx context.Context, id string) (fleet.Actor, error) {
	if r.slack == nil {
		return fleet.Actor{}, fleet.Errorf(fleet.Refused, "Acting as a Slack user needs the running bot.").
			WithHint("Start `distrobot serve` or `distrobot try` on this data directory.")
	}
	return r.slack.Actor(ctx, id)
}
