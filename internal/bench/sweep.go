package bench

import (
	"context"
	"fmt"
	"net/http"
	"syscall"
	"time"

	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
	"golang.org/x/sync/errgroup"

	"github.com/distrobot/distrobot/internal/mirror"
)

// sweep compares one look at 1,000 repositories, 32 at a time and 40 ms away,
// with what the latency alone takes and with the CPU of go-git's list. The
// server is a process of its own, so that only clients are counted.
func sweep() Measurement {
	return Measurement{Names: []string{"sweep-wall", "sweep-cpu"}, Run: runSweep}
}

const (
	sweepRepos    = 1000
	sweepInFlight = 32
	sweepLatency  = 40 * time.Millisecond
)

func runSweep(ctx context.Context, b *B) ([]Row, error) {
	url, stop, err := startSweepServer(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	policy := loopback
	policy.ConnsPerHost = sweepInFlight
	lister := mirror.NewLister(policy)
	defer lister.Close()
	gogit := githttp.NewClient(&http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: sweepInFlight, MaxConnsPerHost: sweepInFlight}})

	var cpu [2][]time.Duration
	medians, err := Interleave(ctx, 5,
		Contender{Name: "ours", Run: counted(&cpu[0], func(ctx context.Context, i int) error {
			l, err := lister.List(ctx, mirror.Repo{URL: sweepURL(url, i)}, []string{"refs/heads/main"})
			if _, ok := l.Find("refs/heads/main"); err == nil && !ok {
				return fmt.Errorf("the branch is not listed")
			}
			return err
		})},
		Contender{Name: "go-git", Run: counted(&cpu[1], func(ctx context.Context, i int) error {
			return listByGoGit(ctx, gogit, sweepURL(url, i))
		})})
	if err != nil {
		return nil, err
	}
	floor := sweepLatency * sweepRepos / sweepInFlight
	ours, theirs := Median(cpu[0]), Median(cpu[1])
	b.Note("sweep-wall %d repositories, %d at once: ours %.0f ms, go-git %.0f ms, latency alone %.0f ms",
		sweepRepos, sweepInFlight, ms(medians[0]), ms(medians[1]), ms(floor))
	b.Note("sweep-cpu ours %.0f ms, go-git %.0f ms", ms(ours), ms(theirs))
	if err := steady(ctx, b, ours); err != nil {
		return nil, err
	}
	return []Row{
		{Name: "sweep-wall", Value: medians[0].Seconds() / floor.Seconds(), Bound: 1.2},
		{Name: "sweep-cpu", Value: ours.Seconds() / theirs.Seconds(), Bound: 0.3},
	}, nil
}

// counted makes a round of one look at every repository, and notes the CPU time
// of the rounds that count.
func counted(cpu *[]time.Duration, look func(context.Context, int) error) func(context.Context, int) error {
	return func(ctx context.Context, round int) error {
		before := cpuTime()
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(sweepInFlight)
		for i := range sweepRepos {
			group.Go(func() error { return look(ctx, i) })
		}
		err := group.Wait()
		if round > 0 {
			*cpu = append(*cpu, cpuTime()-before)
		}
		return err
	}
}

// listByGoGit does what go-git's Remote.List does for one repository.
func listByGoGit(ctx context.Context, client transport.Transport, url string) error {
	endpoint, err := transport.NewEndpoint(url)
	if err != nil {
		return err
	}
	session, err := client.NewUploadPackSession(endpoint, nil)
	if err != nil {
		return err
	}
	defer session.Close()
	adv, err := session.AdvertisedReferencesContext(ctx)
	if err != nil {
		return err
	}
	refs, err := adv.AllReferences()
	if err == nil && refs["refs/heads/main"] == nil {
		return fmt.Errorf("the branch is not listed")
	}
	return err
}

// cpuTime is the user and system time of this process until now.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
