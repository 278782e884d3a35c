package commands_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// recorded gives what the audit record holds, oldest first, as "WHO WHAT ABOUT
// OUTCOME".
func (w *world) recorded(q fleet.AuditQuery) []string {
	w.t.Helper()
	w.carry()
	found, err := fleet.FindEvents(w.ctx, w.store, q, "", 500)
	w.ok(err)
	var out []string
	for _, e := range found.Events {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", e.Who.Name, e.What, e.About, e.Outcome)))
	}
	slices.Reverse(out)
	return out
}

// TestEveryRequestIsRecorded: what may change something is in the record, with
// what came of it and where it was asked; what only looks is not, unless it was
// refused.
func TestEveryRequestIsRecorded(t *testing.T) {
	w := newWorld(t)
	w.atrium()
	begun := len(w.recorded(fleet.AuditQuery{}))
	w.ask(carol, "list")
	w.ask(carol, "build atrium 1.0.0")
	w.ask(stranger, "list")
	w.ask(bob, "upgrade nosuch.example.org") // names nothing: no rule said no
	w.ask(bob, "sites --out-of-date")
	w.press(carol, "news:atrium/1", fleet.ActBuild, "atrium/1")
	got := w.recorded(fleet.AuditQuery{})[begun:]
	want := []string{
		"carol asked.build atrium refused",
		"eve asked.list  refused",
		"carol pressed.news.build atrium/1 refused",
	}
	if !slices.Equal(got, want) {
		t.Errorf("recorded %q, want %q", got, want)
	}
	found, err := fleet.FindEvents(w.ctx, w.store, fleet.AuditQuery{Who: "carol", Refused: true}, "", 1)
	w.ok(err)
	e := found.Events[0]
	if e.Channel != "C1" || e.Request == "" || e.Detail["code"] != string(fleet.Forbidden) || !strings.Contains(e.Detail["why"], "You may not") {
		t.Errorf("recorded %+v", e)
	}
}

// TestVotesAreRecordedOnce: a vote that counts names its request and channel, and
// is one entry; one that does not count is a refusal.
func TestVotesAreRecordedOnce(t *testing.T) {
	w := newWorld(t)
	w.atrium()
	news := w.publish("1.1.0")
	w.press(bob, news, fleet.ActBuild, news.ID())
	w.built("atrium-1.1.0")
	w.work(fleet.TaskInspect, w.inspect)
	p := w.plans(fleet.PlanProposed)[0]
	s := fleet.SubjectOf(fleet.AboutPlan, string(p.ID))
	value := w.button(w.shown(s), fleet.ActConfirm).Value
	w.press(carol, s, fleet.ActConfirm, value)
	w.press(alice, s, fleet.ActConfirm, value)
	w.press(bob, s, fleet.ActConfirm, value)
	q := fleet.AuditQuery{Plan: p.ID}
	var votes []string
	for _, line := range w.recorded(q) {
		if strings.Contains(line, "pressed") || strings.Contains(line, "plan.confirmed") || strings.Contains(line, "plan.refused") {
			votes = append(votes, line)
		}
	}
	want := []string{
		fmt.Sprintf("carol plan.refused %s refused", p.ID), // by the rule of the vote, with all that it was weighed by
		fmt.Sprintf("alice plan.confirmed %s", p.ID),
		fmt.Sprintf("bob pressed.plan.confirm %s refused", p.ID),
	}
	if !slices.Equal(votes, want) {
		t.Errorf("recorded %q, want %q", votes, want)
	}
	found, err := fleet.FindEvents(w.ctx, w.store, fleet.AuditQuery{Plan: p.ID, What: "plan.confirmed"}, "", 1)
	w.ok(err)
	refused, err := fleet.FindEvents(w.ctx, w.store, fleet.AuditQuery{Plan: p.ID, What: "plan.refused"}, "", 1)
	w.ok(err)
	if e := refused.Events[0]; !strings.HasPrefix(e.Request, "press-") || e.Channel != "C1" || e.Detail["fingerprint"] == "" || e.Detail["role"] != "reader" ||
		e.Detail["code"] != string(fleet.Forbidden) || !strings.Contains(e.Detail["why"], "You may not decide this plan") {
		t.Errorf("the refusal is recorded as %+v", e)
	}
	if e := found.Events[0]; !strings.HasPrefix(e.Request, "press-") || e.Channel != "C1" || e.Detail["fingerprint"] == "" {
		t.Errorf("the vote is recorded as %+v", e)
	}
}

// TestOneRequestIsOneEntry: a request that is delivered again is in the record
// once.
func TestOneRequestIsOneEntry(t *testing.T) {
	w := newWorld(t)
	w.atrium()
	begun := len(w.recorded(fleet.AuditQuery{}))
	for range 3 {
		_, err := w.table.Run(w.ctx, commands.Ask{ID: "cmd.again", Text: "build atrium 1.0.0", Who: carol, Channel: "C1"})
		w.ok(err)
	}
	if got := w.recorded(fleet.AuditQuery{})[begun:]; len(got) != 1 {
		t.Errorf("recorded %q", got)
	}
}

// TestAuditPages: the filters choose, and pages follow without a gap.
func TestAuditPages(t *testing.T) {
	w := newWorld(t)
	w.atrium()
	for i := range 60 {
		w.ask(carol, fmt.Sprintf("build dist-%d", i))
	}
	seen, before := 0, ""
	for page := 0; ; page++ {
		r := w.ask(bob, strings.TrimSpace("audit --who carol --refused "+before))
		seen += len(r.Message.Table.Rows)
		if len(r.Message.More) == 0 {
			break
		}
		all := plainText(fleet.Message{Lines: r.Message.More})
		before = strings.Trim(all[strings.Index(all, "--before"):], ".\n ")
		if page > 5 {
			t.Fatal("the pages do not end")
		}
	}
	if seen != 60 {
		t.Errorf("the pages hold %d refusals of 60", seen)
	}
	w.says(w.ask(bob, "audit --about dist-7"), "asked build, refused", "dist-7: You may not")
	w.says(w.ask(bob, "audit --since 1h --what host."), "Nothing of the sort")
	for _, wrong := range []string{"--since tomorrow", "--before x", "--until 5"} {
		if r := w.ask(bob, "audit "+wrong); r.Code != fleet.Invalid {
			t.Errorf("%s: %+v", wrong, r)
		}
	}
	if r := w.ask(carol, "audit"); r.Code != fleet.Forbidden {
		t.Errorf("a reader reads the record: %+v", r)
	}
}
