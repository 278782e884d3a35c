package bot

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

var (
	homeAlice = fleet.Actor{ID: "U0ALICE", Name: "alice", Team: "T0LOCAL"}
	homeBob   = fleet.Actor{ID: "U0BOB", Name: "bob", Team: "T0LOCAL"}
	homeStart = time.Date(2026, 11, 3, 14, 0, 0, 0, time.UTC)
)

// proposal is a plan that waits for a maintainer other than alice.
func proposal(id fleet.PlanID) fleet.Plan {
	return fleet.Plan{ID: id, Kind: fleet.Upgrade, Title: "Upgrade 3 sites of atrium", State: fleet.PlanProposed, Revision: 1,
		Requester: homeAlice, Created: homeStart.Add(-time.Minute), Expires: homeStart.Add(time.Hour)}
}

// busy is a view with n of everything.
func busy(role fleet.Role, n int) fleet.HomeView {
	v := fleet.HomeView{Who: homeBob, Role: role, Now: homeStart, Mine: map[fleet.PlanID]bool{}}
	for i := range n {
		id := fmt.Sprintf("01p%05d", i)
		running := proposal(fleet.PlanID(id + "r"))
		running.State = fleet.PlanRunning
		running.Sites = []fleet.PlanSite{{URI: "a.example.org", Progress: fleet.SiteDone}, {URI: "b.example.org", Progress: fleet.SiteRunning}}
		own := proposal(fleet.PlanID(id + "o"))
		own.Requester = homeBob
		paused := proposal(fleet.PlanID(id + "h"))
		paused.State, paused.Reason = fleet.PlanPaused, "a site failed"
		v.Mine[fleet.PlanID(id)] = role >= fleet.Maintainer
		v.Plans = append(v.Plans, proposal(fleet.PlanID(id)), running, own, paused)
		v.Tasks = append(v.Tasks,
			fleet.Task{ID: fleet.TaskID(id), Kind: fleet.TaskBuild, About: "atrium-1.1.0", Host: "web1", State: fleet.TaskRunning, Created: homeStart, By: homeBob,
				Steps: []fleet.StepRecord{{Name: "fetch", State: fleet.StepStarted}}},
			fleet.Task{ID: fleet.TaskID(id + "h"), Kind: fleet.TaskMigrate, About: "c.example.org", Host: "web1", State: fleet.TaskHeld, By: homeBob,
				Steps: []fleet.StepRecord{{Name: "switch", State: fleet.StepUnknown}}})
		d := fleet.Distribution{Name: fleet.DistName(fmt.Sprintf("dist%d", i)), Target: "t-2", Hush: fleet.Hush{Muted: homeStart.Add(time.Hour), By: homeBob}}
		v.Standings = append(v.Standings, fleet.Standing{Distribution: d, OutOfDate: i + 1, OnTarget: 1})
		v.Muted = append(v.Muted, d)
		v.Snoozed = append(v.Snoozed, fleet.Announcement{ID: fmt.Sprintf("%s/1", d.Name), Distribution: d.Name, To: fleet.Ref{Name: "refs/tags/2.0", Version: "2.0"}, Until: homeStart.Add(time.Hour), By: homeAlice})
	}
	v.May = map[fleet.Offer]bool{}
	for _, o := range v.Offers() {
		v.May[o] = role >= fleet.Maintainer && (o.Value != "policy set" || role == fleet.Administrator)
	}
	return v
}

// homeOf publishes a home and gives its JSON as the workspace took it.
func (r *rig) homeOf(user string) func() string {
	r.call("/workspace/home", obj{"user": user})
	return func() string {
		raw, _ := json.Marshal(r.state().Homes["U0"+strings.ToUpper(user)]["blocks"])
		return string(raw)
	}
}

// TestHomeHolds shows a small and a huge fleet to every role. The workspace
// refuses more than 100 blocks, equal ids, and texts that are too long.
func TestHomeHolds(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		for _, tt := range []struct {
			view       fleet.HomeView
			want, lack []string
		}{
			{busy(fleet.Maintainer, 1), []string{"Waits for you: 3 decisions", "Upgrade 3 sites of atrium", " waits for your decision", "at the step “switch” on host web1", " is paused. A site failed.",
				"You asked for", "somebody else", "1 of 2", "b.example.org", "Build platform atrium-1.1.0", "1 of 2 sites are not on t-2 yet.", "dist.upgrade", "dist.unmute", "by you", "news.wake", "Create a site", actHome,
				`"type":"date"`}, []string{"1 decisions", "1 sites", `"table"`, "03 Nov"}},
			{busy(fleet.Reader, 1), []string{"Nothing waits for you", "Build platform atrium-1.1.0", "1 of 2 sites are not on t-2 yet.", "You are a reader"}, []string{"dist.upgrade", "dist.unmute", "news.wake", "Create a site", "waits for your"}},
			{busy(fleet.Administrator, 1), []string{"You are an administrator"}, nil},
			{busy(fleet.Nobody, 1), []string{"You are not among the people"}, []string{"atrium", "example.org", "dist0"}},
			{busy(fleet.Maintainer, 0), []string{"Nothing waits for you", "Nothing is under way", "Every site is on its upgrade target"}, []string{"Muted", "You asked"}},
			{busy(fleet.Maintainer, 1000), []string{"Waits for you: 3000 decisions", "and 2992 more. All of them: ", "Out of date: 500500 sites"}, nil},
		} {
			parts := fleet.TellHome(tt.view)
			r.desk.setHome(func(fleet.Actor) ([]fleet.Message, error) { return parts, nil })
			home := r.homeOf("bob")
			for _, want := range tt.want {
				r.eventually("a home with "+want, func() bool { return strings.Contains(home(), want) })
			}
			for _, lack := range tt.lack {
				if strings.Contains(home(), lack) {
					t.Errorf("the home of a %s has %q:\n%s", tt.view.Role, lack, home())
				}
			}
		}
		if n := r.state().Counters["rejected"]; n > 0 {
			t.Errorf("%d calls were refused:\n%s", n, r.log)
		}
	})
}

// TestHomeFollows keeps a home that was opened up to date, and publishes nothing
// while nothing changes, although the time of drawing does.
func TestHomeFollows(t *testing.T) {
	r := newRig(t, rigOptions{idle: true})
	r.bot.disp.home.every = 5 * time.Millisecond
	r.start(r.bot)
	var mu sync.Mutex
	drawn, view := 0, busy(fleet.Maintainer, 1)
	r.desk.setHome(func(fleet.Actor) ([]fleet.Message, error) {
		mu.Lock()
		defer mu.Unlock()
		drawn++
		view.Now = view.Now.Add(time.Second)
		return fleet.TellHome(view), nil
	})
	home := r.homeOf("bob")
	r.eventually("the home", func() bool { return strings.Contains(home(), "Waits for you: 3") })
	hash := r.state().Homes["U0BOB"]["hash"]
	looks := func() int { mu.Lock(); defer mu.Unlock(); return drawn }
	n := looks()
	r.eventually("more looks", func() bool { return looks() > n+5 })
	if got := r.state().Homes["U0BOB"]["hash"]; got != hash {
		t.Errorf("the home was published again though nothing had changed: %v, was %v", got, hash)
	}
	mu.Lock()
	view.Mine[view.Plans[0].ID] = false
	mu.Unlock()
	r.eventually("the change", func() bool { return strings.Contains(home(), "Waits for you: 2") })
}

// TestHomeForgets keeps only so many homes, and none for ever.
func TestHomeForgets(t *testing.T) {
	h := &homes{}
	for i := range homeMost + 20 {
		h.enter(fleet.Actor{ID: fmt.Sprint("U", i)}, "", homeStart.Add(time.Duration(i)*time.Second))
	}
	if n := len(h.viewers(homeStart.Add(time.Minute))); n != homeMost {
		t.Errorf("%d homes are kept up to date", n)
	}
	if h.open["U0"] != nil || h.open["U69"] == nil {
		t.Error("not the oldest made room")
	}
	if n := len(h.viewers(homeStart.Add(homeLife + 2*time.Minute))); n != 0 {
		t.Errorf("%d homes are never forgotten", n)
	}
}

// TestHomeLinks makes a link of Open where the message is known, and presses
// what can be pressed.
func TestHomeLinks(t *testing.T) {
	r := newRig(t, rigOptions{})
	about := fleet.SubjectOf(fleet.AboutPlan, "01p00000")
	r.story.set(about, fleet.Message{Text: "The plan."})
	r.want(about, "C0SITES")
	r.shows("sites", "The plan.")
	view := busy(fleet.Maintainer, 1)
	r.desk.setHome(func(fleet.Actor) ([]fleet.Message, error) { return fleet.TellHome(view), nil })
	home := r.homeOf("bob")
	r.eventually("a link", func() bool { return strings.Contains(home(), `"url":"`+r.url) })
	if n := strings.Count(home(), `"Open"`); n != 1 {
		t.Errorf("%d links, and only one message was posted:\n%s", n, home())
	}
	r.desk.press = func(p commands.Press) (commands.Reply, error) {
		return commands.Reply{Message: fleet.Message{Text: "Distribution " + p.Value + " is announced again.", Lines: []fleet.Line{fleet.Say("It is.")}}}, nil
	}
	r.call("/workspace/click", obj{"user": "bob", "view_id": r.state().Homes["U0BOB"]["id"], "action_id": fleet.ActUnmute})
	r.eventually("the answer on top", func() bool { return strings.Contains(home(), "Distribution dist0 is announced again.") })
	r.call("/workspace/click", obj{"user": "bob", "view_id": r.state().Homes["U0BOB"]["id"], "action_id": fleet.ActAsk + "#2"})
	r.eventually("the command", func() bool { asks := r.desk.asked(); return len(asks) == 1 && asks[0].Text == "site create" })
}
