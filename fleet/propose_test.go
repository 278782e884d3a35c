package fleet_test

import (
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
)

func TestProposeRefusals(t *testing.T) {
	site := fleet.Scope{Site: "a.example.org"}
	whole := fleet.Scope{Whole: true, Distribution: "atrium"}
	tests := []struct {
		name string
		prep func(w *world)
		prop fleet.Proposal
		code fleet.Code
		want string
	}{
		{"unknown site", nil, fleet.Proposal{Kind: fleet.Upgrade, Scope: fleet.Scope{Site: "no.example.org"}}, fleet.NotFound, "There is no site no.example.org."},
		{"unknown platform", nil, fleet.Proposal{Kind: fleet.Upgrade, Scope: fleet.Scope{Platform: "no"}}, fleet.NotFound, "There is no platform no."},
		{"unknown distribution", nil, fleet.Proposal{Kind: fleet.Upgrade, Scope: fleet.Scope{Whole: true, Distribution: "no"}}, fleet.NotFound, "There is no distribution no."},
		{"no scope", nil, fleet.Proposal{Kind: fleet.Upgrade}, fleet.Invalid, "A plan needs a site, a platform or a distribution."},
		{"all up to date", nil, fleet.Proposal{Kind: fleet.Upgrade, Scope: whole}, fleet.Refused, "atrium is up to date: all 3 sites are on atrium-1.0.0."},
		{"platform without sites", func(w *world) { w.build("1.1.0") }, fleet.Proposal{Kind: fleet.Upgrade, Scope: fleet.Scope{Platform: "atrium-1.1.0"}}, fleet.Refused, "Platform atrium-1.1.0 has no sites."},
		{"pinned", func(w *world) {
			w.release("1.1.0")
			_, err := w.sites.Pin(w.ctx, "a.example.org", "Rolled back.", alice)
			w.ok(err)
		}, fleet.Proposal{Kind: fleet.Upgrade, Scope: site}, fleet.Refused, "Site a.example.org is pinned: Rolled back. Unpin it first: /distro site unpin a.example.org"},
		{"moving", func(w *world) {
			w.release("1.1.0")
			_, err := w.sites.Claim(w.ctx, fleet.SiteClaim{URI: "a.example.org", Task: "t1", Lease: 1})
			w.ok(err)
		}, fleet.Proposal{Kind: fleet.Upgrade, Scope: site}, fleet.Refused, "Site a.example.org is being worked on by task t1."},
		{"nothing to return to", nil, fleet.Proposal{Kind: fleet.Rollback, Scope: site}, fleet.Refused, "Site a.example.org has no earlier copy to return to."},
		{"migrate nowhere", nil, fleet.Proposal{Kind: fleet.Migrate, Scope: site}, fleet.Invalid, "A migration needs a platform."},
		{"migrate to where it is", nil, fleet.Proposal{Kind: fleet.Migrate, Scope: site, To: "atrium-1.0.0"}, fleet.Refused, "a.example.org is on atrium-1.0.0 already."},
		{"migrate to a locked platform", func(w *world) { w.build("1.1.0") }, fleet.Proposal{Kind: fleet.Migrate, Scope: site, To: "atrium-1.1.0"}, fleet.Refused, "Platform atrium-1.1.0 is locked."},
		{"not on the host", func(w *world) {
			p := w.build("1.1.0", "web7")
			_, err := w.targets.Set(w.ctx, "atrium", p.Name, alice)
			w.ok(err)
		}, fleet.Proposal{Kind: fleet.Upgrade, Scope: site}, fleet.Refused, "Platform atrium-1.1.0 is not on host local, where a.example.org is."},
		{"target cleared", func(w *world) { _, err := w.targets.Clear(w.ctx, "atrium", alice); w.ok(err) },
			fleet.Proposal{Kind: fleet.Upgrade, Scope: whole}, fleet.Refused, "atrium has no upgrade target."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.fleetOf("a.example.org", "b.example.org", "c.example.org")
			if tt.prep != nil {
				tt.prep(w)
			}
			before := len(w.open())
			tt.prop.By = alice
			_, err := w.planner.Propose(w.ctx, tt.prop)
			if text := w.refused(err, tt.code); !strings.HasPrefix(text, tt.want) {
				t.Errorf("got %q", text)
			}
			if len(w.open()) != before {
				t.Error("a plan was made")
			}
		})
	}
}

func TestWiderScopeLeavesOutAndNamesWhatCannotMove(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org", "b.example.org", "c.example.org", "d.example.org")
	_, err := w.sites.Pin(w.ctx, "b.example.org", "The shop is frozen.", alice)
	w.ok(err)
	_, err = w.sites.Claim(w.ctx, fleet.SiteClaim{URI: "c.example.org", Task: "t1", Lease: 1})
	w.ok(err)
	w.release("1.1.0")
	p := w.offered()
	want := map[fleet.URI]string{"b.example.org": "is pinned: The shop is frozen.", "c.example.org": "is being worked on by task t1."}
	moves := 0
	for _, s := range p.Sites {
		if s.Progress != fleet.SiteLeftOut {
			moves++
		} else if !strings.Contains(s.Note, want[s.URI]) || want[s.URI] == "" {
			t.Errorf("%+v", s)
		}
	}
	if moves != 2 || p.Title != "Upgrade 2 sites of atrium from 1.0.0 to 1.1.0" || p.Waves != 2 {
		t.Errorf("%d sites move in %d waves: %s", moves, p.Waves, p.Title)
	}
}

func TestBlockedSitesAreLeftOutAndNamed(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org", "b.example.org")
	w.build("1.1.0")
	_, err := w.targets.Set(w.ctx, "atrium", "atrium-1.1.0", alice)
	w.ok(err)
	w.work(fleet.TaskInspect, func(w *world, task fleet.Task) {
		inspects(w, task)
		w.facts("b.example.org", "2")
	})
	// The target's facts say schema 1: b's data is newer.
	p := w.offered()
	if p.State != fleet.PlanProposed || p.Waves != 1 || p.Sites[1].Progress != fleet.SiteLeftOut || !strings.Contains(p.Sites[1].Note, "newer than the target's 1") {
		t.Fatalf("%+v", p)
	}
	if len(p.Notes) == 0 || !p.Notes[0].Block || p.Notes[0].Site != "b.example.org" {
		t.Errorf("%+v", p.Notes)
	}
}

func TestPlanOfBlockedSitesOnlyFailsWithTheReason(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org")
	w.build("1.1.0")
	_, err := w.targets.Set(w.ctx, "atrium", "atrium-1.1.0", alice)
	w.ok(err)
	w.carry()
	p := w.offered()
	w.work(fleet.TaskInspect, func(w *world, task fleet.Task) {
		inspects(w, task)
		w.facts("a.example.org", "2")
	})
	if p = w.plan(p.ID); p.State != fleet.PlanFailed || !strings.HasPrefix(p.Reason, "No site can be moved. The site's data has schema 2") {
		t.Errorf("%s %q", p.State, p.Reason)
	}
}

// facts gives a site's data a schema, and the platforms schema 1.
func (w *world) facts(uri fleet.URI, schema string) {
	w.t.Helper()
	w.ok(w.store.Update(w.ctx, fleet.Catalogue, func(tx fleet.Tx) error {
		f := fleet.SiteFacts{URI: uri}
		if _, err := tx.Get(&f); err != nil {
			return err
		}
		f.Schema = schema
		tx.Put(&f)
		for _, name := range []fleet.PlatformName{"atrium-1.0.0", "atrium-1.1.0"} {
			f := fleet.PlatformFacts{Platform: name}
			if _, err := tx.Get(&f); err != nil {
				return err
			}
			f.Schema = "1"
			tx.Put(&f)
		}
		return nil
	}))
}

func TestFailedInspectionIsAWarningUnlessNothingWasRead(t *testing.T) {
	setup := func(t *testing.T) (*world, fleet.Plan) {
		w := newWorld(t)
		w.dist(nil)
		first := w.build("1.0.0", "web1", "web2")
		for host, uri := range map[fleet.HostName]fleet.URI{"web1": "a.example.org", "web2": "b.example.org"} {
			_, err := w.sites.Adopt(w.ctx, fleet.Site{URI: uri, Platform: first.Name, Host: host, Generation: 1}, alice)
			w.ok(err)
			w.ok(w.store.Update(w.ctx, fleet.Catalogue, func(tx fleet.Tx) error {
				h := fleet.Host{Name: host}
				_, err := tx.Get(&h)
				tx.Put(&h)
				return err
			}))
		}
		next := w.build("1.1.0")
		if len(next.Hosts) != 2 {
			t.Fatalf("built on %v, want the hosts of the sites", next.Hosts)
		}
		_, err := w.targets.Set(w.ctx, "atrium", next.Name, alice)
		w.ok(err)
		w.carry()
		return w, w.offered()
	}
	broken := func(hosts ...fleet.HostName) end {
		return func(w *world, task fleet.Task) {
			for _, h := range hosts {
				if task.Host == h {
					w.finish(task, fleet.TaskFailed, "The disk is full.")
					return
				}
			}
			inspects(w, task)
		}
	}
	w, p := setup(t)
	if n := w.work(fleet.TaskInspect, broken("web2")); n != 2 {
		t.Fatalf("%d inspect tasks, want one a host", n)
	}
	p = w.plan(p.ID)
	if p.State != fleet.PlanProposed || len(p.Notes) != 1 || !strings.Contains(p.Notes[0].Text, "b.example.org. The facts on host web2 could not be read: The disk is full.") {
		t.Errorf("%s %+v", p.State, p.Notes)
	}
	w, p = setup(t)
	w.work(fleet.TaskInspect, broken("web1", "web2"))
	if p = w.plan(p.ID); p.State != fleet.PlanFailed || !strings.Contains(p.Reason, "The disk is full.") {
		t.Errorf("%s %q", p.State, p.Reason)
	}
}

func TestCompareIsForASiteWhenItsFactsAreFresh(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org")
	w.release("1.1.0")
	compare := func(from, to fleet.PlatformName, uri fleet.URI) fleet.Comparison {
		c, err := w.planner.Compare(w.ctx, from, to, uri)
		w.ok(err)
		return c
	}
	if c := compare("atrium-1.0.0", "atrium-1.1.0", "a.example.org"); len(c.Rows) != 1 || c.Same != 1 || c.Blocked() {
		t.Errorf("%+v", c)
	}
	if c := compare("atrium-1.1.0", "atrium-1.0.0", ""); !c.Blocked() {
		t.Errorf("a downgrade: %+v", c)
	}
	w.facts("a.example.org", "2")
	if c := compare("atrium-1.0.0", "atrium-1.1.0", "a.example.org"); !c.Blocked() {
		t.Errorf("newer data: %+v", c)
	}
	w.drift("a.example.org")
	if c := compare("atrium-1.0.0", "atrium-1.1.0", "a.example.org"); c.Blocked() {
		t.Errorf("facts of an older generation count: %+v", c)
	}
	for _, ask := range [][2]fleet.PlatformName{{"no", "atrium-1.1.0"}, {"atrium-1.0.0", "no"}} {
		_, err := w.planner.Compare(w.ctx, ask[0], ask[1], "")
		w.refused(err, fleet.NotFound)
	}
	_, err := w.planner.Compare(w.ctx, "atrium-1.0.0", "atrium-1.1.0", "no.example.org")
	w.refused(err, fleet.NotFound)
	queued, err := w.builder.Build(w.ctx, order("1.2.0"))
	w.ok(err)
	_, err = w.planner.Compare(w.ctx, "atrium-1.0.0", queued.Name, "")
	w.refused(err, fleet.Refused)
}
