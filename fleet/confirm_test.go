package fleet_test

import (
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// Confirm is bound to what was shown.

func TestPressAfterTheTargetMovedPostsOneFreshPlanThatSaysWhatChanged(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org", "b.example.org")
	w.release("1.1.0")
	old := w.offered()
	w.build("1.2.0")
	_, err := w.targets.Set(w.ctx, "atrium", "atrium-1.2.0", alice) // its effects are not carried yet
	w.ok(err)
	d := w.press(old, bob)
	if d.Outcome != fleet.Superseded || !strings.Contains(d.Text, "The upgrade target is atrium-1.2.0 now, not atrium-1.1.0.") {
		t.Fatalf("%+v", d)
	}
	if again := w.press(old, carol); again.Outcome != fleet.Superseded {
		t.Errorf("%+v", again)
	}
	w.work(fleet.TaskInspect, inspects) // now Review and Offer are carried as well
	fresh := w.offered()
	if fresh.Replaces != old.ID || fresh.To != "atrium-1.2.0" || !strings.Contains(fresh.Reason, "atrium-1.2.0 now") {
		t.Errorf("%+v", fresh)
	}
	if was := w.plan(old.ID); was.State != fleet.PlanSuperseded || was.Replacement != fresh.ID || was.Wave != 0 {
		t.Errorf("%+v", was)
	}
	if n := w.work(fleet.TaskMigrate, migrates); n != 0 {
		t.Errorf("%d sites were moved without a confirmation", n)
	}
}

func TestMovedTargetVoidsAnUndecidedPlanByItself(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org")
	w.release("1.1.0")
	old := w.offered()
	w.release("1.2.0")
	if fresh := w.offered(); fresh.ID == old.ID || fresh.To != "atrium-1.2.0" || fresh.Replaces != old.ID {
		t.Errorf("%+v", fresh)
	}
}

func TestReadyBuildThatIsNotTheTargetVoidsNothing(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org")
	w.release("1.1.0")
	p := w.offered()
	w.build("1.2.0")
	w.work(fleet.TaskInspect, inspects)
	if w.offered().ID != p.ID {
		t.Fatal("the plan was replaced")
	}
	w.confirmed(p, bob)
}

func TestChangedRulesVoidAnUndecidedPlan(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org")
	w.release("1.1.0")
	old := w.offered()
	_, err := w.catalog.Edit(w.ctx, "atrium", alice, func(d *fleet.Distribution) error { d.Policy.Channel = "C0OTHER"; return nil })
	w.ok(err)
	if w.carry(); w.offered().ID != old.ID {
		t.Fatal("another channel voided the plan")
	}
	_, err = w.catalog.Edit(w.ctx, "atrium", alice, func(d *fleet.Distribution) error { d.Policy.Failures = 3; return nil })
	w.ok(err)
	w.work(fleet.TaskInspect, inspects)
	fresh := w.offered()
	if fresh.ID == old.ID || fresh.Failures != 3 || !strings.Contains(fresh.Reason, "The rules of atrium have changed: channel was not set and is C0OTHER, failures was not set and is 3.") {
		t.Errorf("%+v", fresh)
	}
	w.confirmed(fresh, bob)
}

func TestSiteThatMovedVoidsTheFingerprint(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org", "b.example.org")
	w.release("1.1.0")
	p := w.offered()
	w.drift("b.example.org")
	if d := w.press(p, bob); d.Outcome != fleet.Superseded || !strings.Contains(d.Text, "Site b.example.org was changed since.") {
		t.Fatalf("%+v", d)
	}
	w.work(fleet.TaskInspect, inspects)
	fresh := w.offered()
	w.confirmed(fresh, bob)
	if n := w.work(fleet.TaskMigrate, migrates); n != 2 {
		t.Errorf("%d sites moved", n)
	}
}

// drift raises a site's generation as any other change of it does.
func (w *world) drift(uri fleet.URI) {
	w.t.Helper()
	s, err := w.sites.Claim(w.ctx, fleet.SiteClaim{URI: uri, Task: "other", Lease: time.Minute})
	w.ok(err)
	_, err = w.sites.Move(w.ctx, fleet.SiteMove{URI: uri, Task: "other", Fence: s.Lock.Fence, Platform: s.Platform, Generation: s.Generation + 1})
	w.ok(err)
}

func TestExpiredPlanCannotBeConfirmed(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org", "b.example.org")
	w.release("1.1.0")
	p := w.offered()
	w.pass(fleet.DefaultExpiry * time.Hour)
	if d := w.press(p, bob); d.Outcome != fleet.TooLate {
		t.Fatalf("%+v", d)
	}
	if got := w.plan(p.ID); got.State != fleet.PlanExpired || w.audits("plan.expired") != 1 {
		t.Errorf("%+v", got)
	}
	if d := w.press(p, carol); d.Outcome != fleet.TooLate || w.audits("plan.expired") != 1 {
		t.Errorf("%+v", d)
	}
}

func TestExpiryIsEnforcedAtTheCommit(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org")
	w.release("1.1.0")
	p := w.offered()
	w.pass(fleet.DefaultExpiry*time.Hour - time.Second)
	w.mem.Between = func() { w.mem.Pass(time.Second) } // it expires after the rule has run
	d := w.press(p, bob)
	w.mem.Between = nil
	if d.Outcome != fleet.TooLate || w.plan(p.ID).State != fleet.PlanExpired {
		t.Errorf("%+v", d)
	}
}

func TestSweepExpiresUndecidedPlans(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org")
	w.build("1.1.0")
	_, err := w.targets.Set(w.ctx, "atrium", "atrium-1.1.0", alice)
	w.ok(err)
	w.carry()
	unread := w.offered() // its inspect task never runs
	w.pass(fleet.DefaultExpiry * time.Hour)
	if _, err := w.conductor.Sweep(w.ctx); err != nil {
		t.Fatal(err)
	}
	if got := w.plan(unread.ID); got.State != fleet.PlanFailed || got.Reason != "The facts of its sites were not read in time." {
		t.Errorf("%+v", got)
	}
	shown := w.propose(fleet.Scope{Platform: "atrium-1.0.0"})
	w.pass(fleet.DefaultExpiry*time.Hour - time.Second)
	_, err = w.conductor.Sweep(w.ctx)
	w.ok(err)
	if got := w.plan(shown.ID); got.State != fleet.PlanProposed {
		t.Errorf("a second early: %s", got.State)
	}
	w.pass(time.Second)
	_, err = w.conductor.Sweep(w.ctx)
	w.ok(err)
	if got := w.plan(shown.ID); got.State != fleet.PlanExpired {
		t.Errorf("%s", got.State)
	}
}

func TestSameProposalIsNotPostedTwice(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org", "b.example.org")
	w.release("1.1.0")
	p := w.offered()
	again := w.propose(fleet.Scope{Platform: "atrium-1.0.0"})
	if again.ID != p.ID {
		t.Errorf("a second plan %s beside %s", again.ID, p.ID)
	}
	_, err := w.planner.Offer(w.ctx, "atrium", "")
	w.ok(err)
	if w.offered().ID != p.ID {
		t.Error("another plan was offered")
	}
}

func TestReplicasThatOfferAtOnceOfferOne(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org", "b.example.org")
	w.build("1.1.0")
	_, err := w.targets.Set(w.ctx, "atrium", "atrium-1.1.0", alice)
	w.ok(err)
	w.mem.Between = func() { time.Sleep(20 * time.Microsecond) }
	done := make(chan error)
	for range 8 {
		go func() { _, err := w.planner.Offer(w.ctx, "atrium", ""); done <- err }()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	w.mem.Between = nil
	w.work(fleet.TaskInspect, inspects)
	if p := w.offered(); p.State != fleet.PlanProposed || len(p.Reads) != 1 {
		t.Errorf("%+v", p)
	}
}

func TestPlanThatLeadsElsewhereIsSuperseded(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org")
	w.release("1.1.0")
	w.build("1.2.0")
	_, err := w.targets.Lock(w.ctx, "atrium-1.2.0", false, alice)
	w.ok(err)
	offered := w.offered()
	m, err := w.planner.Propose(w.ctx, fleet.Proposal{Kind: fleet.Migrate, Scope: fleet.Scope{Site: "a.example.org"}, To: "atrium-1.2.0", By: alice})
	w.ok(err)
	if got := w.plan(offered.ID); got.State != fleet.PlanSuperseded || got.Replacement != m.ID {
		t.Errorf("%+v", got)
	}
}

func TestSitesThePolicyFreesUpgradeWithoutAPress(t *testing.T) {
	w := newWorld(t)
	w.dist(func(d *fleet.Distribution) { d.Policy.Approval, d.Policy.Free = "none", "staging" })
	first := w.build("1.0.0")
	_, err := w.targets.Set(w.ctx, "atrium", first.Name, alice)
	w.ok(err)
	w.live("a.example.org", first.Name)
	w.live("stage.example.org", first.Name, "Staging")
	w.release("1.1.0")
	if n := w.work(fleet.TaskMigrate, migrates); n != 1 || w.site("stage.example.org").Platform != "atrium-1.1.0" {
		t.Errorf("%d sites moved without a press", n)
	}
	p := w.offered()
	if p.State != fleet.PlanProposed || len(p.Sites) != 1 || p.Sites[0].URI != "a.example.org" {
		t.Errorf("%+v", p)
	}
	if w.audits("plan.confirmed") != 1 {
		t.Error("the policy's confirmation is not recorded")
	}
}

func TestFreeSitesAskedForByAPersonStillNeedAPress(t *testing.T) {
	w := newWorld(t)
	w.dist(nil)
	first := w.build("1.0.0")
	w.live("stage.example.org", first.Name, "staging")
	next := w.build("1.1.0")
	_, err := w.catalog.Edit(w.ctx, "atrium", alice, func(d *fleet.Distribution) error {
		d.Policy.Approval, d.Policy.Free = "none", "staging"
		return nil
	})
	w.ok(err)
	w.ok(w.store.Update(w.ctx, fleet.Catalogue, func(tx fleet.Tx) error { // a target without its offers
		d := fleet.Distribution{Name: "atrium"}
		_, err := tx.Get(&d)
		d.Target = next.Name
		tx.Put(&d)
		return err
	}))
	if p := w.propose(fleet.Scope{Only: []fleet.URI{"stage.example.org"}}); p.State != fleet.PlanProposed {
		t.Errorf("%s", p.State)
	}
}
