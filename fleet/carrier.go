package fleet

import (
	"context"
	"time"
)

// Carrier carries effects from the family of the commit that caused them to where they act.
type Carrier struct {
	Store     Store
	Outbox    Outbox
	Trail     Trail
	Planner   *Planner
	Conductor *Conductor
	Channel   string                                                    // where notices without a channel go
	Resolve   func(ctx context.Context, channel string) (string, error) // channel name to id; nil keeps names
	Woken     func(t TaskRef, urgent bool, at time.Time)                // a task was created: wake its worker; nil does nothing
}

// Carry carries everything that is pending in all families, in order, and returns how many effects it carried.
func (c *Carrier) Carry(ctx context.Context) (int, error) {
	panic("unwritten")
}
