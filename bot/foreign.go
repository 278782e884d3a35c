package bot

import (
	"context"
	"strings"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/fleet"
)

// What is supported of Slack's larger forms:
//   - a workspace of an Enterprise Grid organisation, with the app installed in
//     that workspace: its people are members by users.info, though Slack names
//     another of their workspaces as theirs;
//   - channels shared with other workspaces or companies (Slack Connect): the bot
//     works in them for its own workspace, and people of others are nobody;
//   - not an app that is installed for a whole organisation: whose roles count
//     could not be told. It is refused with a sentence.

// orgWideText says what to do about an app that is installed for an organisation.
const orgWideText = "The app is installed for a whole Enterprise Grid organisation, which distrobot does not support: install it in one workspace."

// orgWide reports whether auth.test named an organisation as the bot's team.
func orgWide(team string) bool { return strings.HasPrefix(team, "E") }

// teamOf gives the team that a person acts for. A member of the organisation that
// the workspace belongs to may come with another of its workspaces; whether they
// are a member here is then told by users.info. A request of another workspace is
// that workspace's, whomever it names.
func (d *dispatcher) teamOf(personTeam, team, enterprise string) string {
	home := d.who()
	if personTeam == "" || personTeam == home.team && team != "" {
		personTeam = team
	}
	if home.enterprise != "" && enterprise == home.enterprise && personTeam != "" {
		return home.team
	}
	return personTeam
}

// actorOf gives who pressed.
func (d *dispatcher) actorOf(c slack.InteractionCallback) fleet.Actor {
	return actor(c.User.ID, c.User.Name, d.teamOf(c.User.TeamID, c.Team.ID, c.Enterprise.ID))
}

// misdirected acknowledges and drops a request for another app than ours, and
// reports whether it was one.
func (d *dispatcher) misdirected(ctx context.Context, app string, a *acker) bool {
	own := d.who().app
	if own == "" || app == "" || app == own {
		return false
	}
	d.meter.Add("slack_requests", "misdirected", 1)
	d.log.WarnContext(ctx, "a request for another app was dropped", "app", fleet.Clean(app, 40))
	a.ack(nil)
	return true
}
