package fleet_test

import (
	"context"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/fleet/fleettest"
)

// A mutant is a fleet with a guard taken out, to see that the guard is missed.
// The zero value has them all.
type mutant struct {
	name        string
	anyRevision bool // a press counts for what the plan is now, whatever was seen
	blindPress  bool // a press takes the world to be as it was shown
	anySite     bool // a task takes its site whatever became of it
	anyRules    bool // and whatever target and rules are now
	freeLocks   bool // a lock whose lease is over may be taken from a task that is not
	anyTime     bool // and whatever is frozen or closed
	unpaused    bool // a conductor takes a plan that a person paused for one that runs
	newTasks    bool // a task that is ordered again is another one, and does not ask its plan
}

func (m mutant) press(v fleet.Vote, now fleet.Plan) fleet.Vote {
	if m.anyRevision {
		v.Revision = now.Revision
	}
	return v
}

func (m mutant) claim(c fleet.SiteClaim) fleet.SiteClaim {
	if m.anySite {
		c.Generation, c.Platform = 0, ""
	}
	if m.anyRules {
		c.Target, c.Rules = "", 0
	}
	if m.anyTime {
		c.Begins = false
	}
	if m.newTasks {
		c.Plan = ""
	}
	return c
}

func (m mutant) replay(e fleet.Effect) fleet.Effect {
	if m.newTasks && e.Task != nil {
		t := *e.Task
		t.ID += "-again"
		e.Task = &t
	}
	return e
}

// world is where a press looks.
func (m mutant) world(h *history) fleet.Store {
	if m.blindPress {
		return asShown{h.mem, h}
	}
	return h.mem
}

// asShown gives platforms, sites and distributions as they were when the plan
// that is pressed was shown.
type asShown struct {
	*fleettest.Memory
	h *history
}

// Read implements fleet.Store.
func (s asShown) Read(ctx context.Context, recs ...fleet.Record) ([]bool, error) {
	if then := s.h.worlds[s.h.pressed]; then != nil && recs[0].Key().Family == fleet.Catalogue {
		return then.Read(ctx, recs...)
	}
	return s.Memory.Read(ctx, recs...)
}

// plans is what a conductor sees.
func (m mutant) plans(s *fleettest.Memory) fleet.Store {
	if m.unpaused {
		return restless{s}
	}
	return s
}

// restless shows paused plans as running.
type restless struct{ *fleettest.Memory }

// Read implements fleet.Store.
func (s restless) Read(ctx context.Context, recs ...fleet.Record) ([]bool, error) {
	found, err := s.Memory.Read(ctx, recs...)
	for _, r := range recs {
		wake(r)
	}
	return found, err
}

// Update implements fleet.Store.
func (s restless) Update(ctx context.Context, fam fleet.Family, rule func(fleet.Tx) error) error {
	return s.Memory.Update(ctx, fam, func(tx fleet.Tx) error { return rule(restlessTx{tx}) })
}

type restlessTx struct{ fleet.Tx }

// Get implements fleet.Tx.
func (t restlessTx) Get(r fleet.Record) (bool, error) {
	found, err := t.Tx.Get(r)
	wake(r)
	return found, err
}

func wake(r fleet.Record) {
	if p, is := r.(*fleet.Plan); is && p.State == fleet.PlanPaused {
		p.State = fleet.PlanRunning
	}
}

// locks is where it is looked whether the task that holds a lock is over.
func (m mutant) locks(s *fleettest.Memory) fleet.Store {
	if m.freeLocks {
		return forgetful{s}
	}
	return s
}

// forgetful knows no task.
type forgetful struct{ *fleettest.Memory }

// Read implements fleet.Store.
func (s forgetful) Read(ctx context.Context, recs ...fleet.Record) ([]bool, error) {
	if recs[0].Key().Noun == "task" {
		return make([]bool, len(recs)), nil
	}
	return s.Memory.Read(ctx, recs...)
}
