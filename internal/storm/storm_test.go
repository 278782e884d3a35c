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
	sites, late := 12, 150*time.Millisecond
	weather := storm.Storm{Workers: 4, Kills: 20, Refusals: 1, Life: 500 * time.Millisecond, Frozen: 35, Seed: uint64(time.Now().UnixNano())}
	if os.Getenv("DISTROBOT_TEST_THOROUGH") != "" {
		sites, late = 24, 80*time.Millisecond
		weather.Kills, weather.Refusals, weather.Life, weather.Frozen = 5000, 100, 300*time.Millisecond, 20
	}
	set := storm.Settings{
		Redis: storetest.Start(t).URL(), Data: t.TempDir(), Host: "storm", Lease: 500 * time.Millisecond,
		Sweep: 100 * time.Millisecond, Concurrency: 4, Late: late,
	}
	t.Cleanup(func() { makeWritable(set.Data) })
	m, err := storm.Open(t.Context(), set, sites)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	tally, err := m.Blow(t.Context(), weather)
	t.Logf("seed %d: %s", weather.Seed, tally)
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
