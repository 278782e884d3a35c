package storm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/kind"
	"github.com/distrobot/distrobot/hosting/local"
	"github.com/distrobot/distrobot/internal/job"
	"github.com/distrobot/distrobot/internal/queue"
	"github.com/distrobot/distrobot/store"
)

// Settings are what the workers of a machine are told.
type Settings struct {
	Redis string         // as DISTROBOT_REDIS_URL
	Data  string         // platforms and sites, the same for all workers of a host
	Host  fleet.HostName // whose tasks they do
	Lease time.Duration  // of a task; that of a site's lock is four times as long
	Sweep time.Duration  // how often due tasks are looked for
	// Concurrency is how many tasks a worker does at once.
	Concurrency int
	// Late is the longest that a worker sleeps between the moment it decided to
	// change the machine and the change.
	Late time.Duration
	// Work is how long the update of a site takes; 60 ms if 0.
	Work time.Duration
	// Alone lets a worker take up at once what others of its host work on, as one
	// may that has locked the only data directory of its host.
	Alone bool
}

// workerEnv in the environment makes a program a worker instead.
const workerEnv = "DISTROBOT_STORM_WORKER"

// signingKey is DISTROBOT_KEY of everybody here.
var signingKey = strings.Repeat("k", 32)

// Serve makes this process a worker if the environment asks for it, until ctx
// ends; it reports whether it did. Programs that start workers call it first.
func Serve(ctx context.Context) (bool, error) {
	text := os.Getenv(workerEnv)
	if text == "" {
		return false, nil
	}
	var set Settings
	if err := json.Unmarshal([]byte(text), &set); err != nil {
		return true, err
	}
	return true, set.work(ctx)
}

// work is a worker, put together as in cmd/distrobot.
func (set Settings) work(ctx context.Context) error {
	s, err := set.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	notes := &notebook{path: set.notes()}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	runner := set.runner(s, late{Backend: set.backend(), limit: set.Late, notes: notes})
	runner.Log = log
	q := queue.New(s.Conn(), log)
	defer q.Close()
	sweeper := &job.Sweeper{Store: s, Host: set.Host, Every: set.Sweep, Log: log, Wake: func(ctx context.Context, t fleet.TaskRef, urgent bool) {
		_ = q.Notify(ctx, t, urgent, time.Time{}) // the next sweep wakes it again
	}}
	handle := func(restarted bool) func(context.Context, fleet.TaskRef) error {
		return func(ctx context.Context, t fleet.TaskRef) error {
			err := runner.Run(ctx, t, restarted)
			notes.lost(err)
			return err
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return sweeper.Run(ctx) })
	g.Go(func() error {
		return q.Consume(ctx, set.Host, queue.Options{Concurrency: set.Concurrency}, handle(false))
	})
	if set.Alone {
		g.Go(func() error { return set.resume(ctx, sweeper, handle(true)) })
	}
	fmt.Println(ready)
	return g.Wait()
}

// ready is what a worker says when it begins to look for tasks.
const ready = "ready"

func (set Settings) open(ctx context.Context) (*store.Store, error) {
	return store.Open(ctx, store.Options{URL: set.Redis, Key: []byte(signingKey), Log: slog.New(slog.DiscardHandler)})
}

func (set Settings) backend() *local.Backend { return &local.Backend{Data: set.Data, Host: set.Host} }

func (set Settings) runner(s *store.Store, b hosting.Backend) *job.Runner {
	w := &hosting.Worker{Host: set.Host, Store: s, Sites: &fleet.Sites{Store: s}, Backend: b, Kinds: kind.All(), Lease: 4 * set.Lease}
	return &job.Runner{Store: s, Logs: s, Recipe: w.Recipe, Lease: set.Lease,
		Owner: fmt.Sprintf("%s/%d/%s", set.Host, os.Getpid(), fleet.NewID())}
}

// resume takes up what is running on the host.
func (set Settings) resume(ctx context.Context, sweeper *job.Sweeper, handle func(context.Context, fleet.TaskRef) error) error {
	left, err := sweeper.Interrupted(ctx)
	if err != nil {
		return nil // they are taken up when their leases end
	}
	var g errgroup.Group
	g.SetLimit(set.Concurrency)
	for _, t := range left {
		g.Go(func() error {
			_ = handle(ctx, t) // it is noted
			return nil
		})
	}
	return g.Wait()
}

// lost notes a task that another worker has taken, told by the journal or by the
// site's row.
func (n *notebook) lost(err error) {
	var e *fleet.Error
	if fleet.CodeOf(err) != fleet.Stale || !errors.As(err, &e) {
		return
	}
	if strings.HasPrefix(e.Text, "Task ") {
		n.note(byJournal, e.Text)
	} else if strings.HasPrefix(e.Text, "Site ") {
		n.note(byRow, e.Text)
	}
}
