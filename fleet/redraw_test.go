package fleet_test

import (
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/fleet/fleettest"
)

// When another server answers, what is open is shown again although the store
// holds that it was shown so; what has ended is left alone, and the same server
// is asked for nothing more.
func TestRedraw(t *testing.T) {
	mem := fleettest.New()
	posts := []fleet.Subject{"plan:open", "plan:over", "task:open", "platform:atrium-1", "task:never"}
	put := func(fam fleet.Family, fresh, r fleet.Record) {
		t.Helper()
		err := mem.Update(t.Context(), fam, func(tx fleet.Tx) error {
			_, err := tx.Get(fresh)
			tx.Put(r)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range posts[:4] {
		put(fleet.Slack, &fleet.Post{Subject: s, Channel: "C1"}, &fleet.Post{Subject: s, Channel: "C1", TS: "1.2", Shown: "as it was", At: mem.Now(), State: fleet.PostIdle, Wanted: 3, Sent: 3})
	}
	put(fleet.PlanFamily("open"), &fleet.Plan{ID: "open"}, &fleet.Plan{ID: "open", State: fleet.PlanProposed, Created: mem.Now()})
	put(fleet.PlanFamily("over"), &fleet.Plan{ID: "over"}, &fleet.Plan{ID: "over", State: fleet.PlanDone, Created: mem.Now()})
	put(fleet.Catalogue, &fleet.Host{Name: "web1"}, &fleet.Host{Name: "web1"})
	put(fleet.HostFamily("web1"), &fleet.Task{ID: "open", Host: "web1"}, &fleet.Task{ID: "open", Host: "web1", State: fleet.TaskQueued, Shows: "platform:atrium-1", Created: mem.Now()})
	put(fleet.HostFamily("web1"), &fleet.Task{ID: "never", Host: "web1"}, &fleet.Task{ID: "never", Host: "web1", State: fleet.TaskDone, Created: mem.Now()})

	redraw := fleet.Redrawer{Store: mem}
	for _, step := range []struct {
		server string
		want   int
	}{{"run-1", 0}, {"run-1", 0}, {"run-2", 3}, {"run-2", 0}} {
		n, err := redraw.Look(t.Context(), step.server)
		if err != nil || n != step.want {
			t.Fatalf("%s: %d messages (%v), want %d", step.server, n, err, step.want)
		}
	}
	for i, s := range posts[:4] {
		p := fleet.Post{Subject: s, Channel: "C1"}
		if _, err := mem.Read(t.Context(), &p); err != nil {
			t.Fatal(err)
		}
		again := p.State == fleet.PostDue && p.Shown == "" && p.TS == "1.2" && p.Wanted > p.Sent && !p.Due.IsZero()
		if want := i != 1; again != want {
			t.Errorf("%s: %+v", s, p)
		}
	}
}
