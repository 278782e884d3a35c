package fleet_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// TestStuckSites: people are told once of sites that let nobody in, the message is
// edited when they change and over when none is left; what may pass is not told at
// once; the next time is a new alarm, and a worker's report keeps all of that.
func TestStuckSites(t *testing.T) {
	w, hs := hostWorld(t)
	since := w.now()
	one := fleet.Stuck{URI: "a.example", Since: since, Why: "It is on the platforms one and two.", Person: true}
	busy := fleet.Stuck{URI: "b.example", Since: since, Why: "Aegir has an open task of it."}
	say := func(stuck ...fleet.Stuck) (a fleet.Alarm) {
		t.Helper()
		for range 2 { // each sweep says the same
			w.ok(hs.Stuck(w.ctx, "web1", stuck))
			w.report(hs, "web1", fleet.HostWorking)
		}
		row := fleet.Host{Name: "web1"}
		w.ok(fleet.One(w.ctx, w.store, &row, "host"))
		if row.Stuck != "" {
			a.ID = row.Stuck
			w.ok(fleet.One(w.ctx, w.store, &a, "alarm"))
		}
		return a
	}
	if a := say(busy); a.ID != "" {
		t.Errorf("told at once of what may pass: %+v", a)
	}
	first := say(one, busy)
	if first.Title != "Site a.example on host web1 lets nobody in" || first.Tone != fleet.Bad || first.Over ||
		!strings.Contains(first.Text, "a.example, closed since "+fleet.Moment(since)+": It is on the platforms one and two. ") || strings.Contains(first.Text, "b.example") {
		t.Errorf("%+v", first)
	}
	w.pass(fleet.StuckTooLong)
	both := say(busy, one)
	if both.ID != first.ID || both.Title != "2 sites on host web1 let nobody in" || !strings.Contains(both.Text, "b.example, closed since") {
		t.Errorf("%+v", both)
	}
	var many []fleet.Stuck
	for i := range 8 {
		many = append(many, fleet.Stuck{URI: fleet.URI(fmt.Sprintf("s%d.example", i)), Since: since, Why: "x", Person: true})
	}
	if a := say(many...); a.ID != first.ID || !strings.Contains(a.Text, "s4.example") || !strings.Contains(a.Text, "And 3 sites more.") || strings.Contains(a.Text, "s5") {
		t.Errorf("%+v", a)
	}
	if n := w.audits("alarm.raised"); n != 1 {
		t.Errorf("%d alarms were raised", n)
	}
	if a := say(); a.ID != "" {
		t.Errorf("still told of %+v", a)
	}
	over := fleet.Alarm{ID: first.ID}
	if w.ok(fleet.One(w.ctx, w.store, &over, "alarm")); !over.Over {
		t.Errorf("%+v", over)
	}
	w.pass(time.Second)
	if a := say(one); a.ID == "" || a.ID == first.ID || w.audits("alarm.raised") != 2 {
		t.Errorf("the next time: %+v", a)
	}
	w.ok(hs.Stuck(w.ctx, "nobody", []fleet.Stuck{one}))
}
