package commands_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// crowded is a fleet whose every list takes three pages.
func crowded(t *testing.T) *world {
	w := newWorld(t)
	w.atrium()
	put(w, fleet.Host{Name: fleet.LocalHost, Seen: noon})
	for i := range 60 {
		put(w, fleet.Site{URI: fleet.URI(fmt.Sprintf("s%02d.example.org", i)), Platform: "atrium-1.0.0", Host: fleet.LocalHost, State: fleet.SiteLive})
		put(w, fleet.Platform{Name: fleet.PlatformName(fmt.Sprintf("old-%02d", i)), Distribution: "atrium", State: fleet.PlatformReady, Created: noon})
		put(w, fleet.Task{ID: fleet.TaskID(fmt.Sprintf("01t%02d", i)), Kind: fleet.TaskCreate, Host: fleet.LocalHost, About: "x", State: fleet.TaskQueued, Created: noon})
		put(w, fleet.Host{Name: fleet.HostName(fmt.Sprintf("web%02d", i)), Seen: noon})
		p := basePlan()
		p.ID, p.Kind = fleet.PlanID(fmt.Sprintf("%02x%024d", i, i)), fleet.Upgrade
		put(w, p)
		w.ok(w.table.Auditor.Asked(w.ctx, fleet.AuditEvent{Who: bob, What: "asked.build", About: fmt.Sprint("atrium-", i), Outcome: fleet.Done}))
	}
	w.carry()
	return w
}

// turn presses the button of a page that begins with a word, as who.
func (w *world) turn(m fleet.Message, label string, who fleet.Actor) (fleet.Message, bool) {
	w.t.Helper()
	for _, b := range m.Buttons {
		if !strings.HasPrefix(b.Label, label) {
			continue
		}
		r := w.press(who, "", b.Action, b.Value)
		if !r.None || r.Refresh == nil {
			w.t.Fatalf("%s: the page is not turned in place: %s", b.Value, plainText(r.Message))
		}
		return *r.Refresh, true
	}
	return m, false
}

// TestListsTurnInPlace goes through every long list to its end and back by its
// buttons: each row is there once, and the first page is what it was.
func TestListsTurnInPlace(t *testing.T) {
	w := crowded(t)
	for line, least := range map[string]int{"sites atrium": 63, "sites --host local": 63, "platforms": 61, "platforms atrium": 61, "tasks": 61, "tasks --open --host local": 61,
		"plans": 60, "hosts": 60, "audit --what asked.build": 60} {
		m := w.ask(alice, line).Message
		first, seen, pages := plainText(m), map[string]bool{}, 0
		for more := true; more; m, more = w.turn(m, "Next", alice) {
			if m.Table == nil {
				t.Fatalf("%s: no list:\n%s", line, plainText(m))
			}
			pages++
			for _, row := range m.Table.Rows {
				key := strings.Join(row, "|")
				if seen[key] && !strings.HasPrefix(line, "audit") {
					t.Errorf("%s: %s is there twice", line, key)
				}
				seen[key] = true
			}
		}
		if len(seen) < least || pages != 3 {
			t.Errorf("%s: %d rows on %d pages", line, len(seen), pages)
		}
		for more := true; more; m, more = w.turn(m, "Previous", alice) {
			pages--
		}
		if got := plainText(m); got != first {
			t.Errorf("%s: back on the first page it says\n%s\nnot\n%s", line, got, first)
		}
	}
}

// TestStalePages: buttons of pages outlive what they show. The last page stands
// for one that is gone, a list that means nothing any more says so, and nobody
// turns what they may not read.
func TestStalePages(t *testing.T) {
	w := crowded(t)
	for _, line := range []string{"sites atrium", "platforms", "tasks", "plans", "hosts"} {
		r := w.press(carol, "", fleet.ActTurn, line+"|99")
		if r.Refresh == nil || r.Refresh.Table == nil || len(r.Refresh.Table.Rows) == 0 {
			t.Errorf("%s: beyond the end there is nothing: %+v", line, r)
		}
	}
	for value, want := range map[string]string{
		"sites nosuch|2": `There is no distribution or platform "nosuch"`, "sites --host=nowhere|2": "There is no site like that", "tasks --state=odd|2": "is no state of a task",
		"audit|5": "You may not do that",
	} {
		r := w.press(carol, "", fleet.ActTurn, value)
		if r.Refresh != nil && strings.Contains(plainText(*r.Refresh), want) {
			continue
		}
		w.says(r, want)
	}
	for _, value := range []string{"", "sites", "sites|0", "sites|-1", "sites|x", "|1", "nosuch|1", "build atrium|1", "remove atrium|1", "sites --nosuch|1", "add|1"} {
		w.says(w.press(alice, "", fleet.ActTurn, value), "I do not know this message any more")
	}
	w.says(w.press(stranger, "", fleet.ActTurn, "sites|2"), "You are not among the people")
	shell, err := w.table.Run(w.ctx, commands.Ask{ID: "shell", Text: "sites", Who: alice, Shell: true})
	w.ok(err)
	if len(shell.Message.Buttons) > 0 {
		t.Error("a list in a shell has buttons")
	}
}
