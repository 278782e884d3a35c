package fleet_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// queued counts the migrate tasks that wait for a worker.
func (w *world) queued() int {
	w.t.Helper()
	open, err := w.tasks.List(w.ctx, "", true, 5000)
	w.ok(err)
	n := 0
	for _, x := range open {
		if x.State == fleet.TaskQueued && x.Kind == fleet.TaskMigrate {
			n++
		}
	}
	return n
}

// sweep lets the conductor look at every plan, and carries what follows.
func (w *world) sweep() {
	w.t.Helper()
	_, err := w.conductor.Sweep(w.ctx)
	w.ok(err)
	w.carry()
}

// begin lets a worker claim the task of a site.
func (w *world) begin(s fleet.PlanSite) {
	w.t.Helper()
	w.ok(w.store.Update(w.ctx, fleet.HostFamily(s.Host), func(tx fleet.Tx) error {
		x := fleet.Task{ID: s.Task, Host: s.Host}
		if _, err := tx.Get(&x); err != nil {
			return err
		}
		x, err := fleet.ClaimTask(x, fleet.Claim{Owner: "w", Lease: time.Minute}, tx.Now())
		tx.Put(&x)
		return err
	}))
}

func TestLimitsBoundWhatIsUnderWay(t *testing.T) {
	w, p := under(t, 20, func(d *fleet.Distribution) { d.Policy.Waves, d.Policy.AtOnce = "2, rest", 5 })
	for _, want := range []int{2, 5, 5, 5, 3} {
		if n := w.once(migrates); n != want {
			t.Fatalf("%d tasks at once, want %d", n, want)
		}
	}
	if got := w.plan(p.ID); got.State != fleet.PlanDone || got.Waves != 2 {
		t.Errorf("%s in %d waves", got.State, got.Waves)
	}
}

func TestCanaryAndPriorityDecideWhoIsFirst(t *testing.T) {
	w := newWorld(t)
	w.dist(func(d *fleet.Distribution) { d.Policy.Canary = "tag:canary" })
	first := w.build("1.0.0")
	_, err := w.targets.Set(w.ctx, "atrium", first.Name, alice)
	w.ok(err)
	w.live("a.example.org", first.Name)
	w.live("b.example.org", first.Name)
	w.live("c.example.org", first.Name, "canary")
	_, err = w.sites.Prioritise(w.ctx, "a.example.org", -1, alice)
	w.ok(err)
	w.release("1.1.0")
	var order []string
	for _, s := range w.offered().Sites {
		order = append(order, string(s.URI[:1]))
	}
	if got := strings.Join(order, ""); got != "cba" {
		t.Errorf("order %s", got)
	}
}

func TestPauseTakesBackWhatNobodyHasBegun(t *testing.T) {
	w, p := under(t, 10, func(d *fleet.Distribution) { d.Policy.Waves = "rest" })
	if w.queued() != 10 {
		t.Fatalf("%d tasks are queued", w.queued())
	}
	begun := w.plan(p.ID).Sites[0]
	w.begin(begun)
	paused, err := w.conductor.Pause(w.ctx, p.ID, bob)
	w.ok(err)
	w.sweep()
	if got := w.plan(p.ID); w.queued() != 0 || got.State != fleet.PlanPaused || got.Sites[0].Progress != fleet.SiteRunning || got.Sites[1].Task != "" {
		t.Fatalf("%d queued, %s %+v", w.queued(), got.State, got.Sites[:2])
	}
	_, err = w.conductor.Pause(w.ctx, p.ID, bob)
	w.refused(err, fleet.Refused)
	_, err = w.conductor.Resume(w.ctx, p.ID, paused.Revision, true, carol)
	w.ok(err)
	w.carry()
	if w.queued() != 9 {
		t.Errorf("%d tasks are queued after resume", w.queued())
	}
	_, err = w.conductor.Abort(w.ctx, p.ID, bob)
	w.ok(err)
	w.sweep()
	if got := w.plan(p.ID); w.queued() != 0 || got.State != fleet.PlanRunning || got.Sites[1].Progress != fleet.SiteUntested {
		t.Fatalf("%d queued after abort, %s %+v", w.queued(), got.State, got.Sites[:2])
	}
	x := fleet.Task{ID: begun.Task, Host: begun.Host}
	w.ok(fleet.One(w.ctx, w.store, &x, "task"))
	migrates(w, x)
	w.sweep()
	if got := w.plan(p.ID); got.State != fleet.PlanFailed || got.Reason != "Stopped by Bob. 9 sites were not started." {
		t.Errorf("%s %q", got.State, got.Reason)
	}
}

func TestFreezeHoldsWavesUntilItsEnd(t *testing.T) {
	w, p := under(t, 3, nil)
	freezer := &fleet.Freezer{Store: w.store}
	_, err := freezer.Freeze(w.ctx, fleet.Freeze{Distribution: "ATRIUM", Until: w.now().Add(2 * time.Hour)}, alice)
	w.refused(err, fleet.Invalid)
	f, err := freezer.Freeze(w.ctx, fleet.Freeze{Distribution: "ATRIUM", Until: w.now().Add(2 * time.Hour), Reason: "Sales"}, alice)
	w.ok(err)
	if f.Distribution != "atrium" {
		t.Errorf("%+v", f)
	}
	// The canary's task is queued: its claim is held back and it goes home.
	task := w.plan(p.ID).Sites[0].Task
	_, err = w.claim(fleet.Task{ID: task, About: "s00.example.org", Plan: p.ID, Params: map[string]string{}})
	if err != nil {
		t.Errorf("a claim that begins nothing: %v", err)
	}
	_, err = w.sites.Claim(w.ctx, fleet.SiteClaim{URI: "s01.example.org", Task: "other", Lease: time.Minute, Begins: true})
	if text := w.refused(err, fleet.Held); text != "Alice froze atrium: Sales" {
		t.Error(text)
	}
	w.pass(2*time.Hour + time.Second)
	w.sweep()
	if active, err := freezer.Active(w.ctx, w.now()); err != nil || len(active) != 0 {
		t.Errorf("%v %v", active, err)
	}
	if n := w.work(fleet.TaskMigrate, migrates); n != 3 || w.plan(p.ID).State != fleet.PlanDone {
		t.Errorf("%d sites, %s", n, w.plan(p.ID).State)
	}
	w.refused(freezer.Thaw(w.ctx, "atrium", alice), fleet.NotFound)
}

func TestFrozenPlanBeginsNothingAndSaysWhy(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org", "b.example.org")
	freezer := &fleet.Freezer{Store: w.store}
	_, err := freezer.Freeze(w.ctx, fleet.Freeze{Until: w.now().Add(time.Hour), Reason: "Election"}, alice)
	w.ok(err)
	w.release("1.1.0")
	p := w.offered()
	w.confirmed(p, bob)
	w.sweep()
	got := w.plan(p.ID)
	if w.queued() != 0 || !strings.HasPrefix(got.Told, "Held back until ") || !strings.Contains(got.Told, "Alice froze everything: Election") {
		t.Fatalf("%d tasks, told %q", w.queued(), got.Told)
	}
	w.ok(freezer.Thaw(w.ctx, "", alice))
	if n := w.work(fleet.TaskMigrate, migrates); n != 2 {
		t.Errorf("%d sites after the thaw", n)
	}
}

func TestWindowHoldsASiteUntilItOpens(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org", "b.example.org")
	// It is Sunday noon by the store's clock.
	_, err := w.sites.Window(w.ctx, "a.example.org", "Sun 22:00-23:00", "Europe/Zurich", alice)
	w.ok(err)
	w.release("1.1.0")
	p := w.offered()
	if at := time.Unix(p.Sites[0].Opens, 0).UTC().Format("15:04"); at != "21:00" {
		t.Errorf("the canary's window opens %s", at)
	}
	w.confirmed(p, bob)
	w.sweep()
	if got := w.plan(p.ID); w.queued() != 0 || !strings.Contains(got.Told, "1 site waits for its maintenance window, which opens 22 Nov 2026 21:00 UTC.") {
		t.Fatalf("%d tasks, told %q", w.queued(), got.Told)
	}
	w.pass(9 * time.Hour)
	w.sweep()
	if n := w.work(fleet.TaskMigrate, migrates); n != 2 || w.plan(p.ID).State != fleet.PlanDone {
		t.Errorf("%d sites, %s", n, w.plan(p.ID).State)
	}
}

func TestWindowThatIsLiftedLetsThePlanGoOn(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org")
	_, err := w.sites.Window(w.ctx, "a.example.org", "Wed 01:00-02:00", "", alice)
	w.ok(err)
	w.release("1.1.0")
	w.confirmed(w.offered(), bob)
	_, err = w.sites.Window(w.ctx, "a.example.org", "", "", alice)
	w.ok(err)
	if n := w.work(fleet.TaskMigrate, migrates); n != 1 {
		t.Errorf("%d sites moved", n)
	}
}

func TestSilentHostPausesAndItsReturnLetsThePlanGoOn(t *testing.T) {
	w, p := under(t, 3, nil)
	seen := func() {
		w.ok(w.store.Update(w.ctx, fleet.Catalogue, func(tx fleet.Tx) error {
			h := fleet.Host{Name: fleet.LocalHost}
			if _, err := tx.Get(&h); err != nil {
				return err
			}
			h.Seen = tx.Now()
			tx.Put(&h)
			return nil
		}))
	}
	seen()
	canary := w.plan(p.ID).Sites[0]
	w.begin(canary)
	w.pass(fleet.HostSilent + time.Second)
	w.sweep()
	if got := w.plan(p.ID); got.State != fleet.PlanPaused || !got.Asked || !strings.Contains(got.Reason, "was heard of last: ") {
		t.Fatalf("%s %q", got.State, got.Reason)
	}
	seen()
	x := fleet.Task{ID: canary.Task, Host: canary.Host}
	w.ok(fleet.One(w.ctx, w.store, &x, "task"))
	migrates(w, x)
	w.sweep()
	if n := w.work(fleet.TaskMigrate, migrates); n != 2 || w.plan(p.ID).State != fleet.PlanDone {
		t.Errorf("%d sites, %s %s", n, w.plan(p.ID).State, w.plan(p.ID).Reason)
	}
}

func TestOnlyTaggedSitesGoWithoutAVote(t *testing.T) {
	w := newWorld(t)
	w.dist(func(d *fleet.Distribution) {
		d.Policy.Approval, d.Policy.Free, d.Policy.Target = "none", "staging", fleet.Automatic
	})
	first := w.build("1.0.0")
	w.live("live.example.org", first.Name)
	for _, u := range []fleet.URI{"one.example.org", "two.example.org"} {
		w.live(u, first.Name, "Staging")
	}
	w.build("1.1.0")
	w.work(fleet.TaskInspect, inspects)
	// One loses its tag after its plan had begun, and before its own turn.
	_, err := w.sites.Tag(w.ctx, "two.example.org", nil, []string{"staging"}, alice)
	w.ok(err)
	w.work(fleet.TaskMigrate, migrates)
	for uri, want := range map[fleet.URI]fleet.PlatformName{"one.example.org": "atrium-1.1.0", "two.example.org": "atrium-1.0.0", "live.example.org": "atrium-1.0.0"} {
		if got := w.site(uri).Platform; got != want {
			t.Errorf("%s is on %s", uri, got)
		}
	}
	_, err = w.sites.Claim(w.ctx, fleet.SiteClaim{URI: "two.example.org", Task: "t", Lease: time.Minute, Free: "staging", Begins: true})
	w.refused(err, fleet.Refused)
}

// TestPlanOfAThousandSitesStaysSmall fills the row of a plan as a run of it does:
// Redis keeps it as one value, which each step of each site changes.
func TestPlanOfAThousandSitesStaysSmall(t *testing.T) {
	p := fleet.Plan{ID: fleet.PlanID(fleet.NewID()), Kind: fleet.Upgrade, State: fleet.PlanRunning}
	for i := range 1000 {
		p.Sites = append(p.Sites, fleet.PlanSite{URI: fleet.URI(fmt.Sprintf("site-%04d.customers.example.org", i)), Host: "web3", From: "atrium-1.0.0", Generation: 12,
			Wave: 3, Progress: fleet.SiteDone, Task: fleet.TaskID(fmt.Sprintf("%s-%d", p.ID, i)), Took: 42000, Window: 1500, Pending: 3, Priority: 1, Opens: 1795360418})
	}
	for range fleet.MaxPlanLog {
		p.Log = append(p.Log, fleet.PlanEvent{Text: strings.Repeat("x", 200), Tone: fleet.Bad})
	}
	raw, err := json.Marshal(p)
	if err != nil || len(raw) > 350<<10 {
		t.Errorf("%d bytes, %v", len(raw), err)
	}
	t.Logf("%d bytes", len(raw))
}

func TestLargePlanTellsWavesNotSites(t *testing.T) {
	w, p := under(t, 60, nil)
	once := 0
	for w.queued() > 0 {
		once = max(once, w.once(migrates))
	}
	if p = w.plan(p.ID); p.State != fleet.PlanDone || once > fleet.DefaultAtOnce || len(p.Log) != 4 {
		t.Errorf("%s, %d at once, %+v", p.State, once, p.Log)
	}
}

// now is the time by the store's clock.
func (w *world) now() (now time.Time) {
	w.t.Helper()
	w.ok(w.store.Update(context.Background(), fleet.Catalogue, func(tx fleet.Tx) error { now = tx.Now(); return nil }))
	return now
}

// TestRulesThatChangeUnderAWorkerKeepItsSite: a worker that had taken a task just
// before the rules changed is refused; the plan pauses, and its site is not lost
// to it.
func TestRulesThatChangeUnderAWorkerKeepItsSite(t *testing.T) {
	w, p := under(t, 4, func(d *fleet.Distribution) { d.Policy.Waves = "1, rest" })
	w.once(migrates)
	taken := w.plan(p.ID).Sites[1]
	w.begin(taken)
	_, err := w.catalog.Edit(w.ctx, "atrium", alice, func(d *fleet.Distribution) error { d.Policy.Failures = -1; return nil })
	w.ok(err)
	w.carry()
	x := fleet.Task{ID: taken.Task, Host: taken.Host}
	_, err = w.store.Read(w.ctx, &x)
	w.ok(err)
	_, err = w.claim(x)
	if err == nil {
		t.Fatal("a site was taken under rules that are over")
	}
	w.refuse(x, err.Error())
	w.sweep()
	p = w.plan(p.ID)
	if s := p.Sites[1]; p.State != fleet.PlanPaused || s.Progress != fleet.SiteWaiting || s.Task != "" || s.Try != 1 {
		t.Fatalf("%s %q %+v", p.State, p.Reason, s)
	}
	_, err = w.conductor.Resume(w.ctx, p.ID, p.Revision, true, bob)
	w.ok(err)
	if n := w.work(fleet.TaskMigrate, migrates); n != 3 || w.plan(p.ID).State != fleet.PlanDone {
		t.Errorf("%d sites moved after Continue; %+v", n, w.plan(p.ID))
	}
}
