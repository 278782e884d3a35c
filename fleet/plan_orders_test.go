package fleet_test

import (
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// TestPlanIsAskedBeforeItsTaskBegins holds that a task takes its site's lock only
// while its plan, as it stands, orders that very task.
func TestPlanIsAskedBeforeItsTaskBegins(t *testing.T) {
	orders := func(p *fleet.Plan) {
		p.State = fleet.PlanRunning
		p.Sites = []fleet.PlanSite{{URI: "a.example.org", Task: "t1", Progress: fleet.SiteWaiting}}
	}
	tests := map[string]struct {
		plan func(*fleet.Plan)
		code fleet.Code
	}{
		"running":       {orders, ""},
		"paused":        {func(p *fleet.Plan) { orders(p); p.State = fleet.PlanPaused }, ""},
		"done":          {func(p *fleet.Plan) { orders(p); p.State = fleet.PlanDone }, fleet.Refused},
		"failed":        {func(p *fleet.Plan) { orders(p); p.State = fleet.PlanFailed }, fleet.Refused},
		"taken back":    {func(p *fleet.Plan) { orders(p); p.Sites[0].Task = "" }, fleet.Refused},
		"ordered anew":  {func(p *fleet.Plan) { orders(p); p.Sites[0].Task = "t2" }, fleet.Refused},
		"another site":  {func(p *fleet.Plan) { orders(p); p.Sites[0].URI = "b.example.org" }, fleet.Refused},
		"not confirmed": {func(p *fleet.Plan) { p.State = fleet.PlanProposed }, fleet.Refused},
		"forgotten":     {nil, fleet.Refused},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.fleetOf("a.example.org")
			if tt.plan != nil {
				w.ok(w.store.Update(w.ctx, fleet.PlanFamily("p1"), func(tx fleet.Tx) error {
					p := fleet.Plan{ID: "p1"}
					if _, err := tx.Get(&p); err != nil {
						return err
					}
					tt.plan(&p)
					tx.Put(&p)
					return nil
				}))
			}
			_, err := w.sites.Claim(w.ctx, fleet.SiteClaim{URI: "a.example.org", Task: "t1", Plan: "p1", Lease: time.Minute})
			if fleet.CodeOf(err) != tt.code {
				t.Errorf("it is answered %v", err)
			}
		})
	}
}
