package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
	"github.com/distrobot/distrobot/internal/queue"
	"github.com/distrobot/distrobot/store"
)

// A dispatcher carries wake-ups: internal/queue, or its rival.
type dispatcher interface {
	Notify(ctx context.Context, ref fleet.TaskRef, urgent bool, at time.Time) error
	consume(ctx context.Context, host fleet.HostName, n int, handle func(context.Context, fleet.TaskRef) error) error
}

type asynqDispatcher struct{ *queue.Queue }

func (d asynqDispatcher) consume(ctx context.Context, host fleet.HostName, n int, handle func(context.Context, fleet.TaskRef) error) error {
	return d.Consume(ctx, host, queue.Options{Concurrency: n}, handle)
}

type plainDispatcher struct{ plainQueue }

func (d plainDispatcher) consume(ctx context.Context, host fleet.HostName, n int, handle func(context.Context, fleet.TaskRef) error) error {
	return d.Consume(ctx, host, n, handle)
}

// The names of the two.
const (
	byAsynq = "asynq"
	byPlain = "plain"
)

func newDispatcher(name string, s *store.Store) dispatcher {
	if name == byAsynq {
		return asynqDispatcher{queue.New(s.Conn(), slog.New(slog.DiscardHandler))}
	}
	return plainDispatcher{plainQueue{s.Client()}}
}

// queueWorkerEnv in the environment makes the bench command a worker of a queue.
const queueWorkerEnv = "DISTROBOT_BENCH_QUEUE_WORKER"

// A queueWorker is a worker process that has nothing but runner, sweep and queue.
type queueWorker struct {
	Queue string // byAsynq or byPlain
	Redis string
	Host  fleet.HostName
	Lease time.Duration
	Work  time.Duration // of a task
}

// ServeQueue is such a worker, if the environment asks for it, until ctx ends.
func ServeQueue(ctx context.Context) (bool, error) {
	text := os.Getenv(queueWorkerEnv)
	if text == "" {
		return false, nil
	}
	var w queueWorker
	if err := json.Unmarshal([]byte(text), &w); err != nil {
		return true, err
	}
	return true, w.run(ctx)
}

func openQueueStore(ctx context.Context, url string) (*store.Store, error) {
	return store.Open(ctx, store.Options{URL: url, Key: []byte("bench"), Log: slog.New(slog.DiscardHandler)})
}

func (w queueWorker) run(ctx context.Context) error {
	s, err := openQueueStore(ctx, w.Redis)
	if err != nil {
		return err
	}
	defer s.Close()
	d := newDispatcher(w.Queue, s)
	recipe := job.Recipe{Steps: []job.Step{{Name: "work", Repeatable: true, Do: func(ctx context.Context, _ *job.Scope) error {
		select {
		case <-time.After(w.Work):
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}}}}
	runner := &job.Runner{Store: s, Logs: s, Owner: strconv.Itoa(os.Getpid()), Lease: w.Lease, Log: slog.New(slog.DiscardHandler),
		Recipe: func(fleet.Task) (job.Recipe, error) { return recipe, nil }}
	sweeper := &job.Sweeper{Store: s, Host: w.Host, Log: slog.New(slog.DiscardHandler), Wake: func(ctx context.Context, t fleet.TaskRef, urgent bool) {
		_ = d.Notify(ctx, t, urgent, time.Time{}) // the next sweep wakes it again
	}}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return sweeper.Run(ctx) })
	g.Go(func() error {
		return d.consume(ctx, w.Host, 4, func(ctx context.Context, t fleet.TaskRef) error { return runner.Run(ctx, t, false) })
	})
	fmt.Println("ready")
	return g.Wait()
}

// start starts the worker as a process.
func (w queueWorker) start(ctx context.Context) (*program, error) {
	text, err := json.Marshal(w)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p, _, err := startProgram(ctx, regexp.MustCompile(`(?m)^ready$`), bareEnv(queueWorkerEnv+"="+string(text)), self)
	return p, err
}

// resident is the memory of a process, bytes.
func resident(pid int) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "VmRSS:" {
			kb, err := strconv.ParseInt(f[1], 10, 64)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("process %d tells no memory", pid)
}
