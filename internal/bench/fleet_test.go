package bench

import (
	"os"
	"testing"
	"time"
)

// TestFleet is a small form of the row: a plan over three workers that have
// nothing in common but Redis pauses when a site fails, and is walked to its end.
func TestFleet(t *testing.T) {
	f := fleetRun{sites: 30, every: 30, limit: 2 * time.Minute}
	dir, err := os.MkdirTemp("", "fleet") // not below a directory that other users may not pass
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if _, err := f.run(t.Context(), &B{Dir: dir, Out: t.Output()}); err != nil {
		t.Fatal(err)
	}
}
