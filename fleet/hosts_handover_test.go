package fleet_test

import (
	"slices"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

func (w *world) put(t fleet.Task) {
	w.t.Helper()
	w.ok(w.store.Update(w.ctx, fleet.HostFamily(t.Host), func(tx fleet.Tx) error {
		have := fleet.Task{ID: t.ID, Host: t.Host}
		_, err := tx.Get(&have)
		tx.Put(&t)
		return err
	}))
}

func (w *world) taskOn(h fleet.HostName, id fleet.TaskID) fleet.Task {
	w.t.Helper()
	t := fleet.Task{ID: id, Host: h}
	w.ok(fleet.One(w.ctx, w.store, &t, "task "+string(id)))
	return t
}

func ids(list []fleet.Task) []fleet.TaskID {
	var out []fleet.TaskID
	for _, t := range list {
		out = append(out, t.ID)
	}
	slices.Sort(out)
	return out
}

// TestHandover gives builds of a silent host away, leaves what belongs to sites,
// ends held tasks when told to, and fences who wakes up later.
func TestHandover(t *testing.T) {
	w, hs := hostWorld(t)
	w.dist(nil)
	o := order("1.0.0")
	o.Hosts = []fleet.HostName{"web1"}
	p, err := w.builder.Build(w.ctx, o)
	w.ok(err)
	w.carry()
	old := p.Task
	now := w.now()
	w.put(fleet.Task{ID: "move", Kind: fleet.TaskMigrate, Host: "web1", About: "a.example", State: fleet.TaskQueued, Created: now})
	w.put(fleet.Task{ID: "stuck", Kind: fleet.TaskMigrate, Host: "web1", About: "b.example", State: fleet.TaskHeld, Created: now, Begun: now, Fence: 4})
	running := w.taskOn("web1", old)
	running, err = fleet.ClaimTask(running, fleet.Claim{Owner: "worker of web1", Lease: 15 * time.Second}, now)
	w.ok(err)
	w.put(running)

	// While web1 is heard, what it has begun stays its own.
	done, err := hs.Handover(w.ctx, fleet.Handover{From: "web1", To: "web2", By: alice})
	w.ok(err)
	if len(done.Moved)+len(done.Ended) != 0 || len(done.Stay) != 3 {
		t.Fatalf("%+v", done)
	}
	w.pass(5 * time.Minute)
	_, err = hs.Handover(w.ctx, fleet.Handover{From: "web1", To: "web2", By: alice})
	w.refused(err, fleet.Refused) // web2 is silent as well
	w.report(hs, "web2", fleet.HostWorking)
	done, err = hs.Handover(w.ctx, fleet.Handover{From: "web1", To: "web2", EndHeld: true, By: alice})
	w.ok(err)
	if !slices.Equal(ids(done.Moved), []fleet.TaskID{old}) || !slices.Equal(ids(done.Ended), []fleet.TaskID{"stuck"}) || !slices.Equal(ids(done.Stay), []fleet.TaskID{"move"}) {
		t.Fatalf("%+v", done)
	}
	w.carry()
	if x := w.taskOn("web2", old+"-web2"); x.State != fleet.TaskQueued || x.Kind != fleet.TaskBuild || x.About != string(p.Name) {
		t.Errorf("%+v", x)
	}
	if x := w.taskOn("web1", "stuck"); x.State != fleet.TaskFailed || x.Fence != 5 {
		t.Errorf("%+v", x)
	}
	// The old worker wakes up: it may enter nothing, and its tree changes nothing.
	if _, err := fleet.RenewTask(w.taskOn("web1", old), running.Fence, w.now(), time.Minute); fleet.CodeOf(err) != fleet.Stale {
		t.Errorf("the old worker may go on: %v", err)
	}
	w.ok(w.builder.Fail(w.ctx, p.Name, "web1", "Too late."))
	if p = w.record(p, "web2"); p.State != fleet.PlatformReady || !slices.Equal(p.Hosts, []fleet.HostName{"web2"}) {
		t.Errorf("%+v", p)
	}
	again, err := hs.Handover(w.ctx, fleet.Handover{From: "web1", To: "web2", EndHeld: true, By: alice})
	if w.ok(err); len(again.Moved)+len(again.Ended) != 0 || len(again.Stay) != 1 {
		t.Errorf("%+v", again)
	}
}

// TestHandoverToNobody gives a build up on one host: the platform is ready where
// it is, or failed if it is nowhere.
func TestHandoverToNobody(t *testing.T) {
	for _, elsewhere := range []bool{true, false} {
		w, hs := hostWorld(t)
		w.dist(nil)
		o := order("1.0.0")
		if o.Hosts = []fleet.HostName{"web1"}; elsewhere {
			o.Hosts = append(o.Hosts, "web2")
		}
		p, err := w.builder.Build(w.ctx, o)
		w.ok(err)
		w.carry()
		want := fleet.PlatformFailed
		if elsewhere {
			w.record(p, "web2")
			want = fleet.PlatformReady
		}
		done, err := hs.Handover(w.ctx, fleet.Handover{From: "web1", By: alice})
		w.ok(err)
		w.ok(fleet.One(w.ctx, w.store, &p, "platform"))
		if len(done.Moved) != 1 || p.State != want {
			t.Errorf("elsewhere %v: %+v, %+v", elsewhere, done, p)
		}
	}
}

// TestSpread brings a target to a host that has sites of its distribution.
func TestSpread(t *testing.T) {
	w, _ := hostWorld(t)
	w.dist(nil)
	first, next := w.build("1.0.0", "web1", "web2"), w.build("1.1.0", "web1")
	_, err := w.sites.Adopt(w.ctx, fleet.Site{URI: "a.example", Platform: first.Name, Host: "web1"}, alice)
	w.ok(err)
	_, err = w.targets.Set(w.ctx, "atrium", next.Name, alice)
	w.ok(err)
	spread := func(want int) {
		t.Helper()
		if n, err := w.builder.Spread(w.ctx); err != nil || n != want {
			t.Fatalf("ordered %d, want %d; %v", n, want, err)
		}
	}
	spread(0) // the older platform is on web2, but no site is
	_, err = w.sites.Adopt(w.ctx, fleet.Site{URI: "b.example", Platform: first.Name, Host: "web2"}, alice)
	w.ok(err)
	spread(1)
	spread(0)
	w.ok(w.builder.Fail(w.ctx, next.Name, "web2", "No."))
	spread(0) // a person decides
}
