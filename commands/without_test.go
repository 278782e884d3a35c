package commands_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// chosen submits the form of a plan with sites to leave out.
func (w *world) chosen(form *fleet.Form, who fleet.Actor, sites ...string) commands.Reply {
	w.t.Helper()
	w.asked++
	inputs := map[string]string{}
	for _, in := range form.Inputs {
		inputs[in.Name] = ""
	}
	for i, s := range sites {
		inputs[fmt.Sprintf("sites.%d", i)] = s
	}
	r, err := w.table.Press(w.ctx, commands.Press{ID: fmt.Sprint("form-", w.asked), Command: form.Command, Value: form.State, Inputs: inputs, Who: who, Channel: "C1"})
	w.ok(err)
	w.answered(r, "form")
	w.work(fleet.TaskInspect, w.inspect)
	return r
}

// only gives the one plan that waits for a decision.
func (w *world) only() (fleet.Plan, fleet.Subject) {
	w.t.Helper()
	p := w.plans(fleet.PlanProposed)
	if len(p) != 1 {
		w.t.Fatalf("%d plans wait for a decision", len(p))
	}
	return p[0], fleet.SubjectOf(fleet.AboutPlan, string(p[0].ID))
}

// TestLeaveOut leaves a site out of a platform's plan by the form: a fresh plan
// with a fingerprint of its own takes the place of the old one, whose buttons
// answer that, and what is confirmed then moves the others alone.
func TestLeaveOut(t *testing.T) {
	w := newWorld(t)
	old, was := w.offered(5)
	confirm := w.button(w.shown(was), fleet.ActConfirm)
	choose := w.button(w.shown(was), fleet.ActWithout)
	w.says(w.press(carol, was, choose.Action, choose.Value), "You may not leave sites out of a plan")
	form := w.press(bob, was, choose.Action, choose.Value).Message.Form
	if form == nil || len(form.Inputs) != 1 || len(form.Inputs[0].Choices) != 3 || !form.Inputs[0].Many {
		t.Fatalf("%+v", form)
	}
	w.says(w.chosen(form, bob, "b.example.org"), "A fresh plan takes the place of this one: Upgrade 2 sites of atrium from 1.0.0 to 1.1.0.")
	fresh, now := w.only()
	if fresh.Fingerprint == old.Fingerprint || fresh.Replaces != old.ID || fresh.Requester != old.Requester {
		t.Fatalf("%+v", fresh)
	}
	if text := plainText(w.shown(now)); !strings.Contains(text, "bob left out b.example.org.") || !strings.Contains(text, "Left out: b.example.org. Left out by request.") {
		t.Error(text)
	}
	w.says(w.press(alice, was, confirm.Action, confirm.Value), "This plan was replaced by a fresh one: bob left out b.example.org.")
	w.says(w.press(bob, was, choose.Action, choose.Value), "This plan was replaced by a fresh one")
	w.says(w.chosen(form, bob, "a.example.org"), "This plan was replaced by a fresh one")

	yes := w.button(w.shown(now), fleet.ActConfirm)
	w.press(alice, now, yes.Action, yes.Value)
	w.work(fleet.TaskMigrate, w.move())
	for uri, want := range map[fleet.URI]fleet.PlatformName{"a.example.org": "atrium-1.1.0", "b.example.org": "atrium-1.0.0", "c.example.org": "atrium-1.1.0"} {
		if s, err := w.table.Catalog.Site(w.ctx, uri); err != nil || s.Platform != want {
			t.Errorf("%s is on %s (%v)", uri, s.Platform, err)
		}
	}
}

// TestLeaveOutByTyping does the same by grammar, takes sites in again, and
// refuses what means nothing.
func TestLeaveOutByTyping(t *testing.T) {
	w := newWorld(t)
	first, _ := w.offered(5)
	ask := func(line string, words ...string) {
		t.Helper()
		w.says(w.ask(bob, line), words...)
		w.work(fleet.TaskInspect, w.inspect)
	}
	ask("upgrade a.example.org --without b.example.org", "not of a site")
	ask("upgrade atrium-1.0.0 --without nosuch.example.org", "nosuch.example.org")
	ask("upgrade atrium-1.0.0 --without a.example.org,b.example.org,c.example.org", "Every site would be left out.")
	ask(fmt.Sprintf("without %s a.example.org,b.example.org", first.ID), "Upgrade c.example.org from 1.0.0 to 1.1.0")
	narrow, about := w.only()
	form := w.press(bob, about, fleet.ActWithout, fleet.PlanValue(narrow.ID, narrow.Revision)).Message.Form
	if form.Inputs[0].Initial != "a.example.org,b.example.org" {
		t.Errorf("chosen before: %q", form.Inputs[0].Initial)
	}
	ask(fmt.Sprintf("without %s a.example.org b.example.org", narrow.ID), "Nothing changes")
	ask(fmt.Sprintf("without %s b.example.org", narrow.ID), "Upgrade 2 sites")
	wider, about := w.only()
	if text := plainText(w.shown(about)); !strings.Contains(text, "bob took a.example.org in again.") {
		t.Error(text)
	}
	ask(fmt.Sprintf("without %s", wider.ID), "Upgrade 3 sites")
	all, _ := w.only()
	ask(fmt.Sprintf("cancel %s", all.ID), "Cancelled")
	ask("upgrade atrium --without c.example.org", "Reading the facts of 3 sites")
	if p, _ := w.only(); len(p.Scope.Without) != 1 || p.Sites[2].Progress != fleet.SiteLeftOut {
		t.Errorf("%+v", p)
	}
	plans, err := w.table.Planner.Offer(w.ctx, "atrium", "C1")
	w.ok(err)
	if p, _ := w.only(); len(plans) != 1 || plans[0].ID != p.ID {
		t.Errorf("a narrowed plan is offered again in full: %+v", plans)
	}
}

// TestLeaveOutOfMany: the form pages what one menu does not hold.
func TestLeaveOutOfMany(t *testing.T) {
	p := basePlan()
	for i := range 640 {
		p.Sites = append(p.Sites, fleet.PlanSite{URI: fleet.URI(fmt.Sprintf("many%03d.example.org", i)), From: p.From, Progress: fleet.SiteWaiting})
	}
	form := fleet.WithoutForm(p)
	seen := map[string]bool{}
	for _, in := range form.Inputs {
		if len(in.Choices) > fleet.MaxChoices {
			t.Errorf("%d choices in one menu", len(in.Choices))
		}
		for _, c := range in.Choices {
			seen[c.Value] = true
		}
	}
	if len(form.Inputs) != 5 || len(seen) != 500 || !strings.Contains(form.Intro[2].Spans[0].Text, "The last 143") {
		t.Errorf("%d menus, %d sites, %+v", len(form.Inputs), len(seen), form.Intro)
	}
}
