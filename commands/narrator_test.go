package commands_test

import (
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// put keeps a record as it is.
func put[T any, P interface {
	*T
	fleet.Record
}](w *world, r T) {
	w.t.Helper()
	w.ok(w.store.Update(w.ctx, P(&r).Key().Family, func(tx fleet.Tx) error {
		now := r
		if _, err := tx.Get(P(&now)); err != nil {
			return err
		}
		now = r
		tx.Put(P(&now))
		return nil
	}))
}

// TestEverySubjectIsTold reads one subject of every kind from the store, and
// asks for ones that are gone.
func TestEverySubjectIsTold(t *testing.T) {
	w := newWorld(t)
	w.atrium()
	news := w.publish("1.1.0")
	put(w, fleet.Task{ID: "t1", Kind: fleet.TaskCreate, Host: fleet.LocalHost, About: "d.example.org", State: fleet.TaskHeld, Created: noon, By: bob,
		Steps: []fleet.StepRecord{{Name: "copy", Title: "put first data in", State: fleet.StepUnknown}}})
	put(w, fleet.Alarm{ID: "moved/1", Title: "A tag was moved", Text: "Look at it", At: noon})
	put(w, fleet.Digest{Name: "mondays", Zone: "Europe/Berlin", Last: noon, Next: noon.Add(time.Hour)})
	put(w, fleet.Host{Name: fleet.LocalHost, Seen: noon})
	p := basePlan()
	p.Sites, p.State = planSites(fleet.SiteRunning, fleet.SiteWaiting), fleet.PlanRunning
	p.Sites[0].Task, p.Log = "t2", []fleet.PlanEvent{{At: noon, Text: "Wave 1 begins"}}
	put(w, p)
	put(w, fleet.Task{ID: "t2", Host: fleet.LocalHost, State: fleet.TaskRunning, Steps: []fleet.StepRecord{{Name: "copy", Title: "copy the site's data", State: fleet.StepStarted}}})
	for subject, want := range map[fleet.Subject]string{
		news: "atrium 1.1.0 is available. 3 sites run atrium-1.0.0.",
		fleet.SubjectOf(fleet.AboutPlatform, "atrium-1.0.0"):           "It is the upgrade target of atrium; no site is out of date.",
		fleet.SubjectOf(fleet.AboutPlan, string(p.ID)):                 "site1.example.org: copy the site's data (step 1 of 1)",
		fleet.SubjectOf(fleet.AboutPlanLog, string(p.ID)+"/0"):         "Wave 1 begins.",
		fleet.SubjectOf(fleet.AboutTask, "t1"):                         `waits for a person at the step "put first data in"`,
		fleet.SubjectOf(fleet.AboutDigest, "mondays/2026-11-22T09:00"): "1 task waits for a person",
		fleet.SubjectOf(fleet.AboutAlarm, "moved/1"):                   "A tag was moved",
	} {
		m := w.shown(subject)
		if got := plainText(m); m.Subject != subject || !strings.Contains(got, want) {
			t.Errorf("%s lacks %q:\n%s", subject, want, got)
		}
	}
	for _, gone := range []fleet.Subject{"news:atrium/99", "platform:x", "plan:x", "task:x", "alarm:x", "planlog:x/0", "planlog:" + fleet.Subject(p.ID) + "/1",
		"planlog:" + fleet.Subject(p.ID) + "/-1", "planlog:" + fleet.Subject(p.ID) + "/x", "unknown:x", "", "<!channel>"} {
		if _, err := w.table.Narrator.Message(w.ctx, gone); fleet.CodeOf(err) != fleet.NotFound {
			t.Errorf("%q: %v", gone, err)
		}
	}
}

// TestHeldTask answers a held task by each of its buttons, once.
func TestHeldTask(t *testing.T) {
	for action, want := range map[string]string{fleet.ActAgain: "runs the step again", fleet.ActSkip: "goes on without the step", fleet.ActGiveUp: "goes back"} {
		w := newWorld(t)
		put(w, fleet.Task{ID: "t1", Kind: fleet.TaskCreate, Host: fleet.LocalHost, About: "d.example.org", State: fleet.TaskHeld, Created: noon, By: bob,
			Steps: []fleet.StepRecord{{Name: "copy", State: fleet.StepUnknown}}})
		s := fleet.SubjectOf(fleet.AboutTask, "t1")
		b := w.button(w.shown(s), action)
		w.says(w.press(carol, s, b.Action, b.Value), "You may not answer for a task")
		r := w.press(bob, s, b.Action, b.Value)
		w.says(r, want)
		if len(r.Refresh.Buttons) > 0 {
			t.Errorf("%s: the message keeps live buttons", action)
		}
		w.says(w.press(alice, s, b.Action, b.Value), "it waits for nobody")
	}
}
