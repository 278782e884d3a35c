package fleet_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// under gives a confirmed plan over n sites whose first wave is ordered.
func under(t *testing.T, n int, edit func(*fleet.Distribution)) (*world, fleet.Plan) {
	w := newWorld(t)
	w.dist(edit)
	first := w.build("1.0.0")
	_, err := w.targets.Set(w.ctx, "atrium", first.Name, alice)
	w.ok(err)
	for i := range n {
		w.live(fleet.URI(fmt.Sprintf("s%02d.example.org", i)), first.Name)
	}
	w.release("1.1.0")
	p := w.offered()
	w.confirmed(p, bob)
	return w, p
}

// once lets the tasks that are queued now end, without those they lead to.
func (w *world) once(how end) int {
	w.t.Helper()
	open, err := w.tasks.List(w.ctx, "", true, 1000)
	w.ok(err)
	n := 0
	for _, t := range open {
		if t.State == fleet.TaskQueued && t.Kind == fleet.TaskMigrate {
			how(w, t)
			n++
		}
	}
	w.carry()
	return n
}

func TestWavesFollowEachOther(t *testing.T) {
	w, p := under(t, 25, nil)
	for wave, want := range []int{1, 3, 21} {
		if got := w.plan(p.ID); got.Wave != wave+1 {
			t.Fatalf("wave %d, want %d", got.Wave, wave+1)
		}
		if n := w.once(migrates); n != want {
			t.Fatalf("%d tasks in wave %d, want %d", n, wave+1, want)
		}
	}
	p = w.plan(p.ID)
	if p.State != fleet.PlanDone {
		t.Fatalf("%s %s", p.State, p.Reason)
	}
	// 25 sites are too many for a line each: three waves and the end.
	if len(p.Log) != 4 || !strings.HasPrefix(p.Log[0].Text, "Wave 1 of 3 is over: 1 site upgraded.") {
		t.Errorf("%+v", p.Log)
	}
}

func TestAdvancingAgainOrdersNothingTwice(t *testing.T) {
	w, p := under(t, 12, nil)
	for range 5 {
		w.ok(w.conductor.Advance(w.ctx, p.ID))
	}
	if _, err := w.conductor.Sweep(w.ctx); err != nil {
		t.Fatal(err)
	}
	w.carry()
	if n := w.once(func(*world, fleet.Task) {}); n != 1 {
		t.Errorf("%d tasks for the canary", n)
	}
}

func TestFailureBudgetPausesBeforeTheNextWave(t *testing.T) {
	w, p := under(t, 3, nil)
	w.once(fails("s00.example.org"))
	p = w.plan(p.ID)
	if p.State != fleet.PlanPaused || p.Reason != "1 site failed, and this plan tolerates 0." || p.Sites[0].Progress != fleet.SiteBack {
		t.Fatalf("%s %q %+v", p.State, p.Reason, p.Sites[0])
	}
	if w.site("s00.example.org").Platform != "atrium-1.0.0" {
		t.Error("the failed site is not on its old platform")
	}
	_, err := w.conductor.Resume(w.ctx, p.ID, p.Revision-1, true, bob)
	w.refused(err, fleet.Refused)
	_, err = w.conductor.Resume(w.ctx, p.ID, p.Revision, true, bob)
	w.ok(err)
	_, err = w.conductor.Resume(w.ctx, p.ID, p.Revision, true, carol)
	w.refused(err, fleet.Refused)
	w.carry()
	if n := w.work(fleet.TaskMigrate, migrates); n != 2 {
		t.Errorf("%d sites after Continue", n)
	}
	p = w.plan(p.ID)
	if p.State != fleet.PlanFailed || p.Reason != "1 of 3 sites failed." || w.audits("plan.continued") != 1 {
		t.Errorf("%s %q", p.State, p.Reason)
	}
}

func TestToleratedFailuresDoNotPause(t *testing.T) {
	for budget, want := range map[int]int{1: 3, -1: 3, 0: 1} {
		w, p := under(t, 3, func(d *fleet.Distribution) { d.Policy.Failures = budget })
		if n := w.work(fleet.TaskMigrate, fails("s00.example.org")); n != want {
			t.Errorf("budget %d: %d tasks ran, want %d: %s", budget, n, want, w.plan(p.ID).Reason)
		}
	}
}

func TestStopLeavesTheRestUntouched(t *testing.T) {
	w, p := under(t, 3, nil)
	w.once(fails("s00.example.org"))
	p = w.plan(p.ID)
	_, err := w.conductor.Resume(w.ctx, p.ID, p.Revision, false, bob)
	w.ok(err)
	w.carry()
	p = w.plan(p.ID)
	if p.State != fleet.PlanFailed || p.Reason != "Stopped by Bob. 2 sites were not started." {
		t.Errorf("%s %q", p.State, p.Reason)
	}
	if n := w.work(fleet.TaskMigrate, migrates); n != 0 {
		t.Errorf("%d sites were moved after Stop", n)
	}
}

func TestTargetThatMovesPausesARunningPlanBeforeItsNextWave(t *testing.T) {
	w, p := under(t, 3, nil)
	w.build("1.2.0")
	_, err := w.targets.Set(w.ctx, "atrium", "atrium-1.2.0", alice)
	w.ok(err)
	w.carry()
	p = w.plan(p.ID)
	if p.State != fleet.PlanPaused || !strings.Contains(p.Reason, "The upgrade target of atrium is atrium-1.2.0 now, not atrium-1.1.0.") {
		t.Fatalf("%s %q", p.State, p.Reason)
	}
	// The canary's task was ordered under the old target, and nobody had begun it.
	if n := w.once(migrates); n != 0 || p.Sites[0].Progress != fleet.SiteWaiting || p.Sites[0].Try != 1 {
		t.Fatalf("%d tasks ran, %s %+v", n, p.State, p.Sites[0])
	}
	_, err = w.conductor.Resume(w.ctx, p.ID, p.Revision, true, bob)
	w.ok(err)
	if n := w.work(fleet.TaskMigrate, migrates); n != 3 {
		t.Errorf("%d sites moved after Continue", n)
	}
	if s := w.site("s02.example.org"); s.Platform != "atrium-1.1.0" {
		t.Errorf("%+v", s)
	}
	// Now that they are free, all of them are offered the new target.
	w.work(fleet.TaskInspect, inspects)
	for _, o := range w.open() {
		if o.To != "atrium-1.2.0" {
			t.Errorf("%+v", o)
		}
	}
	if len(w.open()) == 0 {
		t.Error("nothing was offered after the plan that kept its sites busy")
	}
}

func TestRulesThatChangePauseARunningPlan(t *testing.T) {
	w, p := under(t, 3, nil)
	_, err := w.catalog.Edit(w.ctx, "atrium", alice, func(d *fleet.Distribution) error { d.Policy.Self = true; return nil })
	w.ok(err)
	w.carry()
	if p = w.plan(p.ID); p.State != fleet.PlanPaused || !strings.Contains(p.Reason, "The rules of atrium have changed") {
		t.Errorf("%s %q", p.State, p.Reason)
	}
}

func TestOneSiteThatDriftedIsLeftOutAndNamed(t *testing.T) {
	w, p := under(t, 3, nil)
	w.drift("s01.example.org")
	_, err := w.sites.Pin(w.ctx, "s02.example.org", "Frozen.", alice)
	w.ok(err)
	if n := w.work(fleet.TaskMigrate, migrates); n != 1 {
		t.Errorf("%d sites moved", n)
	}
	p = w.plan(p.ID)
	if p.State != fleet.PlanDone || p.Sites[1].Note != "Site s01.example.org was changed since." || p.Sites[2].Note != "It is pinned: Frozen." {
		t.Errorf("%s %+v", p.State, p.Sites)
	}
	named := 0
	for _, l := range p.Log {
		if strings.Contains(l.Text, "is left out.") {
			named++
		}
	}
	if named != 2 {
		t.Errorf("%+v", p.Log)
	}
}

func TestHeldTaskHoldsThePlan(t *testing.T) {
	w, p := under(t, 3, nil)
	hold := func(w *world, task fleet.Task) { w.finish(task, fleet.TaskHeld, "The step is unknown.") }
	w.once(hold)
	if got := w.plan(p.ID); got.State != fleet.PlanPaused || got.Wave != 1 || got.Sites[0].Progress != fleet.SiteHeld ||
		got.Reason != "s00.example.org waits for a person. The step is unknown." {
		t.Fatalf("%s %+v", got.State, got.Sites[0])
	}
	task := w.plan(p.ID).Sites[0].Task
	_, err := w.tasks.Cancel(w.ctx, task, bob)
	w.refused(err, fleet.Refused)
	_, err = w.tasks.Answer(w.ctx, task, "maybe", bob)
	w.refused(err, fleet.Invalid)
	_, err = w.tasks.Answer(w.ctx, task, fleet.RunAgain, bob)
	w.ok(err)
	if n := w.work(fleet.TaskMigrate, migrates); n != 3 || w.plan(p.ID).State != fleet.PlanDone {
		t.Errorf("%d tasks, %s", n, w.plan(p.ID).State)
	}
}

func TestCancelledTaskLeavesItsSiteOut(t *testing.T) {
	w, p := under(t, 1, nil)
	task := w.plan(p.ID).Sites[0].Task
	_, err := w.tasks.Cancel(w.ctx, task, bob)
	w.ok(err)
	w.carry()
	got := w.plan(p.ID)
	if got.State != fleet.PlanDone || got.Sites[0].Progress != fleet.SiteLeftOut || got.Sites[0].Note != "Cancelled by Bob." {
		t.Errorf("%s %+v", got.State, got.Sites[0])
	}
}

func TestBrokenSiteIsToldApartFromOneThatWentBack(t *testing.T) {
	w, p := under(t, 1, nil)
	w.once(func(w *world, task fleet.Task) {
		s, err := w.claim(task)
		w.ok(err)
		_, err = w.sites.Move(w.ctx, fleet.SiteMove{URI: s.URI, Task: task.ID, Fence: s.Lock.Fence, Platform: "atrium-1.1.0", Generation: 2, Previous: 1, From: s.Platform})
		w.ok(err)
		w.finish(task, fleet.TaskFailed, "It is worse than before, and people have written to it.")
	})
	got := w.plan(p.ID)
	if got.State != fleet.PlanFailed || got.Sites[0].Progress != fleet.SiteBroken {
		t.Errorf("%s %+v", got.State, got.Sites[0])
	}
}

func TestRetryIsAFreshPlanForJustTheFailedSites(t *testing.T) {
	w, p := under(t, 3, func(d *fleet.Distribution) { d.Policy.Failures = -1 })
	w.work(fleet.TaskMigrate, fails("s01.example.org"))
	retry, err := w.planner.Propose(w.ctx, fleet.Proposal{Kind: fleet.Upgrade, Scope: fleet.Scope{Only: []fleet.URI{"s01.example.org"}}, By: bob})
	w.ok(err)
	w.work(fleet.TaskInspect, inspects)
	w.confirmed(w.plan(retry.ID), carol)
	w.work(fleet.TaskMigrate, migrates)
	if got := w.plan(retry.ID); got.State != fleet.PlanDone || len(got.Sites) != 1 || w.site("s01.example.org").Platform != "atrium-1.1.0" {
		t.Errorf("%+v", got)
	}
	if w.plan(p.ID).State != fleet.PlanFailed {
		t.Error("the old plan changed")
	}
}

func TestRollbackReturnsToTheCopyThatWasKept(t *testing.T) {
	w, _ := under(t, 2, nil)
	w.work(fleet.TaskMigrate, migrates)
	back, err := w.planner.Propose(w.ctx, fleet.Proposal{Kind: fleet.Rollback, Scope: fleet.Scope{Only: []fleet.URI{"s00.example.org", "s01.example.org"}}, By: alice})
	w.ok(err)
	w.carry()
	p := w.plan(back.ID)
	if p.State != fleet.PlanProposed || p.To != "atrium-1.0.0" || len(p.Notes) != 0 {
		t.Fatalf("%s to %s: %s %+v", p.State, p.To, p.Reason, p.Notes)
	}
	w.confirmed(p, bob)
	n := w.work(fleet.TaskRollback, func(w *world, task fleet.Task) {
		if task.Params[fleet.ParamBack] != "1" || task.Params[fleet.ParamGeneration] != "2" || task.Params[fleet.ParamTarget] != "" {
			t.Errorf("%v", task.Params)
		}
		migrates(w, task)
	})
	s := w.site("s00.example.org")
	if n != 2 || s.Platform != "atrium-1.0.0" || s.Pinned == "" || s.Generation != 3 || w.plan(p.ID).State != fleet.PlanDone {
		t.Errorf("%d tasks, %+v", n, s)
	}
	_, err = w.planner.Offer(w.ctx, "atrium", "")
	w.ok(err)
	if len(w.open()) != 0 {
		t.Error("a site that was rolled back is offered an upgrade")
	}
}

func TestBusySitesAreNotProposedTwice(t *testing.T) {
	w, p := under(t, 3, nil)
	_, err := w.planner.Propose(w.ctx, fleet.Proposal{Kind: fleet.Upgrade, Scope: fleet.Scope{Site: "s02.example.org"}, By: alice})
	if text := w.refused(err, fleet.Refused); !strings.Contains(text, "is part of a plan under way: "+p.Title) {
		t.Error(text)
	}
}

func TestStoreThatIsAwayChangesNothing(t *testing.T) {
	w, p := under(t, 2, nil)
	away := fleet.Errorf(fleet.Later, "The storage is away.")
	w.mem.Down(away)
	if err := w.conductor.Advance(w.ctx, p.ID); !errors.Is(err, away) {
		t.Errorf("%v", err)
	}
	if _, err := w.carrier.Carry(w.ctx); !errors.Is(err, away) {
		t.Errorf("%v", err)
	}
	if _, err := w.conductor.Sweep(w.ctx); !errors.Is(err, away) {
		t.Errorf("%v", err)
	}
	w.mem.Down(nil)
	w.pass(time.Second)
	if n := w.work(fleet.TaskMigrate, migrates); n != 2 {
		t.Errorf("%d sites moved after the storage came back", n)
	}
}
