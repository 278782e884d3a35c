package fleet_test

import (
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
)

func TestTargetMustBeOneOfItsOwnReadyPlatforms(t *testing.T) {
	w := newWorld(t)
	w.dist(nil)
	_, err := w.catalog.Add(w.ctx, fleet.Distribution{Name: "bare", Kind: "generic"}, alice)
	w.ok(err)
	p := w.build("1.0.0")
	_, err = w.targets.Set(w.ctx, "atrium", "no", alice)
	w.refused(err, fleet.NotFound)
	_, err = w.targets.Set(w.ctx, "bare", p.Name, alice)
	if text := w.refused(err, fleet.Refused); !strings.Contains(text, "does not belong to bare. Assign it first: /distro assign atrium-1.0.0 bare") {
		t.Error(text)
	}
	queued, err := w.builder.Build(w.ctx, order("1.1.0"))
	w.ok(err)
	w.ok(w.builder.Fail(w.ctx, queued.Name, fleet.LocalHost, "x"))
	_, err = w.targets.Set(w.ctx, "atrium", queued.Name, alice)
	if text := w.refused(err, fleet.Refused); !strings.Contains(text, "failed to build") {
		t.Error(text)
	}
	for range 2 {
		_, err = w.targets.Set(w.ctx, "ATRIUM", p.Name, alice)
		w.ok(err)
	}
	if w.audits("target.set") != 1 {
		t.Error("setting the same target again was recorded")
	}
}

func TestAssign(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org")
	alone := w.build("1.1.0")
	_, err := w.targets.Assign(w.ctx, "atrium-1.0.0", "", alice)
	if text := w.refused(err, fleet.Refused); !strings.Contains(text, "is the upgrade target of atrium") {
		t.Error(text)
	}
	for range 2 {
		p, err := w.targets.Assign(w.ctx, alone.Name, "", alice)
		if w.ok(err); p.Distribution != "" || p.Locked {
			t.Errorf("%+v", p)
		}
	}
	_, err = w.catalog.Add(w.ctx, fleet.Distribution{Name: "other", Kind: "drupal"}, alice)
	w.ok(err)
	_, err = w.targets.Assign(w.ctx, alone.Name, "other", alice)
	if text := w.refused(err, fleet.Refused); !strings.Contains(text, "is of kind generic, and other is of kind drupal") {
		t.Error(text)
	}
	w.live("b.example.org", alone.Name)
	p, err := w.targets.Assign(w.ctx, alone.Name, "Atrium", alice)
	w.ok(err)
	if p.Distribution != "atrium" || !p.Locked {
		t.Errorf("%+v", p)
	}
	w.work(fleet.TaskInspect, func(w *world, task fleet.Task) { inspects(w, task) })
	if got, err := w.catalog.Platforms(w.ctx, "atrium"); err != nil || len(got) != 2 {
		t.Errorf("%d platforms, %v", len(got), err)
	}
}

func TestMembershipIsGuardedAgainstAJoinAtTheSameTime(t *testing.T) {
	w := newWorld(t)
	w.dist(nil)
	one, two := w.build("1.0.0"), w.build("1.1.0")
	joined := false
	w.mem.Between = func() {
		if joined {
			return
		}
		joined = true
		if _, err := w.builder.Build(w.ctx, order("1.2.0")); err != nil {
			t.Error(err)
		}
	}
	_, err := w.targets.Set(w.ctx, "atrium", two.Name, alice)
	w.mem.Between = nil
	w.ok(err)
	for _, name := range []fleet.PlatformName{one.Name, "atrium-1.2.0"} {
		p, err := w.catalog.Platform(w.ctx, name)
		if w.ok(err); !p.Locked {
			t.Errorf("%s is not locked", name)
		}
	}
}

func TestLockingTheDestinationVoidsAPlan(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org")
	w.build("1.1.0")
	_, err := w.targets.Lock(w.ctx, "atrium-1.1.0", false, alice)
	w.ok(err)
	p, err := w.planner.Propose(w.ctx, fleet.Proposal{Kind: fleet.Migrate, Scope: fleet.Scope{Site: "a.example.org"}, To: "atrium-1.1.0", By: alice})
	w.ok(err)
	w.work(fleet.TaskInspect, inspects)
	_, err = w.targets.Lock(w.ctx, "atrium-1.1.0", true, alice)
	w.ok(err)
	w.carry()
	if got := w.plan(p.ID); got.State != fleet.PlanSuperseded || !strings.Contains(got.Reason, "Platform atrium-1.1.0 has been locked.") || got.Replacement != "" {
		t.Errorf("%s %q", got.State, got.Reason)
	}
}
