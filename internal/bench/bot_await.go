package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

func (w *botWorld) awaitPlatform(ctx context.Context, name fleet.PlatformName) error {
	p := fleet.Platform{Name: name}
	return w.awaitRow(ctx, &p, func() (bool, string) {
		return p.State == fleet.PlatformReady, fmt.Sprintf("platform %s is %q: %s", name, p.State, p.Reason)
	})
}

// awaitRow reads a row until ok is content with it.
func (w *botWorld) awaitRow(ctx context.Context, row fleet.Record, ok func() (bool, string)) error {
	ctx, cancel := context.WithTimeout(ctx, setUpTime)
	defer cancel()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		if _, err := w.store.Read(ctx, row); err != nil {
			return err
		}
		done, why := ok()
		if done {
			return nil
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return fmt.Errorf("waited %v: %s", setUpTime, why)
		}
	}
}
