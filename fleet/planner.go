package fleet

import (
	"context"
)

// Planner proposes plans and keeps them true.
type Planner struct {
	Store Store
	ID    func() string // makes ULIDs in lower case
}

// Propose makes a plan in state reading, orders inspect tasks on the hosts of its sites, and emits its notice. Refused, with the reason, when no site is to be moved.
func (pl *Planner) Propose(ctx context.Context, o Proposal) (Plan, error) {
	panic("unwritten")
}

// Draw completes a reading plan from the facts when all inspect tasks have ended: proposed, or failed with the reason.
func (pl *Planner) Draw(ctx context.Context, id PlanID) (Plan, error) {
	panic("unwritten")
}

// Snapshot gives what the fingerprint is taken over, as things are now, for the sites of p that have not started.
func (pl *Planner) Snapshot(ctx context.Context, p Plan) (Snapshot, error) {
	panic("unwritten")
}

// Review voids undecided plans of a distribution that are no longer true and proposes fresh ones that say what changed; pauses running ones whose target or rules moved.
func (pl *Planner) Review(ctx context.Context, d DistName) error {
	panic("unwritten")
}

// Offer proposes a plan for each out-of-date platform of a distribution that has none open.
func (pl *Planner) Offer(ctx context.Context, d DistName, channel string) ([]Plan, error) {
	panic("unwritten")
}

// Compare compares two platforms, for a site if uri is not empty.
func (pl *Planner) Compare(ctx context.Context, from, to PlatformName, uri URI) (Comparison, error) {
	panic("unwritten")
}
