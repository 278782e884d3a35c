package fleet

import (
	"context"
)

// Conductor advances approved plans, wave by wave.
type Conductor struct {
	Store   Store
	Planner *Planner
	ID      func() string // makes ULIDs in lower case
}

// Advance looks at a plan and its tasks and does what is next: draw it, start a wave, pause, end. It may be called at any time by anyone.
func (c *Conductor) Advance(ctx context.Context, id PlanID) error {
	panic("unwritten")
}

// Sweep advances every plan that is moving and expires those whose time is over. Returns how many it looked at.
func (c *Conductor) Sweep(ctx context.Context) (int, error) {
	panic("unwritten")
}

// Resume lets a paused plan go on with its next wave (Continue), or ends it (Stop).
func (c *Conductor) Resume(ctx context.Context, id PlanID, rev int, on bool, who Actor) (Plan, error) {
	panic("unwritten")
}
