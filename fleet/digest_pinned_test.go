package fleet_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// said joins what a message shows, in its order.
func said(m fleet.Message) string {
	var b strings.Builder
	for _, l := range append(append([]fleet.Line{}, m.Lines...), m.More...) {
		for _, s := range l.Spans {
			b.WriteString(s.Text)
		}
		b.WriteByte('\n')
		if l.Button != nil {
			fmt.Fprintf(&b, "[%s]\n", l.Button.Label)
		}
	}
	for _, x := range m.Buttons {
		fmt.Fprintf(&b, "[%s]\n", x.Label)
	}
	return b.String()
}

func TestDigestListsPinnedSitesOnceAndApart(t *testing.T) {
	for _, c := range []struct {
		name      string
		pin       []fleet.URI
		want, not []string
	}{
		{"none", nil, []string{"atrium: 2 of 2 sites are out of date, on atrium-1.0.0. The target is atrium-1.1.0.", "a.example, b.example", "[Compare and upgrade atrium]"}, []string{"inned"}},
		{"one of two", []fleet.URI{"a.example"}, []string{"1 of them is pinned; it is listed below.", "b.example\n", "Pinned: a.example on atrium-1.0.0. The check failed.", "[Compare"}, []string{"a.example, b.example"}},
		{"all", []fleet.URI{"a.example", "b.example"}, []string{"All of them are pinned, so no upgrade is offered."}, []string{"[Compare", "a.example, b.example"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.fleetOf("a.example", "b.example")
			w.release("1.1.0")
			for _, u := range c.pin {
				_, err := w.sites.Pin(w.ctx, u, "the check failed", alice)
				w.ok(err)
			}
			m, err := (&fleet.Narrator{Store: w.store}).Digest(w.ctx, time.Now(), 0)
			w.ok(err)
			got := said(m)
			for _, x := range c.want {
				if !strings.Contains(got, x) {
					t.Errorf("without %q:\n%s", x, got)
				}
			}
			for _, x := range c.not {
				if strings.Contains(got, x) {
					t.Errorf("with %q:\n%s", x, got)
				}
			}
			for _, u := range c.pin {
				if strings.Count(got, string(u)) != 1 {
					t.Errorf("%s does not stand once:\n%s", u, got)
				}
			}
		})
	}
}

// A site is said to be pinned only if it is: one that failed in preflight
// stays where it was, and the next upgrade takes it.
func TestFailedSitesAreCalledPinnedOnlyIfTheyAre(t *testing.T) {
	for _, pinned := range []string{"", "rolled back: the check failed"} {
		w, p := under(t, 1, nil)
		w.once(func(w *world, task fleet.Task) {
			s, err := w.claim(task)
			w.ok(err)
			if pinned != "" {
				_, err := w.sites.Pin(w.ctx, s.URI, pinned, bob)
				w.ok(err)
			}
			w.ok(w.sites.Release(w.ctx, s.URI, s.Lock.Fence, fleet.SiteLive))
			w.finish(task, fleet.TaskFailed, "There is no room.")
		})
		got := said(fleet.TellPlan(fleet.PlanView{Plan: w.plan(p.ID)}))
		if strings.Contains(got, "pinned until") != (pinned != "") {
			t.Errorf("pinned %q:\n%s", pinned, got)
		}
	}
}

// Retry lifts pins only with a plan that stands: a refusal leaves them.
func TestRetryUnpinsOnlyWithAPlan(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example", "b.example")
	p := w.release("1.1.0")
	for _, u := range []fleet.URI{"a.example", "b.example"} {
		_, err := w.sites.Pin(w.ctx, u, "rolled back", alice)
		w.ok(err)
	}
	retry := fleet.Proposal{Kind: fleet.Upgrade, Scope: fleet.Scope{Distribution: "atrium", Only: []fleet.URI{"a.example"}}, By: bob, Unpin: true}
	_, err := w.targets.Clear(w.ctx, "atrium", alice)
	w.ok(err)
	if _, err := w.planner.Propose(w.ctx, retry); fleet.CodeOf(err) != fleet.Refused || w.site("a.example").Pinned == "" {
		t.Errorf("refused with %v; the site is pinned: %q", err, w.site("a.example").Pinned)
	}
	_, err = w.targets.Set(w.ctx, "atrium", p.Name, alice)
	w.ok(err)
	if _, err := w.planner.Propose(w.ctx, retry); err != nil || w.site("a.example").Pinned != "" || w.site("b.example").Pinned == "" {
		t.Errorf("%v; pinned: %q, %q", err, w.site("a.example").Pinned, w.site("b.example").Pinned)
	}
}
