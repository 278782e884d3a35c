package fleet

import (
	"context"
)

// Targets decides which platform is right.
type Targets struct {
	Store Store
}

// Set makes a ready platform the target of its distribution, locks the others and unlocks it, in one commit; Review and Offer effects follow.
func (t *Targets) Set(ctx context.Context, dist DistName, p PlatformName, who Actor) (Distribution, error) {
	panic("unwritten")
}

// Clear removes the target; locks stay as they are.
func (t *Targets) Clear(ctx context.Context, dist DistName, who Actor) (Distribution, error) {
	panic("unwritten")
}

// Lock locks or unlocks a platform by hand; the target cannot be locked.
func (t *Targets) Lock(ctx context.Context, p PlatformName, locked bool, who Actor) (Platform, error) {
	panic("unwritten")
}

// Assign lets an existing platform join a distribution of its kind (or leave, when dist is empty); it is locked at once when there is a target.
func (t *Targets) Assign(ctx context.Context, p PlatformName, dist DistName, who Actor) (Platform, error) {
	panic("unwritten")
}
