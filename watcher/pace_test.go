package watcher_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/fleet/fleettest"
	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/watcher"
)

type brokenHistory struct{}

func (brokenHistory) Fetch(context.Context, mirror.Repo, mirror.Ref) error {
	return errors.New("no disk")
}
func (brokenHistory) Log(context.Context, mirror.Repo, string, string, int) (mirror.Commits, error) {
	return mirror.Commits{}, errors.New("no disk")
}

func (brokenHistory) Message(context.Context, mirror.Repo, mirror.Ref) (string, error) {
	return "", errors.New("no disk")
}

// fakeRefs answers for any number of repositories and notes who asked when.
type fakeRefs struct {
	mu      sync.Mutex
	asked   map[string]int
	now     map[string]int // under way, by host
	most    map[string]int
	times   []time.Time
	latency time.Duration
	err     error
}

func (f *fakeRefs) List(_ context.Context, repo mirror.Repo, _ []string) (mirror.Listing, error) {
	f.mu.Lock()
	host := repo.URL[:len("https://h0")]
	f.now[host]++
	f.now["all"]++
	f.most[host], f.most["all"] = max(f.most[host], f.now[host]), max(f.most["all"], f.now["all"])
	f.asked[repo.URL]++
	f.times = append(f.times, time.Now())
	f.mu.Unlock()
	time.Sleep(f.latency) // the round trip that the test plays
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now[host]--
	f.now["all"]--
	if f.err != nil {
		return mirror.Listing{}, f.err
	}
	return mirror.Listing{Refs: []mirror.Ref{{Name: "refs/heads/main", Hash: "a"}}}, nil
}

// trackMany makes n distributions of repositories on four hosts.
func trackMany(t *testing.T, n int) (*fleettest.Memory, *fakeRefs) {
	t.Helper()
	m := fleettest.New()
	for i := range n {
		err := m.Update(t.Context(), fleet.Catalogue, func(tx fleet.Tx) error {
			d := fleet.Distribution{Name: fleet.DistName(fmt.Sprintf("d%d", i))}
			_, err := tx.Get(&d)
			d.URL, d.Track.Branch, d.Rules = fmt.Sprintf("https://h%d.example.org/r%d.git", i%4, i), "main", 1
			tx.Put(&d)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return m, &fakeRefs{asked: map[string]int{}, now: map[string]int{}, most: map[string]int{}, latency: time.Millisecond}
}

func replica(m fleet.Store, f *fakeRefs, interval time.Duration) *watcher.Poller {
	return &watcher.Poller{Store: m, News: &fleet.News{Store: m}, Refs: f, Interval: interval}
}

// However many replicas sweep at once, each URL is read once; and the limits of
// slots and hosts hold.
func TestSweepReadsEachURLOnce(t *testing.T) {
	const n = 1000
	m, f := trackMany(t, n)
	if swept, err := replica(m, f, time.Minute).Sweep(t.Context()); err != nil || swept > 0 {
		t.Fatalf("new rows have a phase: swept %d, %v", swept, err)
	}
	m.Pass(time.Hour) // downtime: all are due
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			p := replica(m, f, time.Minute)
			p.PerHost, p.Slots = 4, 12
			if _, err := p.Sweep(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if len(f.asked) != n {
		t.Errorf("%d URLs were read", len(f.asked))
	}
	for url, times := range f.asked {
		if times != 1 {
			t.Errorf("%s was read %d times", url, times)
		}
	}
	for host, most := range f.most {
		if limit := 3 * 4; host != "all" && most > limit || most > 3*12 {
			t.Errorf("%s: %d at once", host, most)
		}
	}
	spread := map[int64]int{}
	rows, err := m.List(t.Context(), fleet.PollsDue, fleet.Page{})
	if err != nil {
		t.Fatal(err)
	}
	for _, url := range rows {
		row := fleet.Poll{URL: url}
		if _, err := m.Read(t.Context(), &row); err != nil {
			t.Fatal(err)
		}
		ahead := row.Next.Sub(now(t, m))
		if ahead < 54*time.Second || ahead > 66*time.Second {
			t.Errorf("next in %v", ahead)
		}
		spread[int64(ahead/time.Second)]++
	}
	if len(spread) < 10 {
		t.Errorf("no jitter: %v", spread)
	}
}

// After downtime everything is read within one interval, but not in a burst.
func TestRunCatchesUpWithoutABurst(t *testing.T) {
	const n, interval = 400, 2 * time.Second
	m, f := trackMany(t, n)
	if _, err := replica(m, f, interval).Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.Pass(time.Hour)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var running sync.WaitGroup
	begun := time.Now()
	running.Go(func() { replica(m, f, interval).Run(ctx) })
	for read := 0; read < n; time.Sleep(5 * time.Millisecond) {
		if f.mu.Lock(); true {
			read = len(f.asked)
			f.mu.Unlock()
		}
		if time.Since(begun) > 20*time.Second {
			t.Fatalf("only %d were read", read)
		}
	}
	took := time.Since(begun)
	stop()
	running.Wait()
	if took < interval/2 {
		t.Errorf("a burst: %d in %v", n, took)
	}
	fastest := 0
	for i, j := 0, 0; j < len(f.times); j++ {
		for f.times[j].Sub(f.times[i]) > interval/10 {
			i++
		}
		fastest = max(fastest, j-i+1)
	}
	if fastest > n/3 {
		t.Errorf("%d of %d within a tenth of the interval", fastest, n)
	}
}

// A failing URL is read at longer and longer intervals; one that answers again
// returns to its pace. A host that asks for a rest gets it.
func TestBackOff(t *testing.T) {
	m, f := trackMany(t, 1)
	url := "https://h0.example.org/r0.git"
	p := replica(m, f, time.Minute)
	next := func() time.Duration {
		t.Helper()
		row := fleet.Poll{URL: url}
		if _, err := m.Read(t.Context(), &row); err != nil {
			t.Fatal(err)
		}
		return row.Next.Sub(now(t, m))
	}
	sweep := func() {
		t.Helper()
		m.Pass(2 * time.Hour)
		if n, err := p.Sweep(t.Context()); n != 1 || err != nil {
			t.Fatalf("swept %d, %v", n, err)
		}
	}
	if _, err := p.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.err = &mirror.Error{Problem: mirror.NotFound, Text: "There is no such repository."}
	for i, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		sweep()
		if got := next() / time.Minute * time.Minute; next() < want*54*time.Second || next() > want*66*time.Second {
			t.Errorf("failure %d: next in %v, want %d minutes", i+1, got, want)
		}
	}
	f.err = nil
	sweep()
	if got := next(); got > 66*time.Second {
		t.Errorf("recovered: next in %v", got)
	}
	f.err = &mirror.Error{Problem: mirror.Unreachable, Text: "It does not answer."}
	for range 6 {
		replacement := replica(m, f, time.Minute) // another process knows nothing of the host
		p = replacement
		sweep()
	}
	if got := next(); got > 6*time.Minute {
		t.Errorf("an outage: next in %v", got)
	}
	f.err = &mirror.Error{Problem: mirror.RateLimited, Text: "Too many requests.", RetryAfter: 30 * time.Minute}
	sweep()
	asked := f.asked[url]
	sweep()
	if got := next(); f.asked[url] != asked || got < 29*time.Minute || got > 32*time.Minute {
		t.Errorf("asked %d times more in the rest; next in %v", f.asked[url]-asked, got)
	}
}
