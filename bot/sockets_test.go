package bot

import (
	"fmt"
	"testing"

	"github.com/slack-go/slack"
)

// TestRefreshLosesNothing: with two connections every command is answered in
// time while Slack ends one after the other, announced and not.
func TestRefreshLosesNothing(t *testing.T) {
	r := newRig(t, rigOptions{idle: true})
	b := r.newBot(rigOptions{pace: quick(), sockets: 2}, "one")
	r.start(b)
	r.eventually("two connections", func() bool { return r.state().Counters["sockets"] == 2 })
	for i, reason := range []string{"refresh_requested", "warning", "refresh_requested", "warning"} {
		r.fault(obj{"kind": "disconnect", "reason": reason, "count": 1})
		for k := range 10 {
			if got := r.say("alice", "sites", fmt.Sprintf("/distro list %d-%d", i, k)); got["response"] == nil {
				t.Errorf("disconnect %d (%s), command %d: %v\n%s", i, reason, k, got, r.log)
			}
		}
		r.eventually("two connections again", func() bool { return r.state().Counters["sockets"] == 2 })
	}
	if n := len(r.desk.asked()); n != 40 {
		t.Errorf("the desk was asked %d times", n)
	}
	if !b.Health().Ready {
		t.Error("not ready")
	}
}

// TestSharedChannels: people of other workspaces keep their own team, so that they
// are nobody here; members of the same organisation count as members of this
// workspace if users.info says that they are in it.
func TestSharedChannels(t *testing.T) {
	home := identity{team: "T0LOCAL", enterprise: "E0ORG", app: "A0OURS"}
	d := &dispatcher{who: func() identity { return home }}
	for _, tt := range []struct{ person, team, enterprise, want string }{
		{"", "T0LOCAL", "", "T0LOCAL"}, {"T0OTHER", "T0LOCAL", "", "T0OTHER"}, {"", "T0OTHER", "E0ELSE", "T0OTHER"},
		{"T0SISTER", "T0LOCAL", "E0ORG", "T0LOCAL"}, {"", "", "E0ORG", ""}, {"T0LOCAL", "T0OTHER", "", "T0OTHER"}, {"T0LOCAL", "", "", "T0LOCAL"},
	} {
		if got := d.teamOf(tt.person, tt.team, tt.enterprise); got != tt.want {
			t.Errorf("team of %+v: %s", tt, got)
		}
	}
	p := &people{home: func() identity { return home }}
	for _, tt := range []struct {
		name string
		user slack.User
		want bool
	}{
		{"a member", slack.User{TeamID: "T0LOCAL"}, true},
		{"of another company", slack.User{TeamID: "T0OTHER"}, false},
		{"a stranger", slack.User{TeamID: "T0LOCAL", IsStranger: true}, false},
		{"of a sister workspace and this one", slack.User{TeamID: "T0SISTER", Enterprise: slack.EnterpriseUser{EnterpriseID: "E0ORG", Teams: []string{"T0SISTER", "T0LOCAL"}}}, true},
		{"of a sister workspace alone", slack.User{TeamID: "T0SISTER", Enterprise: slack.EnterpriseUser{EnterpriseID: "E0ORG", Teams: []string{"T0SISTER"}}}, false},
		{"of another organisation that names this one", slack.User{TeamID: "T0OTHER", Enterprise: slack.EnterpriseUser{EnterpriseID: "E0ELSE", Teams: []string{"T0LOCAL"}}}, false},
	} {
		if got := p.judge(&tt.user).member; got != tt.want {
			t.Errorf("%s: member is %v", tt.name, got)
		}
	}
}

// TestOrganisationWideInstallIsRefused in words that say what to do.
func TestOrganisationWideInstallIsRefused(t *testing.T) {
	r := newRig(t, rigOptions{})
	r.bot.mu.Lock()
	r.bot.id.team = "E0ORG"
	r.bot.mu.Unlock()
	if h := r.bot.Health(); h.Ready || len(h.Notes) != 1 || h.Notes[0] != orgWideText {
		t.Errorf("%+v", h)
	}
}
