package bot

import (
	"context"
	"errors"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// Actor finds a full member of the workspace by user id ("U0AB") or by handle
// ("alice", "@alice"). Errors: NotFound, or Later when Slack cannot be asked.
func (b *Bot) Actor(ctx context.Context, name string) (fleet.Actor, error) {
	name = strings.TrimPrefix(strings.TrimSpace(name), "@")
	id := name
	if !strings.HasPrefix(name, "U") && !strings.HasPrefix(name, "W") {
		all, err := b.api.GetUsersContext(ctx)
		if err != nil {
			return fleet.Actor{}, fleet.Errorf(fleet.Later, "Slack cannot be asked who %q is.", fleet.Clean(name, 40)).Because(err)
		}
		for _, u := range all {
			if strings.EqualFold(u.Name, name) {
				id = u.ID
			}
		}
	}
	p, err := b.disp.people.find(ctx, id)
	if err != nil {
		return fleet.Actor{}, fleet.Errorf(fleet.Later, "Slack cannot be asked who %q is.", fleet.Clean(name, 40)).Because(err)
	}
	if !p.member {
		return fleet.Actor{}, fleet.Errorf(fleet.NotFound, "%q is no full member of the Slack workspace.", fleet.Clean(name, 40))
	}
	return fleet.Actor{ID: id, Name: p.name, Team: b.identity().team}, nil
}

// Identify asks Slack once who the token belongs to: a sentence for the
// operator, and the scopes of the manifest that the token lacks. The error says
// what to do about credentials that Slack refuses.
func Identify(ctx context.Context, t Tokens) (who string, missing []string, err error) {
	c, api := newClient(t, noMeter{})
	me, err := api.AuthTestContext(ctx)
	if err := fatal(err); err != nil {
		return "", nil, err
	}
	if orgWide(me.TeamID) {
		return "", nil, fleet.Errorf(fleet.Refused, orgWideText)
	}
	return "connected as " + me.User + " to " + me.Team, c.missing(Scopes()), nil
}

// Absent tells, of channels by name or id, what keeps the bot out of each, one
// sentence with what to do about it.
func Absent(ctx context.Context, t Tokens, channels []string) []string {
	_, api := newClient(t, noMeter{})
	rooms := newChannels(api)
	var out []string
	for _, name := range channels {
		var e *fleet.Error
		if err := rooms.joined(ctx, name); errors.As(err, &e) {
			out = append(out, e.Text+" "+e.Hint)
		}
	}
	return out
}
