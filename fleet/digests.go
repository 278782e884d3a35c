package fleet

import (
	"context"
)

// Digests schedules lists of out-of-date sites.
type Digests struct {
	Store Store
	Clock Clockwork
}

// Set adds or changes a digest.
func (ds *Digests) Set(ctx context.Context, d Digest) (Digest, error) {
	panic("unwritten")
}

// Remove removes one.
func (ds *Digests) Remove(ctx context.Context, name string) error {
	panic("unwritten")
}

// All lists them by name.
func (ds *Digests) All(ctx context.Context) ([]Digest, error) {
	panic("unwritten")
}

// Fire fires every digest that is due, once over all replicas, and computes its next time. Returns how many fired.
func (ds *Digests) Fire(ctx context.Context) (int, error) {
	panic("unwritten")
}
