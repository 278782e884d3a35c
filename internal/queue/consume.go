package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/hibiken/asynq"

	"github.com/distrobot/distrobot/fleet"
)

// Options bound what a worker does at once.
type Options struct {
	// Concurrency is how many tasks are worked on at once; 4 if 0. One more is
	// admitted if it is urgent, so that a rollback never waits for bulk work.
	Concurrency int
}

// shutdownTime is how long asynq may take to let go; its handlers return at
// once when Consume's context ends.
const shutdownTime = 5 * time.Second

// Consume calls handle for each wake-up of a host, urgent ones first, until
// ctx ends. It then takes no more, waits until every handle has returned, and
// returns nil. handle's context ends with ctx.
func (q *Queue) Consume(ctx context.Context, host fleet.HostName, o Options, handle func(ctx context.Context, ref fleet.TaskRef) error) error {
	c := &consumer{q: q, host: host, handle: handle, ctx: ctx, gate: newGate(max(o.Concurrency, 0))}
	var servers []*asynq.Server
	defer func() {
		for _, s := range servers {
			s.Shutdown()
		}
		c.work.Wait()
	}()
	for _, urgent := range []bool{true, false} {
		s, err := c.serve(urgent)
		if err != nil {
			return fmt.Errorf("queue: consume for %s: %w", host, err)
		}
		servers = append(servers, s)
	}
	<-ctx.Done()
	return nil
}

// consumer hands wake-ups of one host over to work.
type consumer struct {
	q      *Queue
	host   fleet.HostName
	handle func(context.Context, fleet.TaskRef) error
	ctx    context.Context // of Consume
	gate   *gate
	work   sync.WaitGroup
}

// serve starts to take from one of the host's queues. It takes one wake-up at
// a time, which waits for room; the rest stay where other workers may have
// them.
func (c *consumer) serve(urgent bool) (*asynq.Server, error) {
	name, err := queueName(c.host, urgent)
	if err != nil {
		return nil, err
	}
	s := asynq.NewServer(c.q.conn, asynq.Config{
		Concurrency:              1,
		Queues:                   map[string]int{name: 1},
		TaskCheckInterval:        checkEvery,
		DelayedTaskCheckInterval: delayedEvery,
		ShutdownTimeout:          shutdownTime,
		Logger:                   logger{c.q.log},
		LogLevel:                 asynq.WarnLevel,
	})
	return s, s.Start(asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error {
		c.take(ctx, t.Payload(), urgent)
		return nil
	}))
}

// take waits for room and begins the work. A wake-up that cannot be taken now
// is dropped: the sweep makes another.
func (c *consumer) take(ctx context.Context, payload []byte, urgent bool) {
	var ref fleet.TaskRef
	if err := json.Unmarshal(payload, &ref); err != nil || ref.Host != c.host || ref.ID == "" {
		c.q.log.Warn("a wake-up is not for this host", slog.String("host", string(c.host)), slog.Any("error", err))
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	defer context.AfterFunc(c.ctx, cancel)()
	defer cancel()
	if !c.gate.enter(ctx, urgent) {
		return
	}
	c.work.Go(func() {
		defer c.gate.leave()
		if err := c.handle(c.ctx, ref); err != nil && !errors.Is(err, context.Canceled) {
			c.q.log.Warn("task ended with an error", slog.String("task", string(ref.ID)), slog.Any("error", err))
		}
	})
}

// logger brings what asynq says into our log. It never ends the process.
type logger struct{ log *slog.Logger }

// Debug implements asynq.Logger.
func (l logger) Debug(args ...any) { l.log.Debug(fmt.Sprint(args...), slog.String("part", "asynq")) }

// Info implements asynq.Logger.
func (l logger) Info(args ...any) { l.log.Debug(fmt.Sprint(args...), slog.String("part", "asynq")) }

// Warn implements asynq.Logger.
func (l logger) Warn(args ...any) { l.log.Warn(fmt.Sprint(args...), slog.String("part", "asynq")) }

// Error implements asynq.Logger.
func (l logger) Error(args ...any) { l.log.Error(fmt.Sprint(args...), slog.String("part", "asynq")) }

// Fatal implements asynq.Logger.
func (l logger) Fatal(args ...any) { l.log.Error(fmt.Sprint(args...), slog.String("part", "asynq")) }
