package fleet

import (
	"context"
)

// Decider answers presses on plans.
type Decider struct {
	Store   Store
	Planner *Planner
}

// Press records a vote first and says what became of it. The same request is answered the same. A plan that is no longer true is superseded by a fresh one instead.
func (d *Decider) Press(ctx context.Context, v Vote) (Decision, error) {
	panic("unwritten")
}
