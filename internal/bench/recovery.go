package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/storm"
)

// recovery measures how long the task of a worker that was killed with SIGKILL
// waits until another worker has taken it over that knows nothing of the kill: not
// on the killed one's machine, with the leases of production. The runs are on
// hosts of their own, all at the same time over one Redis.
func recovery() Measurement {
	return Measurement{Names: []string{"recovery"}, Run: runRecovery}
}

const (
	recoveryRuns = 20
	recoveryTime = 3 * time.Minute
	// The update that is killed takes so long that its lease is renewed meanwhile;
	// the kills come at moments that are spread over two renewals.
	recoveryWork  = 12 * time.Second
	recoverySpan  = 10 * time.Second
	leaseInUse    = 15 * time.Second
	sweepInUse    = time.Second
	recoveryBound = 20 // seconds
)

func runRecovery(ctx context.Context, b *B) ([]Row, error) {
	url, stop, err := launchRedis(ctx, b.Dir)
	if err != nil {
		return nil, err
	}
	defer stop()
	defer makeWritable(b.Dir)
	ctx, cancel := context.WithTimeout(ctx, recoveryTime)
	defer cancel()
	took := make([]time.Duration, recoveryRuns)
	g, ctx := errgroup.WithContext(ctx)
	for i := range took {
		g.Go(func() (err error) {
			set := storm.Settings{
				Redis: url, Data: filepath.Join(b.Dir, fmt.Sprint("host", i)), Host: fleet.HostName(fmt.Sprint("host", i)),
				Lease: leaseInUse, Sweep: sweepInUse, Concurrency: 4, Work: recoveryWork,
			}
			took[i], err = recoverOnce(ctx, set, recoverySpan*time.Duration(i)/recoveryRuns)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	slices.Sort(took)
	p95 := took[recoveryRuns*95/100-1]
	b.Note("recovery %d kills, lease %v, sweep %v: taken over after %.1f to %.1f s, median %.1f s, p95 %.1f s; every move was made once",
		recoveryRuns, leaseInUse, sweepInUse, took[0].Seconds(), took[recoveryRuns-1].Seconds(), Median(took).Seconds(), p95.Seconds())
	return []Row{{Name: "recovery", Value: p95.Seconds(), Bound: recoveryBound}}, nil
}

// recoverOnce is one run, on a host of its own.
func recoverOnce(ctx context.Context, set storm.Settings, after time.Duration) (time.Duration, error) {
	m, err := storm.Open(ctx, set, 1)
	if err != nil {
		return 0, err
	}
	defer m.Close()
	took, err := m.Recover(ctx, after)
	if err != nil {
		return took, fmt.Errorf("%s: %w", set.Host, err)
	}
	repeated, err := m.Verify(ctx)
	if err == nil && repeated != 1 {
		err = fmt.Errorf("the update was begun %d times and not twice", repeated+1)
	}
	if err != nil {
		return took, fmt.Errorf("%s: %w", set.Host, err)
	}
	return took, nil
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
