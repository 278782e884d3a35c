package storm_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/storm"
	"github.com/distrobot/distrobot/store/storetest"
)

// TestMain lets the test's own program be the workers.
func TestMain(m *testing.M) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	served, err := storm.Serve(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if !served {
		os.Exit(m.Run())
	}
}

// TestKillStorm kills and freezes the workers of a host while they move its
// sites: each move is made once.
func TestKillStorm(t *testing.T) {
	kills, sites, refusals := 24, 16, 1
	if os.Getenv("DISTROBOT_TEST_THOROUGH") != "" {
		kills, sites, refusals = 5000, 24, 100
	}
	set := storm.Settings{
		Redis: storetest.Start(t).URL(), Data: t.TempDir(), Host: "storm", Lease: 500 * time.Millisecond,
		Sweep: 100 * time.Millisecond, Concurrency: 4, Late: 80 * time.Millisecond,
	}
	t.Cleanup(func() { makeWritable(set.Data) })
	m, err := storm.Open(t.Context(), set, sites)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	seed := uint64(time.Now().UnixNano())
	tally, err := m.Blow(t.Context(), storm.Storm{Workers: 4, Kills: kills, Refusals: refusals, Life: 300 * time.Millisecond, Seed: seed})
	t.Logf("seed %d: %s", seed, tally)
	if err != nil {
		t.Fatal(err)
	}
	repeated, err := m.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d updates were begun again", repeated)
	t.Attr("trials", fmt.Sprint(tally.Kills))
}

// makeWritable lets the trees of platforms be deleted.
func makeWritable(dir string) {
	_ = filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			_ = os.Chmod(p, 0o700)
		}
		return nil
	})
}
