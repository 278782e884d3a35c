package command

import (
	"context"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

var _ hosting.Freer = (*Backend)(nil)

// Waiting implements hosting.Freer: each hold is noted here before the program is
// called.
func (b *Backend) Waiting(ctx context.Context) ([]hosting.Held, error) { return b.Records.Waiting(ctx) }

// Free implements hosting.Freer. The program lets visitors in to the generation
// that it has live, and the record follows it; a fence above all that it has seen
// keeps out whoever worked on the site.
func (b *Backend) Free(ctx context.Context, h hosting.Held) error {
	r, err := b.Live(ctx, h.URI)
	if fleet.CodeOf(err) == fleet.NotFound {
		return b.Records.Free(ctx, h) // it never came to life: nobody waits for it there
	}
	if err != nil {
		return err
	}
	fence, err := b.Records.Above(ctx, h.URI)
	if err != nil {
		return err
	}
	c := hosting.Copy{
		URI: r.URI, ID: r.ID, Kind: r.Kind, Distribution: r.Distribution, Platform: r.Platform, Commit: r.Commit,
		Generation: r.Generation, Previous: r.Previous, Pinned: r.Pinned, Task: h.Task, Fence: fence,
	}
	if live, err := b.Records.Live(ctx, h.URI); fleet.CodeOf(err) == fleet.NotFound || err == nil && live.Generation != r.Generation {
		if err := b.Records.Switch(ctx, c); err != nil { // a worker died after the program had switched
			return err
		}
	}
	if err := b.settle(ctx, c, Release, func(o Observed) bool { return !o.Held }); err != nil {
		return err
	}
	return b.Records.Free(ctx, h)
}
