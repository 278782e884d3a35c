package commands_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// homeText is a person's page as text, with the labels of what can be pressed.
func (w *world) homeText(who fleet.Actor) string {
	w.t.Helper()
	parts, err := w.table.Home(w.ctx, who)
	w.ok(err)
	var out []string
	for _, m := range parts {
		out = append(out, plainText(m))
		for _, l := range m.Lines {
			if l.Button != nil && l.Button.Action != fleet.ActOpen {
				out = append(out, "["+l.Button.Label+"]")
			}
		}
	}
	return strings.Join(out, "\n")
}

func (w *world) homeSays(who fleet.Actor, has []string, lacks ...string) {
	w.t.Helper()
	text := w.homeText(who)
	for _, x := range has {
		if !strings.Contains(text, x) {
			w.t.Errorf("the home of %s lacks %q:\n%s", who.Name, x, text)
		}
	}
	for _, x := range lacks {
		if strings.Contains(text, x) {
			w.t.Errorf("the home of %s has %q:\n%s", who.Name, x, text)
		}
	}
}

// TestHome follows an upgrade on the pages of those it concerns: a decision is
// listed for whoever may make it, and for nobody else.
func TestHome(t *testing.T) {
	w := newWorld(t)
	w.atrium()
	w.homeSays(bob, []string{"Nothing waits for you.", "Every site is on its upgrade target."}, "Muted")
	news := w.publish("1.1.0")
	w.press(bob, news, fleet.ActBuild, news.ID())
	w.homeSays(carol, []string{"Build platform atrium-1.1.0: waits for the worker of host local"})
	w.built("atrium-1.1.0")
	w.work(fleet.TaskInspect, w.inspect)
	p := w.plans(fleet.PlanProposed)[0]
	w.says(w.ask(carol, "plans"), "1 plan is open.", string(p.ID), "Upgrade 3 sites of atrium", "proposed")
	w.says(w.ask(carol, "plans --page 2"), "There is 1 page.")
	w.homeSays(bob, []string{"Waits for you: 1 decision", "Out of date: 3 sites", "3 of 3 sites are not on atrium-1.1.0 yet.", "[Compare and upgrade atrium]"})
	w.homeSays(carol, []string{"Nothing waits for you.", "3 of 3 sites are not on atrium-1.1.0 yet.", "You are a reader"}, "[Add", "[Compare", "[Stop")
	w.homeSays(stranger, []string{"You are not among the people"}, "atrium")
	w.press(bob, fleet.SubjectOf(fleet.AboutPlan, string(p.ID)), fleet.ActConfirm, fleet.PlanValue(p.ID, p.Revision))
	w.homeSays(bob, []string{"Nothing waits for you.", "of 3"})
	w.work(fleet.TaskMigrate, w.move())
	w.homeSays(bob, []string{"Every site is on its upgrade target."})
	w.says(w.ask(bob, "plans"), "No plan is open")
	w.table.Roles = people{away: errors.New("slack is away")}
	w.homeSays(alice, []string{"Slack cannot tell your role at the moment", "You are a reader"}, "[Add", "[Compare", "[Stop")
}

// TestHomeShowsMutes lets people see what is muted, their own first, and end it
// there.
func TestHomeShowsMutes(t *testing.T) {
	w := newWorld(t)
	w.atrium()
	w.ask(bob, "add other")
	w.ask(alice, "mute atrium 48")
	w.ask(bob, "mute other")
	news := w.publish("1.1.0")
	w.press(bob, news, fleet.ActSnooze, news.ID())
	w.homeSays(bob, []string{"other announces nothing until somebody ends that, by you.", "[Stop muting other]", "atrium announces nothing until", ", by alice", "[Stop snoozing atrium 1.1.0]"})
	if text := w.homeText(bob); strings.Index(text, "[Stop muting other]") > strings.Index(text, "[Stop muting atrium]") {
		t.Errorf("what others muted comes first:\n%s", text)
	}
	w.says(w.press(carol, "", fleet.ActUnmute, "other"), "You may not unmute")
	w.says(w.press(bob, "", fleet.ActUnmute, "other"), "is announced again")
	w.says(w.press(bob, "", fleet.ActUnmute, "other"), "is not muted")
	w.says(w.press(bob, "", fleet.ActUnmute, "nosuch"), "I do not know this message any more")
	w.says(w.press(bob, "", fleet.ActWake, news.ID()), "is shown again")
	w.says(w.press(bob, "", fleet.ActWake, news.ID()), "is not snoozed")
	w.ask(bob, "snooze atrium")
	w.says(w.ask(bob, "snooze atrium --off"), "is shown again")
	w.ask(alice, "mute atrium --off")
	w.homeSays(bob, nil, "Muted")
}

// TestHomeFollowsPolicy gives a reader what it takes from a maintainer: each page
// shows what its person may do now, not what their role once meant.
func TestHomeFollowsPolicy(t *testing.T) {
	w, g := governed(t)
	w.homeSays(bob, []string{"[Add a distribution]", "[Create a site]", "upgrade SITE"}, "[Change a policy]")
	w.homeSays(alice, []string{"[Change a policy]"})
	w.ask(alice, "mute atrium 48")
	w.says(w.ask(alice, "policy set atrium --confirm @client --ask @client"), "The policy of atrium is changed")
	w.says(w.ask(alice, "policy set * --administer @client"), "The policy of * is changed")
	_, s, value := w.planned()
	client := []string{"Waits for you: 1 decision", "[Compare and upgrade atrium]", "[Stop muting atrium]", "[Add a distribution]", "[Create a site]"}
	w.homeSays(carol, append(client, "You are a reader"))
	w.homeSays(bob, []string{"Nothing waits for you.", "Out of date: 3 sites", "atrium announces nothing", "upgrade SITE"}, "[Compare", "[Stop", "[Add", "[Create", "[Change")
	w.homeSays(alice, []string{"Nothing waits for you.", "[Add a distribution]", "[Change a policy]"}, "[Compare", "[Stop")

	g.away = errors.New("slack is away") // who is in the group cannot be told: nothing is offered that would be refused
	w.homeSays(carol, []string{"Nothing waits for you."}, "[Compare", "[Stop", "[Add")
	g.away = nil

	w.says(w.press(bob, s, fleet.ActConfirm, value), "the policy names @client")
	w.press(carol, s, fleet.ActConfirm, value)
	w.press(carol, s, fleet.ActPause, value)
	w.homeSays(carol, []string{"Waits for you: 1 decision", " is paused."})
	w.homeSays(bob, []string{"Nothing waits for you."})
	w.says(w.press(bob, s, fleet.ActContinue, value), "You may not continue a plan; the policy of atrium says who may")
	w.says(w.press(bob, "", fleet.ActUnmute, "atrium"), "You may not unmute a distribution; the policy of atrium says who may")
	w.says(w.press(carol, "", fleet.ActUnmute, "atrium"), "is announced again")
}

// TestOwnMutes leaves a distribution out of one person's page, not of others', for
// as long as they said; what waits for them is listed all the same.
func TestOwnMutes(t *testing.T) {
	w := newWorld(t)
	w.atrium()
	w.ask(bob, "add other")
	p, s, value := w.planned()
	listed := []string{"Out of date: 3 sites", "3 of 3 sites are not on atrium-1.1.0 yet."}
	w.homeSays(carol, listed, "My mutes")
	for _, c := range []struct{ line, want string }{
		{"mute atrium --off --me", "You have not muted atrium."},
		{"mute atrium --me --until 2020-01-01", "would be over already"},
		{"mute atrium 2 --me --until 3d", "not both"},
		{"mute nosuch --me", "There is no distribution"},
		{"mute atrium", "You may not do that; it needs a maintainer"},
		{"mute atrium --me --until 3d", "atrium is left out of your App Home."},
		{"mute other --me", "other is left out of your App Home."},
	} {
		w.says(w.ask(carol, c.line), c.want)
	}
	w.says(w.ask(stranger, "mute atrium --me"), "You are not among the people")
	w.homeSays(carol, []string{"My mutes", "atrium is left out of this page until ", "[Unmute atrium]", "other is left out of this page until you end that.", "[Unmute other]",
		"Of what you have not muted, every site is on its upgrade target."}, "3 of 3 sites", "Muted and snoozed")
	w.homeSays(bob, append(listed, "Waits for you: 1 decision"), "My mutes", "[Unmute")

	w.ask(bob, "mute atrium 2 --me")
	w.homeSays(bob, []string{"Waits for you: 1 decision", string(p.Title), "You have muted 1 distribution."}, "3 of 3 sites")
	w.press(bob, s, fleet.ActConfirm, value)
	w.homeSays(bob, []string{"Build platform atrium-1.1.0"}, "Upgrade 3 sites")
	w.homeSays(alice, []string{"Upgrade 3 sites of atrium", "0 of 3"})

	w.says(w.press(carol, "", fleet.ActUnhide, "atrium"), "atrium is listed in your App Home again.")
	w.says(w.press(carol, "", fleet.ActUnhide, "atrium"), "You have not muted atrium.")
	w.homeSays(carol, listed[1:], "[Unmute atrium]")
}

// TestOwnMutesEnd lists again what was muted until a time that is over.
func TestOwnMutesEnd(t *testing.T) {
	w := newWorld(t)
	w.atrium()
	w.ask(bob, "mute atrium 2 --me")
	w.homeSays(bob, []string{"[Unmute atrium]"})
	later := w.table.Now
	if later == nil {
		later = time.Now
	}
	w.table.Now = func() time.Time { return later().Add(2*time.Hour + time.Minute) }
	w.homeSays(bob, nil, "My mutes")
	w.says(w.ask(bob, "mute atrium --until 3d"), "Distribution atrium is muted.", "It is announced again from")
	w.homeSays(bob, []string{"[Stop muting atrium]"}, "My mutes")
}
