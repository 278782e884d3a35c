package bot

import (
	"testing"
	"time"

	"github.com/distrobot/distrobot/bot/workspace"
	"github.com/distrobot/distrobot/fleet"
)

// everySort are people of every sort, all of them in the group, the channel and
// the list of administrators.
func everySort(t *testing.T) *rig {
	t.Helper()
	var people []workspace.Person
	for _, p := range []workspace.Person{{Name: "member"}, {Name: "guest", Guest: true}, {Name: "single", Single: true}, {Name: "robot", Robot: true}, {Name: "gone", Gone: true}, {Name: "foreign", Team: "T0OTHER"}} {
		p.Groups = []string{"release"}
		people = append(people, p)
	}
	return newRigWith(t, rigOptions{roles: RoleConfig{Admins: []string{"@release", "U0GUEST", "U0SINGLE", "U0ROBOT", "U0GONE", "U0FOREIGN", "U0MEMBER"}}}, people)
}

// guard asks as a vote is asked about.
func (r *rig) guard() *fleet.Guard {
	return &fleet.Guard{Roles: r.bot.Roles(), Members: r.bot.Members()}
}

// TestStrangersAreNobody: whom a group, a channel or a list names, and who is no
// full member of the workspace, is nobody, asked alone or in a crowd.
func TestStrangersAreNobody(t *testing.T) {
	r := everySort(t)
	parties := []fleet.Party{{Kind: fleet.PartyGroup, ID: "S0RELEASE"}, {Kind: fleet.PartyChannel, ID: sites}, {Kind: fleet.PartyUser, ID: "U0GUEST"}}
	for _, listed := range []bool{false, true} {
		if listed { // so many strangers that everybody is listed at once
			r.bot.disp.people.forget()
			r.bot.disp.people.asked, r.bot.disp.people.since = crowd, time.Now()
		}
		for id, team := range map[string]string{"U0MEMBER": "T0LOCAL", "U0GUEST": "T0LOCAL", "U0SINGLE": "T0LOCAL", "U0ROBOT": "T0LOCAL", "U0GONE": "T0LOCAL",
			"U0FOREIGN": "T0OTHER", "U0UNKNOWN": "T0LOCAL"} {
			who := fleet.Actor{ID: id, Team: team}
			role, err := r.bot.Roles().Role(t.Context(), who)
			if want := map[bool]fleet.Role{true: fleet.Administrator, false: fleet.Nobody}[id == "U0MEMBER"]; role != want || err != nil {
				t.Errorf("listed %v: %s is %v, %v; want %v", listed, id, role, err, want)
			}
			keys, err := r.guard().Electors(t.Context(), who, parties)
			if want := map[bool]int{true: 2, false: 0}[id == "U0MEMBER"]; len(keys) != want || err != nil {
				t.Errorf("listed %v: %s belongs to %v, %v", listed, id, keys, err)
			}
		}
	}
	// Somebody of another company who says that they are of this one.
	if role, err := r.bot.Roles().Role(t.Context(), fleet.Actor{ID: "U0FOREIGN", Team: "T0LOCAL"}); role != fleet.Nobody || err != nil {
		t.Errorf("a stranger with our team is %v, %v", role, err)
	}
}

// TestMembershipIsKeptForAMinute: what Slack told is used for a minute at most, or
// until Slack says that it has changed; then, while it cannot be asked, nobody
// belongs, and the answer says so.
func TestMembershipIsKeptForAMinute(t *testing.T) {
	r := everySort(t)
	group, who := fleet.Party{Kind: fleet.PartyGroup, ID: "S0RELEASE"}, fleet.Actor{ID: "U0MEMBER", Team: "T0LOCAL"}
	ask := func() ([]string, error) { return r.guard().Electors(t.Context(), who, []fleet.Party{group}) }
	if keys, err := ask(); len(keys) != 1 || err != nil {
		t.Fatalf("belongs to %v, %v", keys, err)
	}
	r.fault(obj{"kind": "down", "for_ms": -1})
	if keys, err := ask(); len(keys) != 1 || err != nil {
		t.Errorf("within the minute: %v, %v", keys, err)
	}
	old := time.Now().Add(-time.Nanosecond)
	r.bot.roles.mu.Lock()
	m := r.bot.roles.members["S0RELEASE"]
	if left := time.Until(m.until); left > time.Minute {
		t.Errorf("kept for %v", left)
	}
	m.until = old // a minute later
	r.bot.roles.members["S0RELEASE"] = m
	r.bot.roles.mu.Unlock()
	keys, err := ask()
	if len(keys) != 0 || fleet.CodeOf(err) != fleet.Later {
		t.Errorf("after the minute, with Slack away: %v, %v", keys, err)
	}
	var told *fleet.Error
	if told, _ = err.(*fleet.Error); told == nil || told.Text == "" {
		t.Errorf("people are told %v", err)
	}
	r.bot.roles.forget()
	r.fault(obj{"kind": "clear"})
	if keys, err := ask(); len(keys) != 1 || err != nil {
		t.Errorf("with Slack back: %v, %v", keys, err)
	}
}

// TestParties: names are looked up as what they are, and what cannot be found is
// refused with what to write instead.
func TestParties(t *testing.T) {
	r := everySort(t)
	for name, want := range map[string]fleet.Party{
		"@release":  {Kind: fleet.PartyGroup, ID: "S0RELEASE", Name: "release"},
		"#sites":    {Kind: fleet.PartyChannel, ID: sites, Name: "sites"},
		"@member":   {Kind: fleet.PartyUser, ID: "U0MEMBER", Name: "member"},
		"S0RELEASE": {Kind: fleet.PartyGroup, ID: "S0RELEASE", Name: "release"},
	} {
		if got, err := r.bot.Party(t.Context(), name); got != want || err != nil {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for _, name := range []string{"@guest", "@single", "@robot", "@gone", "@foreign", "@nobody", "#nowhere"} {
		if got, err := r.bot.Party(t.Context(), name); fleet.CodeOf(err) != fleet.NotFound {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	r.bot.roles.handles, r.bot.roles.names = nil, nil
	r.fault(obj{"kind": "down", "for_ms": -1})
	if _, err := r.bot.Party(t.Context(), "@release"); fleet.CodeOf(err) != fleet.Later {
		t.Errorf("with Slack away: %v", err)
	}
}

// TestTroubleIsToldOnce: several messages that a channel refuses are one alarm, with
// the remedy, which is over when they arrive.
func TestTroubleIsToldOnce(t *testing.T) {
	r := newRig(t, rigOptions{})
	for i := range 3 {
		about := fleet.Subject([]string{"plan:a", "plan:b", "plan:c"}[i])
		r.story.set(about, said("Plan."))
		r.want(about, "C0GENERAL")
	}
	alarm := fleet.Alarm{ID: "room:C0GENERAL"}
	r.eventually("an alarm", func() bool {
		found, err := r.store.Read(t.Context(), &alarm)
		return err == nil && found[0]
	})
	if want := "I am not in the channel C0GENERAL: type /invite @distrobot there. Messages to it are kept until then."; alarm.Text != want || alarm.Over {
		t.Errorf("the alarm says %q, over %v", alarm.Text, alarm.Over)
	}
	r.say("alice", "general", "/invite @distrobot")
	r.eventually("the alarm is over", func() bool {
		_, err := r.store.Read(t.Context(), &alarm)
		return err == nil && alarm.Over
	})
	for _, about := range []fleet.Subject{"plan:a", "plan:b", "plan:c"} {
		r.idle(about, "C0GENERAL")
	}
}
