package fleet_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// The upgrade semantics, one test for each sentence of them.

func TestSiteIsOfferedAnUpgradeOnlyWhenAReadyTargetIsAnotherPlatform(t *testing.T) {
	w := newWorld(t)
	w.dist(nil)
	first := w.build("1.0.0")
	w.live("shop.example.org", first.Name)
	upgrade := fleet.Proposal{Kind: fleet.Upgrade, Scope: fleet.Scope{Site: "shop.example.org"}, By: alice}

	_, err := w.planner.Propose(w.ctx, upgrade)
	if text := w.refused(err, fleet.Refused); !strings.Contains(text, "atrium has no upgrade target.") {
		t.Error(text)
	}
	_, err = w.targets.Set(w.ctx, "atrium", first.Name, alice)
	w.ok(err)
	_, err = w.planner.Propose(w.ctx, upgrade)
	if text := w.refused(err, fleet.Refused); text != "shop.example.org is up to date: it is on atrium-1.0.0." {
		t.Error(text)
	}
	pending, err := w.builder.Build(w.ctx, fleet.BuildOrder{Distribution: "atrium", Ref: tag("1.1.0"), By: alice})
	w.ok(err)
	_, err = w.targets.Set(w.ctx, "atrium", pending.Name, alice)
	if text := w.refused(err, fleet.Refused); !strings.Contains(text, "is still being built") {
		t.Error(text)
	}
	if w.carry(); len(w.open()) != 0 {
		t.Fatal("a plan was offered without a ready target that is another platform")
	}
	w.record(pending, fleet.LocalHost)
	_, err = w.targets.Set(w.ctx, "atrium", pending.Name, alice)
	w.ok(err)
	if w.carry(); w.offered().To != pending.Name {
		t.Error("no plan was offered when the target was ready")
	}
}

func TestSettingTheTargetLocksTheOthers(t *testing.T) {
	w := newWorld(t)
	w.dist(nil)
	one, two, three := w.build("1.0.0"), w.build("1.1.0"), w.build("1.2.0")
	for _, target := range []fleet.PlatformName{two.Name, three.Name, one.Name} {
		_, err := w.targets.Set(w.ctx, "atrium", target, alice)
		w.ok(err)
		for _, p := range []fleet.PlatformName{one.Name, two.Name, three.Name} {
			now, err := w.catalog.Platform(w.ctx, p)
			w.ok(err)
			if now.Locked != (p != target) {
				t.Errorf("target %s: %s locked is %v", target, p, now.Locked)
			}
		}
	}
	if late := w.build("1.3.0"); !late.Locked {
		t.Error("a platform that joins while there is a target is not locked")
	}
	_, err := w.targets.Lock(w.ctx, one.Name, true, alice)
	w.refused(err, fleet.Refused)
}

func TestSiteCreateOnALockedPlatformIsRefusedAndOnItsDistributionLandsOnTheTarget(t *testing.T) {
	w := newWorld(t)
	w.dist(nil)
	old, target := w.build("1.0.0"), w.build("1.1.0")
	_, _, err := w.sites.Create(w.ctx, fleet.NewSite{URI: "new.example.org", Distribution: "atrium"}, alice)
	if text := w.refused(err, fleet.Refused); !strings.Contains(text, "atrium has no upgrade target yet.") {
		t.Error(text)
	}
	_, err = w.targets.Set(w.ctx, "atrium", target.Name, alice)
	w.ok(err)
	_, _, err = w.sites.Create(w.ctx, fleet.NewSite{URI: "new.example.org", Platform: old.Name}, alice)
	if text := w.refused(err, fleet.Refused); !strings.Contains(text, "Platform atrium-1.0.0 is locked. Name the distribution atrium instead") {
		t.Error(text)
	}
	s, task, err := w.sites.Create(w.ctx, fleet.NewSite{URI: "https://New.example.org/", Distribution: "ATRIUM", Tags: []string{"staging"}}, alice)
	w.ok(err)
	if s.URI != "new.example.org" || s.Platform != target.Name || s.State != fleet.SiteCreating || s.Host != fleet.LocalHost {
		t.Errorf("%+v", s)
	}
	if task.Params[fleet.ParamPlatform] != string(target.Name) || task.Kind != fleet.TaskCreate {
		t.Errorf("%+v", task)
	}
	_, _, err = w.sites.Create(w.ctx, fleet.NewSite{URI: "new.example.org", Distribution: "atrium"}, alice)
	w.refused(err, fleet.Exists)
}

func TestPlatformWithoutADistributionWorksWithoutAnyOfThis(t *testing.T) {
	w := newWorld(t)
	w.dist(nil)
	p := w.build("1.0.0")
	next := w.build("1.1.0")
	_, err := w.targets.Set(w.ctx, "atrium", next.Name, alice)
	w.ok(err)
	alone, err := w.targets.Assign(w.ctx, p.Name, "", alice)
	w.ok(err)
	if alone.Locked || alone.Distribution != "" {
		t.Fatalf("%+v", alone)
	}
	_, _, err = w.sites.Create(w.ctx, fleet.NewSite{URI: "a.example.org", Platform: p.Name}, alice)
	w.ok(err)
	w.live("b.example.org", p.Name)
	_, err = w.planner.Propose(w.ctx, fleet.Proposal{Kind: fleet.Upgrade, Scope: fleet.Scope{Site: "b.example.org"}, By: alice})
	if text := w.refused(err, fleet.Refused); !strings.Contains(text, "belongs to no distribution") {
		t.Error(text)
	}
	plan, err := w.planner.Propose(w.ctx, fleet.Proposal{Kind: fleet.Migrate, Scope: fleet.Scope{Site: "b.example.org"}, To: next.Name, By: alice})
	w.ok(err)
	w.work(fleet.TaskInspect, inspects)
	w.confirmed(w.plan(plan.ID), bob)
	w.work(fleet.TaskMigrate, migrates)
	if s := w.site("b.example.org"); s.Platform != next.Name {
		t.Errorf("%+v", s)
	}
}

func TestTargetIsSetByHandOrAutomaticallyOnAReadyBuild(t *testing.T) {
	w := newWorld(t)
	w.dist(func(d *fleet.Distribution) { d.Policy.Target = fleet.Automatic })
	first := w.build("1.0.0")
	target := func() fleet.PlatformName {
		d, err := w.catalog.Distribution(w.ctx, "atrium")
		w.ok(err)
		return d.Target
	}
	if target() != first.Name || first.Locked {
		t.Fatalf("target %q after the first build, locked %v", target(), first.Locked)
	}
	w.live("a.example.org", first.Name)
	slow, err := w.builder.Build(w.ctx, fleet.BuildOrder{Distribution: "atrium", Ref: tag("1.1.0"), By: alice})
	w.ok(err)
	fast := w.build("1.2.0")
	if target() != fast.Name || fast.Locked {
		t.Fatalf("target %q after a later build, locked %v", target(), fast.Locked)
	}
	if slow = w.record(slow, fleet.LocalHost); target() != fast.Name || !slow.Locked {
		t.Fatalf("a slow older build moved the target to %q", target())
	}
	_, err = w.targets.Set(w.ctx, "atrium", slow.Name, alice)
	w.ok(err)
	if target() != slow.Name {
		t.Error("the target was not set by hand")
	}
}

func TestUpgradeOfAPlatformIsAllItsSites(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("c.example.org", "a.example.org", "b.example.org")
	w.release("1.1.0")
	p := w.offered()
	if len(p.Sites) != 3 || p.Scope.Platform != "atrium-1.0.0" || p.Sites[0].URI != "a.example.org" {
		t.Errorf("%+v", p.Sites)
	}
}

func TestSiteNeverChangesItsURIInAnUpgrade(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("shop.example.org")
	before := w.site("shop.example.org")
	next := w.release("1.1.0")
	w.confirmed(w.offered(), bob)
	w.work(fleet.TaskMigrate, migrates)
	after := w.site("shop.example.org")
	if after.URI != before.URI || after.ID != before.ID || after.Platform != next.Name || after.Generation != before.Generation+1 {
		t.Errorf("before %+v, after %+v", before, after)
	}
}

func TestPressingTwiceRunsItOnce(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org")
	w.release("1.1.0")
	p := w.offered()
	vote := fleet.Vote{Plan: p.ID, Revision: p.Revision, Confirm: true, Who: bob, Role: fleet.Maintainer, Request: "one press"}
	first, err := w.decider.Press(w.ctx, vote)
	w.ok(err)
	again, err := w.decider.Press(w.ctx, vote)
	w.ok(err)
	if first.Outcome != fleet.Approved || again.Outcome != first.Outcome || again.Text != first.Text {
		t.Errorf("the same press was answered %+v, then %+v", first, again)
	}
	vote.Request = "another press"
	if d, err := w.decider.Press(w.ctx, vote); err != nil || d.Outcome != fleet.Already || !strings.Contains(d.Text, "Already confirmed by Bob") {
		t.Errorf("%+v, %v", d, err)
	}
	if n := w.work(fleet.TaskMigrate, migrates); n != 1 || w.audits("plan.confirmed") != 1 {
		t.Errorf("%d migrate tasks ran, %d confirmations recorded", n, w.audits("plan.confirmed"))
	}
}

func TestTwoPeopleAtOnceRunItOnce(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org")
	w.release("1.1.0")
	p := w.offered()
	w.mem.Between = func() { time.Sleep(time.Microsecond) } // lets the others in before each commit
	outcomes := make([]fleet.Outcome, 40)
	var wg sync.WaitGroup
	for i := range outcomes {
		wg.Go(func() {
			who := []fleet.Actor{bob, carol}[i%2]
			d, err := w.decider.Press(w.ctx, fleet.Vote{Plan: p.ID, Revision: p.Revision, Confirm: true, Who: who, Role: fleet.Maintainer, Request: fmt.Sprint(i)})
			if err != nil {
				t.Error(err)
			}
			outcomes[i] = d.Outcome
		})
	}
	wg.Wait()
	w.mem.Between = nil
	count := map[fleet.Outcome]int{}
	for _, o := range outcomes {
		count[o]++
	}
	if count[fleet.Approved] != 1 || count[fleet.Already] != len(outcomes)-1 {
		t.Errorf("%v", count)
	}
	if n := w.work(fleet.TaskMigrate, migrates); n != 1 || len(w.plan(p.ID).Votes) != 1 {
		t.Errorf("%d migrate tasks ran", n)
	}
}

func TestEveryPressGetsAnAnswer(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org")
	w.release("1.1.0")
	p := w.offered()
	press := func(p fleet.Plan, v fleet.Vote) fleet.Decision {
		v.Plan = p.ID
		w.presses++
		v.Request = fmt.Sprint("answer ", w.presses)
		d, err := w.decider.Press(w.ctx, v)
		w.ok(err)
		if d.Text == "" {
			t.Errorf("no words for %s", d.Outcome)
		}
		return d
	}
	yes := fleet.Vote{Revision: p.Revision, Confirm: true, Who: bob, Role: fleet.Maintainer}
	reader, old := yes, yes
	reader.Role, old.Revision = fleet.Reader, p.Revision-1
	if d := press(p, reader); d.Outcome != fleet.NotPermitted || !d.Private {
		t.Errorf("a reader: %+v", d)
	}
	if d := press(p, old); d.Outcome != fleet.OldRevision {
		t.Errorf("an old message: %+v", d)
	}
	no := yes
	no.Confirm = false
	if d := press(p, no); d.Outcome != fleet.Cancelled {
		t.Errorf("cancel: %+v", d)
	}
	if d := press(p, yes); d.Outcome != fleet.Already || !strings.Contains(d.Text, "cancelled by Bob") {
		t.Errorf("a cancelled message: %+v", d)
	}
	fresh := w.propose(fleet.Scope{Whole: true, Distribution: "atrium"})
	w.confirmed(fresh, bob)
	w.work(fleet.TaskMigrate, migrates)
	if d := press(fresh, yes); d.Outcome != fleet.Already || !strings.Contains(d.Text, "it is done") {
		t.Errorf("a finished message: %+v", d)
	}
	_, err := w.decider.Press(w.ctx, fleet.Vote{Plan: "nowhere", Confirm: true, Who: bob, Role: fleet.Maintainer})
	w.refused(err, fleet.NotFound)
}

func TestWhoAskedMayNotConfirmAloneUnlessThePolicySaysSo(t *testing.T) {
	for self, want := range map[bool]fleet.Outcome{false: fleet.OwnRequest, true: fleet.Approved} {
		w := newWorld(t)
		w.fleetOf("a.example.org")
		_, err := w.catalog.Edit(w.ctx, "atrium", alice, func(d *fleet.Distribution) error { d.Policy.Self = self; return nil })
		w.ok(err)
		w.build("1.1.0")
		_, err = w.targets.Set(w.ctx, "atrium", "atrium-1.1.0", alice)
		w.ok(err)
		p := w.propose(fleet.Scope{Site: "a.example.org"})
		if d := w.press(p, alice); d.Outcome != want {
			t.Errorf("self %v: %+v", self, d)
		}
	}
}
