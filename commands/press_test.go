package commands_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// actions are all buttons that messages may carry.
var actions = []string{
	fleet.ActBuild, fleet.ActChanges, fleet.ActSnooze, fleet.ActCompare, fleet.ActConfirm, fleet.ActCancel, fleet.ActContinue, fleet.ActStop,
	fleet.ActRetry, fleet.ActUndo, fleet.ActRollback, fleet.ActAgain, fleet.ActSkip, fleet.ActGiveUp, fleet.ActRebuild, fleet.ActUpgrade,
	fleet.ActSheet, fleet.ActPages, fleet.ActSchedule, fleet.ActPause, fleet.ActUnmoved, fleet.ActRehearse,
}

// TestEveryPressIsAnswered presses every button with values that are old,
// foreign or malformed, as everybody: each gets a private sentence.
func TestEveryPressIsAnswered(t *testing.T) {
	w := newWorld(t)
	w.atrium()
	values := []string{"", "|", "x", "x|", "|1", "x|y", "x|1", "atrium/99", "01jd0000000000000000000009|3", "nosuch.example.org|1", strings.Repeat("a", 2000), "<!channel>|1", "a\x00b|2"}
	for _, action := range append(append([]string{}, actions...), "plan.explode", "") {
		for _, value := range values {
			for _, who := range []fleet.Actor{alice, bob, carol, stranger} {
				r := w.press(who, "plan:gone", action, value)
				if r.None || r.Public || r.Code == "" {
					t.Fatalf("%s %.40q by %s: %+v", action, value, who.Name, r)
				}
			}
			w.says(w.press(bob, "", action, value), "I do not know this message any more. Ask for a fresh one")
		}
	}
}

// TestOldPressesSayWhatHappened presses the buttons of a plan in every state
// it goes through.
func TestOldPressesSayWhatHappened(t *testing.T) {
	w := newWorld(t)
	w.atrium()
	news := w.publish("1.1.0")
	w.press(bob, news, fleet.ActBuild, news.ID())
	w.built("atrium-1.1.0")
	reading := w.plans(fleet.PlanReading)
	if len(reading) != 1 {
		t.Fatalf("%d plans are read", len(reading))
	}
	s, value := fleet.SubjectOf(fleet.AboutPlan, string(reading[0].ID)), fleet.PlanValue(reading[0].ID, reading[0].Revision)
	w.says(w.press(bob, s, fleet.ActConfirm, value), "still being read")
	w.says(w.press(bob, s, fleet.ActCompare, value), "still being read")
	w.says(w.press(bob, s, fleet.ActRetry, value), "nothing to try again yet")
	w.work(fleet.TaskInspect, w.inspect)
	w.says(w.press(bob, s, fleet.ActConfirm, fleet.PlanValue(reading[0].ID, 99)), "out of date")
	w.says(w.press(bob, s, fleet.ActContinue, value), "not paused")
	r := w.press(alice, s, fleet.ActCancel, w.button(w.shown(s), fleet.ActCancel).Value)
	if !r.None || !strings.Contains(plainText(*r.Refresh), "Cancelled by alice") || len(r.Refresh.Buttons) > 0 {
		t.Fatalf("%+v", r)
	}
	w.says(w.press(bob, s, fleet.ActConfirm, value), "was cancelled by alice")
	w.says(w.press(bob, s, fleet.ActStop, value), "has ended: it is cancelled")
	w.says(w.press(bob, s, fleet.ActUndo, value), "moved no site")
	w.says(w.press(bob, news, fleet.ActSnooze, news.ID()), "nothing to snooze")
	w.says(w.press(bob, "", fleet.ActRebuild, "atrium-1.1.0"), "nothing to build again")
	w.says(w.press(bob, "", fleet.ActRollback, "a.example.org|7"), "has been moved since this message")
}

// TestSnooze puts an announcement away and shows who did.
func TestSnooze(t *testing.T) {
	w := newWorld(t)
	w.atrium()
	news := w.publish("1.1.0")
	r := w.press(bob, news, fleet.ActSnooze, news.ID())
	if !r.None || !strings.Contains(plainText(*r.Refresh), "Snoozed by bob until") {
		t.Fatalf("%+v", r)
	}
	w.says(w.press(carol, news, fleet.ActChanges, news.ID()), "7 commits in atrium 1.1.0", "number 7", "number 1")
}

// TestForms holds the modal of add and edit to the same checks as the typed
// command; what is wrong is told beside its input.
func TestForms(t *testing.T) {
	w := newWorld(t)
	form := w.ask(bob, "add").Message.Form
	if form == nil || form.Command != "add" || len([]rune(form.Title)) > 24 {
		t.Fatalf("%+v", form)
	}
	inputs := map[string]string{}
	for _, in := range form.Inputs {
		inputs[in.Name] = in.Initial
	}
	submit := func(command, state string, with map[string]string) commands.Reply {
		t.Helper()
		all := map[string]string{}
		for k, v := range inputs {
			all[k] = v
		}
		for k, v := range with {
			all[k] = v
		}
		if command == "edit" {
			delete(all, "name")
		}
		r, err := w.table.Press(w.ctx, commands.Press{ID: "form", Command: command, Value: state, Inputs: all, Who: bob, Channel: "C1"})
		w.ok(err)
		w.carry()
		return r
	}
	for _, tt := range []struct{ input, value, want string }{
		{"name", "two words", "cannot be the name"},
		{"tags", "(", "is not a regular expression"},
		{"tags", "9.*", "No tag matches"},
		{"url", "", "Without a repository there is nothing to follow"},
		{"branch", "main", "either a branch or tags"},
	} {
		with := map[string]string{"name": "atrium", "url": atriumURL, "tags": `1\.\d+\.\d+`}
		with[tt.input] = tt.value
		at := tt.input
		if at == "branch" {
			at, with["follow"] = "tags", "" // a form of an earlier version has all ways of following
		}
		r := submit("add", "", with)
		if !strings.Contains(r.Errors[at], tt.want) {
			t.Errorf("%s=%q gives %v", tt.input, tt.value, r.Errors)
		}
	}
	w.says(submit("add", "", map[string]string{"name": "atrium", "url": atriumURL, "tags": `1\.\d+\.\d+`}), "atrium-1.0.0 is being built")
	if r := submit("add", "", map[string]string{"name": "atrium"}); !strings.Contains(r.Errors["name"], "already") {
		t.Errorf("%+v", r)
	}
	edit := w.ask(bob, "edit atrium").Message.Form
	if edit == nil || edit.State != "atrium" {
		t.Fatalf("%+v", edit)
	}
	w.says(submit("edit", edit.State, map[string]string{"url": atriumURL, "tags": `1\.\d+\.\d+`, "target": "auto", "channel": "#releases"}),
		"Distribution atrium is changed", "Ready builds become the target: at once", "Channel: releases")
	w.says(submit("edit", edit.State, map[string]string{"url": "", "tags": "", "channel": ""}), "Follows: nothing")
}

// TestUnknownRoleIsNoRefusal: while nobody can tell who is a maintainer, Confirm
// says so, nothing is decided, and the same press counts later.
func TestUnknownRoleIsNoRefusal(t *testing.T) {
	w := newWorld(t)
	w.atrium()
	news := w.publish("1.1.0")
	w.press(bob, news, fleet.ActBuild, news.ID())
	w.built("atrium-1.1.0")
	w.work(fleet.TaskInspect, w.inspect)
	plan := w.plans(fleet.PlanProposed)[0]
	s, value := fleet.SubjectOf(fleet.AboutPlan, string(plan.ID)), fleet.PlanValue(plan.ID, plan.Revision)
	w.table.Roles = people{away: errors.New("slack is away")}
	for _, action := range []string{fleet.ActConfirm, fleet.ActCancel} {
		w.says(w.press(bob, s, action, value), "The role of bob cannot be told at the moment")
	}
	w.table.Roles = people{}
	if r := w.press(bob, s, fleet.ActConfirm, value); !r.None || !strings.Contains(plainText(*r.Refresh), "Confirmed by bob") {
		t.Fatalf("%+v", r)
	}
	w.table.Roles = people{away: errors.New("slack is away")}
	w.says(w.press(alice, s, fleet.ActCancel, value), "Already confirmed by bob")
}
