package commands_test

import (
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
)

// TestStory is the main job as people live it: add, announce, build, compare,
// confirm, one site fails, digest, retry, roll back. Every press is answered.
func TestStory(t *testing.T) {
	w := newWorld(t)
	w.atrium()
	news := w.publish("1.1.0")
	m := w.shown(news)
	if !strings.Contains(m.Text, "atrium 1.1.0 is available") || !strings.Contains(m.Text, "3 sites run atrium-1.0.0") {
		t.Fatal(m.Text)
	}

	build := w.button(m, fleet.ActBuild)
	w.says(w.press(carol, news, build.Action, build.Value), "You may not build a platform", "alice", "bob")
	r := w.press(bob, news, build.Action, build.Value)
	if !r.None || !strings.Contains(r.Refresh.Title, "Building atrium 1.1.0") {
		t.Fatalf("%+v", r)
	}
	w.says(w.press(alice, news, build.Action, build.Value), "being built already, as atrium-1.1.0")
	w.built("atrium-1.1.0")
	w.says(w.press(alice, news, build.Action, build.Value), "built already")
	if m = w.shown(news); !strings.Contains(plainText(m), "It is the upgrade target of atrium; 3 sites are out of date.") {
		t.Fatal(plainText(m))
	}

	w.work(fleet.TaskInspect, w.inspect)
	offered := w.plans(fleet.PlanProposed)
	if len(offered) != 1 {
		t.Fatalf("%d plans were offered", len(offered))
	}
	w.decide(offered[0])
}

// decide goes on with the offered plan: who may confirm, once, and what comes
// of it.
func (w *world) decide(p fleet.Plan) {
	t := w.t
	t.Helper()
	plan := fleet.SubjectOf(fleet.AboutPlan, string(p.ID))
	m := w.shown(plan)
	confirm, cancel := w.button(m, fleet.ActConfirm), w.button(m, fleet.ActCancel)
	if confirm.Label != "Confirm upgrade of 3 sites" {
		t.Fatal(confirm.Label)
	}
	w.says(w.press(carol, plan, fleet.ActCompare, confirm.Value), "example/guestbook | 1.0.0 | 1.1.0 | upgraded")
	w.says(w.press(carol, plan, confirm.Action, confirm.Value), "You may not decide this plan", "Who can: alice, bob")
	if r := w.press(bob, plan, confirm.Action, confirm.Value); !r.None || len(r.Refresh.Buttons) > 0 {
		t.Fatalf("%+v", r)
	}
	w.says(w.press(alice, plan, confirm.Action, confirm.Value), "Already confirmed by bob")
	w.says(w.press(alice, plan, cancel.Action, cancel.Value), "Already confirmed by bob")

	w.work(fleet.TaskMigrate, w.move("b.example.org"))
	for range 3 { // a tolerant plan ends by itself, others pause first
		if paused := w.plans(fleet.PlanPaused); len(paused) > 0 {
			b := w.button(w.shown(plan), fleet.ActContinue)
			w.press(bob, plan, b.Action, b.Value)
			w.work(fleet.TaskMigrate, w.move("b.example.org"))
		}
	}
	m = w.shown(plan)
	if !strings.HasPrefix(m.Text, "1 site failed and is back on the old platform; 2 sites were upgraded to atrium-1.1.0") {
		t.Fatal(plainText(m))
	}
	w.says(w.ask(carol, "digest"), "1 site is out of date", "b.example.org", "Pinned: b.example.org")
	w.afterwards(plan, m)
}

// afterwards tries the failed site again and rolls a moved one back.
func (w *world) afterwards(plan fleet.Subject, m fleet.Message) {
	w.t.Helper()
	retry, undo := w.button(m, fleet.ActRetry), w.button(m, fleet.ActUndo)
	w.says(w.press(bob, plan, retry.Action, retry.Value), "Reading the facts of 1 site; the plan appears in this channel.")
	if s, err := w.table.Catalog.Site(w.ctx, "b.example.org"); err != nil || s.Pinned != "" {
		w.t.Fatalf("b.example.org is still pinned: %q %v", s.Pinned, err)
	}
	w.says(w.press(bob, plan, undo.Action, undo.Value), "2 sites")
	w.work(fleet.TaskInspect, w.inspect)
	if n := len(w.plans(fleet.PlanProposed)); n != 2 {
		w.t.Fatalf("%d plans wait for a decision, want a retry and a rollback", n)
	}
	w.says(w.ask(carol, "audit"), "You may not")
	w.says(w.ask(bob, "audit"), "plan.", "bob")
	w.says(w.ask(bob, "show a.example.org"), "atrium-1.1.0", "It is up to date", "rollback a.example.org")
	w.says(w.ask(carol, "sites --out-of-date"), "b.example.org | atrium-1.0.0")
	w.says(w.ask(carol, "list"), "atrium | tags", "| 2 | 1")
}
