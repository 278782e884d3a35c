package fleet_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/fleet/fleettest"
	"github.com/distrobot/distrobot/store"
)

var (
	alice = fleet.Actor{ID: "U0ALICE", Name: "Alice", Team: "T1"}
	bob   = fleet.Actor{ID: "U0BOB", Name: "Bob", Team: "T1"}
	carol = fleet.Actor{ID: "U0CAROL", Name: "Carol", Team: "T1"}
)

// keeper is what a store is to the services.
type keeper interface {
	fleet.Store
	fleet.Outbox
	fleet.Trail
}

// world is a whole fleet in memory: every service over one store.
type world struct {
	t         *testing.T
	ctx       context.Context
	store     keeper
	mem       *fleettest.Memory // nil over a real store
	catalog   *fleet.Catalog
	targets   *fleet.Targets
	builder   *fleet.Builder
	sites     *fleet.Sites
	tasks     *fleet.Tasks
	planner   *fleet.Planner
	decider   *fleet.Decider
	conductor *fleet.Conductor
	carrier   *fleet.Carrier
	presses   int
}

// newWorld is a fleet in memory, whose clock the test moves.
func newWorld(t *testing.T) *world {
	t.Helper()
	m := fleettest.New()
	w := worldOver(t, m)
	w.mem = m
	return w
}

// redisWorld is a fleet in the real store.
func redisWorld(t *testing.T) *world {
	t.Helper()
	s, err := store.Open(context.Background(), store.Options{URL: "memory"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return worldOver(t, s)
}

func worldOver(t *testing.T, m keeper) *world {
	t.Helper()
	w := &world{
		t: t, ctx: context.Background(), store: m,
		catalog: &fleet.Catalog{Store: m}, targets: &fleet.Targets{Store: m}, builder: &fleet.Builder{Store: m},
		sites: &fleet.Sites{Store: m}, tasks: &fleet.Tasks{Store: m}, planner: &fleet.Planner{Store: m},
	}
	w.decider = &fleet.Decider{Store: m, Planner: w.planner}
	w.conductor = &fleet.Conductor{Store: m, Planner: w.planner}
	w.carrier = &fleet.Carrier{Store: m, Outbox: m, Trail: m, Planner: w.planner, Conductor: w.conductor, Channel: "C0MAIN",
		Failed: func(e fleet.PendingEffect, err error) { t.Errorf("effect %+v: %v", e, err) }}
	return w
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// refused checks the code of an error and gives its sentence.
func (w *world) refused(err error, code fleet.Code) string {
	w.t.Helper()
	if fleet.CodeOf(err) != code {
		w.t.Fatalf("got error %v, want one of code %s", err, code)
	}
	return err.Error()
}

func (w *world) carry() {
	w.t.Helper()
	_, err := w.carrier.Carry(w.ctx)
	w.ok(err)
}

// pass moves the clock, where it can be moved.
func (w *world) pass(d time.Duration) {
	if w.mem != nil {
		w.mem.Pass(d)
	}
}

// dist adds the distribution atrium.
func (w *world) dist(edit func(*fleet.Distribution)) fleet.Distribution {
	w.t.Helper()
	d := fleet.Distribution{Name: "atrium", Kind: "generic", URL: "https://git.example.org/atrium.git", Track: fleet.Track{Tags: `\d+\.\d+\.\d+`}}
	if edit != nil {
		edit(&d)
	}
	d, err := w.catalog.Add(w.ctx, d, alice)
	w.ok(err)
	return d
}

func tag(version string) fleet.Ref {
	commit := fmt.Sprintf("%040x", []byte(version))
	return fleet.Ref{Name: "refs/tags/" + version, Hash: commit, Commit: commit, Version: version}
}

// build orders a version of atrium and lets it become ready.
func (w *world) build(version string, hosts ...fleet.HostName) fleet.Platform {
	w.t.Helper()
	w.pass(time.Minute)
	p, err := w.builder.Build(w.ctx, fleet.BuildOrder{Distribution: "atrium", Ref: tag(version), By: alice, Hosts: hosts})
	w.ok(err)
	for _, h := range p.Hosts {
		p = w.record(p, h)
	}
	w.carry()
	return p
}

func (w *world) record(p fleet.Platform, h fleet.HostName) fleet.Platform {
	w.t.Helper()
	p, err := w.builder.Record(w.ctx, fleet.BuildResult{
		Platform: p.Name, Host: h, Path: "/srv/platforms/" + string(p.Name), TreeDigest: "tree-" + p.Ref.Commit, LockDigest: "lock",
		Facts: fleet.PlatformFacts{Packages: []fleet.Package{
			{Name: "example/guestbook", Type: "application", Version: p.Ref.Version},
			{Name: "example/pages", Type: "library", Version: "1.0.0"},
		}},
		Took: 3 * time.Second,
	})
	w.ok(err)
	return p
}

// live makes a live site on a platform.
func (w *world) live(uri fleet.URI, on fleet.PlatformName, tags ...string) fleet.Site {
	w.t.Helper()
	p, err := w.catalog.Platform(w.ctx, on)
	w.ok(err)
	s := fleet.Site{URI: uri, Platform: on, Generation: 1, Tags: tags}
	for h := range p.Paths {
		s.Host = h
	}
	s, err = w.sites.Adopt(w.ctx, s, alice)
	w.ok(err)
	return s
}

func (w *world) site(uri fleet.URI) fleet.Site {
	w.t.Helper()
	s, err := w.catalog.Site(w.ctx, uri)
	w.ok(err)
	return s
}

func (w *world) plan(id fleet.PlanID) fleet.Plan {
	w.t.Helper()
	p := fleet.Plan{ID: id}
	w.ok(fleet.One(w.ctx, w.store, &p, "plan"))
	return p
}

// propose proposes an upgrade and lets its facts be read.
func (w *world) propose(scope fleet.Scope) fleet.Plan {
	w.t.Helper()
	p, err := w.planner.Propose(w.ctx, fleet.Proposal{Kind: fleet.Upgrade, Scope: scope, By: alice, Channel: "C0MAIN"})
	w.ok(err)
	w.work(fleet.TaskInspect, inspects)
	return w.plan(p.ID)
}

// press confirms a plan as it is shown now.
func (w *world) press(p fleet.Plan, who fleet.Actor) fleet.Decision {
	w.t.Helper()
	w.presses++
	d, err := w.decider.Press(w.ctx, fleet.Vote{Plan: p.ID, Revision: p.Revision, Confirm: true, Who: who, Role: fleet.Maintainer,
		Request: fmt.Sprintf("press-%d", w.presses)})
	w.ok(err)
	return d
}

// confirmed presses Confirm and expects that it counts.
func (w *world) confirmed(p fleet.Plan, who fleet.Actor) {
	w.t.Helper()
	if d := w.press(p, who); d.Outcome != fleet.Approved {
		w.t.Fatalf("press gave %s: %s", d.Outcome, d.Text)
	}
	w.carry()
}

// audits counts the audit events of a kind.
func (w *world) audits(what string) int {
	w.t.Helper()
	w.carry()
	all, _, err := w.store.Events(w.ctx, "", 1<<20)
	w.ok(err)
	n := 0
	for _, e := range all {
		if e.What == what {
			n++
		}
	}
	return n
}

// fleetOf sets up atrium 1.0.0 as the target with sites on it.
func (w *world) fleetOf(uris ...fleet.URI) {
	w.t.Helper()
	w.dist(nil)
	first := w.build("1.0.0")
	_, err := w.targets.Set(w.ctx, "atrium", first.Name, alice)
	w.ok(err)
	for _, u := range uris {
		w.live(u, first.Name)
	}
	w.carry()
}

// release builds a version, makes it the target and lets offers be drawn.
func (w *world) release(version string) fleet.Platform {
	w.t.Helper()
	p := w.build(version)
	_, err := w.targets.Set(w.ctx, "atrium", p.Name, alice)
	w.ok(err)
	w.work(fleet.TaskInspect, inspects)
	p, err = w.catalog.Platform(w.ctx, p.Name)
	w.ok(err)
	return p
}

// open gives the plans that are not final.
func (w *world) open() []fleet.Plan {
	w.t.Helper()
	var out []fleet.Plan
	for _, fam := range fleet.PlanFamilies() {
		ids, err := w.store.List(w.ctx, fleet.OpenPlans(fam), fleet.Page{})
		w.ok(err)
		for _, id := range ids {
			out = append(out, w.plan(fleet.PlanID(id)))
		}
	}
	return out
}

// offered gives the only open plan.
func (w *world) offered() fleet.Plan {
	w.t.Helper()
	open := w.open()
	if len(open) != 1 {
		w.t.Fatalf("%d plans are open, want 1: %+v", len(open), open)
	}
	return open[0]
}
