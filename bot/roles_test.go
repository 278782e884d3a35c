package bot

import (
	"testing"

	"github.com/distrobot/distrobot/bot/workspace"
	"github.com/distrobot/distrobot/fleet"
)

func TestRoles(t *testing.T) {
	r := newRig(t, rigOptions{roles: RoleConfig{Admins: []string{"@admins"}, Maintainers: []string{"U0DAVE", "@release-managers"},
		Shell: func(a fleet.Actor) fleet.Role {
			if a.ID == "unix:0" {
				return fleet.Administrator
			}
			return fleet.Nobody
		}}})
	tests := []struct {
		who  fleet.Actor
		want fleet.Role
	}{
		{fleet.Actor{ID: "U0ALICE", Team: "T0LOCAL"}, fleet.Administrator},
		{fleet.Actor{ID: "U0BOB", Team: "T0LOCAL"}, fleet.Maintainer},
		{fleet.Actor{ID: "U0CAROL", Team: "T0LOCAL"}, fleet.Reader},
		{fleet.Actor{ID: "U0ALICE", Team: "T0OTHER"}, fleet.Nobody},                  // another workspace
		{fleet.Actor{ID: r.ws.BotUserID(), Team: "T0LOCAL"}, fleet.Nobody},           // a bot
		{fleet.Actor{ID: "U0NOBODY", Team: "T0LOCAL"}, fleet.Nobody},                 // nobody we know
		{fleet.Actor{ID: "U0DAVE", Team: "T0LOCAL"}, fleet.Nobody},                   // named, but not in the workspace
		{fleet.Actor{ID: "U0MALLORY", Name: "alice", Team: "T0LOCAL"}, fleet.Nobody}, // a name is no identity
		{fleet.Actor{ID: "unix:0"}, fleet.Administrator},
		{fleet.Actor{ID: "unix:1000"}, fleet.Nobody},
		{fleet.System("watcher"), fleet.Administrator},
	}
	for _, tt := range tests {
		got, err := r.bot.Roles().Role(t.Context(), tt.who)
		if err != nil || got != tt.want {
			t.Errorf("Role(%+v) = %v, %v; want %v", tt.who, got, err, tt.want)
		}
	}
	holders := r.bot.Roles().Holders(t.Context(), fleet.Administrator)
	if len(holders) != 1 || holders[0].Text != "@admins" || holders[0].User != "" {
		t.Errorf("Holders: %+v", holders)
	}
}

func TestGuestsAreNobody(t *testing.T) {
	r := newRigWith(t, rigOptions{roles: RoleConfig{Admins: []string{"U0GUEST"}}}, []workspace.Person{{Name: "guest", Guest: true}})
	if got, err := r.bot.Roles().Role(t.Context(), fleet.Actor{ID: "U0GUEST", Team: "T0LOCAL"}); got != fleet.Nobody || err != nil {
		t.Errorf("a guest is %v, %v", got, err)
	}
}

// TestUnknownIsNotAllowed: while Slack cannot tell who is in a group, nobody is
// taken for a member of it, and the caller learns that it is not known.
func TestUnknownIsNotAllowed(t *testing.T) {
	r := newRig(t, rigOptions{roles: RoleConfig{Admins: []string{"U0ALICE", "@admins"}, Maintainers: []string{"@release-managers"}}})
	r.fault(obj{"kind": "missing_scope", "method": "usergroups.list", "for_ms": -1})
	if got, err := r.bot.Roles().Role(t.Context(), fleet.Actor{ID: "U0BOB", Team: "T0LOCAL"}); got > fleet.Reader || err == nil {
		t.Errorf("bob is %v, %v", got, err)
	}
	if got, err := r.bot.Roles().Role(t.Context(), fleet.Actor{ID: "U0ALICE", Team: "T0LOCAL"}); got != fleet.Administrator || err != nil {
		t.Errorf("alice is named by id and needs no group: %v, %v", got, err)
	}
	r.fault(obj{"kind": "down", "for_ms": -1})
	r.bot.disp.people.forget()
	if got, err := r.bot.Roles().Role(t.Context(), fleet.Actor{ID: "U0ALICE", Team: "T0LOCAL"}); got > fleet.Reader || err == nil {
		t.Errorf("with Slack away alice is %v, %v", got, err)
	}
}

func TestResolve(t *testing.T) {
	r := newRig(t, rigOptions{})
	for _, name := range []string{"C0SITES", "#sites", "sites", "Sites", "<#C0SITES|sites>"} {
		if got, err := r.bot.Resolve(t.Context(), name); got != "C0SITES" || err != nil {
			t.Errorf("Resolve(%q) = %q, %v", name, got, err)
		}
	}
	if _, err := r.bot.Resolve(t.Context(), "#nowhere"); fleet.CodeOf(err) != fleet.NotFound {
		t.Errorf("an unknown channel: %v", err)
	}
	r.bot.channels.forget()
	r.fault(obj{"kind": "down", "for_ms": -1})
	if _, err := r.bot.Resolve(t.Context(), "#sites"); fleet.CodeOf(err) != fleet.Later {
		t.Errorf("with Slack away: %v", err)
	}
}
