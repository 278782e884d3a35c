package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store"
)

// queues sets the queue that carries wake-ups, over asynq, beside one blocking
// pop a host, in the same run and on the same Redis: how late a wake-up comes
// (queue-latency, milliseconds, p95 at idle), and how long the task of a killed
// worker waits (queue-recovery, as a ratio). What else the two differ in is told
// beside.
func queues() Measurement {
	return Measurement{Names: []string{"queue-latency", "queue-recovery"}, Run: runQueues}
}

const (
	idleWakes    = 60
	queued       = 1000
	urgentWakes  = 20
	queuedWork   = 5 * time.Millisecond
	idleTime     = 10 * time.Second
	queueBound   = 250  // milliseconds: nobody waits for a task that takes seconds
	recoverRatio = 1.25 // the lease and the sweep decide, not the queue
)

// A queueFigure is what one of the two costs.
type queueFigure struct {
	idle, urgent []time.Duration
	drain        time.Duration
	perWake      float64 // commands of Redis
	waiting      int64   // bytes of Redis for a wake-up that waits
	perSecond    float64 // commands of Redis of a worker with nothing to do
	memory       int64   // of that worker
	recovery     []time.Duration
	code         codeSize
}

func runQueues(ctx context.Context, b *B) ([]Row, error) {
	url, stop, err := launchRedis(ctx, b.Dir)
	if err != nil {
		return nil, err
	}
	defer stop()
	s, err := openQueueStore(ctx, url)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	figures := map[string]*queueFigure{byAsynq: {}, byPlain: {}}
	for _, part := range []func(context.Context, *store.Store, map[string]*queueFigure) error{timeIdle, timeQueued} {
		if err := part(ctx, s, figures); err != nil {
			return nil, err
		}
	}
	for name, f := range figures {
		if err := f.atRest(ctx, s, queueWorker{Queue: name, Redis: url, Host: fleet.HostName("rest-" + name), Lease: leaseInUse}); err != nil {
			return nil, err
		}
	}
	if err := timeKills(ctx, s, url, figures); err != nil {
		return nil, err
	}
	if err := countQueues(ctx, figures); err != nil {
		return nil, err
	}
	for _, name := range []string{byAsynq, byPlain} {
		figures[name].tell(b, name)
	}
	ours, rival := figures[byAsynq], figures[byPlain]
	return []Row{
		{Name: "queue-latency", Value: ms(quantile(ours.idle, 95)), Bound: queueBound},
		{Name: "queue-recovery", Value: Median(ours.recovery).Seconds() / Median(rival.recovery).Seconds(), Bound: recoverRatio},
	}, nil
}

func (f *queueFigure) tell(b *B, name string) {
	b.Note("queue %s: idle median %.1f ms, p95 %.1f ms; urgent behind %d queued median %.1f ms; these %d of %v each, 4 at once: %.2f s",
		name, ms(Median(f.idle)), ms(quantile(f.idle, 95)), queued, ms(Median(f.urgent)), queued, queuedWork, f.drain.Seconds())
	b.Note("queue %s: commands of Redis %.1f a wake-up, %.1f a second of a worker at rest; memory %.1f MB of that worker, %d bytes of Redis a waiting wake-up",
		name, f.perWake, f.perSecond, float64(f.memory)/(1<<20), f.waiting)
	b.Note("queue %s: taken over after a kill, lease %v: median %.1f s of %d; lines of code: %d ours, %d of others that come with it",
		name, killLease, Median(f.recovery).Seconds(), len(f.recovery), f.code.ours, f.code.others)
}

// quantile gives the percentile of values, which it sorts.
func quantile(values []time.Duration, percent int) time.Duration {
	slices.Sort(values)
	return values[max(len(values)*percent/100-1, 0)]
}

// A consumer takes wake-ups of one host and tells when each came.
type consumer struct {
	dispatcher
	host fleet.HostName
	came chan fleet.TaskID
	end  func() error
}

func consumeBy(ctx context.Context, name string, s *store.Store, host fleet.HostName, work time.Duration) *consumer {
	ctx, cancel := context.WithCancel(ctx)
	c := &consumer{dispatcher: newDispatcher(name, s), host: host, came: make(chan fleet.TaskID, 2*queued)}
	done := make(chan error, 1)
	go func() {
		done <- c.consume(ctx, host, 4, func(_ context.Context, ref fleet.TaskRef) error {
			c.came <- ref.ID
			time.Sleep(work)
			return nil
		})
	}()
	c.end = sync.OnceValue(func() error { cancel(); return <-done })
	return c
}

// wake sends one wake-up and waits until it, among others, has come.
func (c *consumer) wake(ctx context.Context, id fleet.TaskID, urgent bool, others func(fleet.TaskID)) (time.Duration, error) {
	begun := time.Now()
	if err := c.Notify(ctx, fleet.TaskRef{Host: c.host, ID: id}, urgent, time.Time{}); err != nil {
		return 0, err
	}
	for {
		select {
		case got := <-c.came:
			if got == id {
				return time.Since(begun), nil
			}
			others(got)
		case <-time.After(time.Minute):
			return 0, fmt.Errorf("the wake-up %s was lost", id)
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}

// timeIdle sends single wake-ups to consumers that have nothing to do, in turn and
// at irregular times.
func timeIdle(ctx context.Context, s *store.Store, figures map[string]*queueFigure) error {
	both := map[string]*consumer{}
	for name := range figures {
		both[name] = consumeBy(ctx, name, s, fleet.HostName("idle-"+name), 0)
		defer func() { _ = both[name].end() }()
	}
	for i := range idleWakes + 1 {
		for name, f := range figures {
			if err := rest(ctx, 20*time.Millisecond+rand.N(120*time.Millisecond)); err != nil {
				return err
			}
			took, err := both[name].wake(ctx, fleet.TaskID(fmt.Sprint("idle", i)), false, func(fleet.TaskID) {})
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			if i > 0 { // the first one finds scripts that are not loaded
				f.idle = append(f.idle, took)
			}
		}
	}
	return nil
}

func rest(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// timeQueued queues many wake-ups, has them consumed, and sends urgent ones
// meanwhile.
func timeQueued(ctx context.Context, s *store.Store, figures map[string]*queueFigure) error {
	for name, f := range figures {
		if err := f.timeQueued(ctx, name, s); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (f *queueFigure) timeQueued(ctx context.Context, name string, s *store.Store) error {
	host := fleet.HostName("queued-" + name)
	d := newDispatcher(name, s)
	memory, err := usedMemory(ctx, s)
	if err != nil {
		return err
	}
	before, err := commandsOf(ctx, s)
	if err != nil {
		return err
	}
	for i := range queued {
		if err := d.Notify(ctx, fleet.TaskRef{Host: host, ID: fleet.TaskID(fmt.Sprintf("01queued%022d", i))}, false, time.Time{}); err != nil {
			return err
		}
	}
	after, err := usedMemory(ctx, s)
	if err != nil {
		return err
	}
	f.waiting = (after - memory) / queued
	begun := time.Now()
	c := consumeBy(ctx, name, s, host, queuedWork)
	defer func() { _ = c.end() }()
	n := 0
	for i := range urgentWakes {
		took, err := c.wake(ctx, fleet.TaskID(fmt.Sprint("urgent", i)), true, func(fleet.TaskID) { n++ })
		if err != nil {
			return err
		}
		f.urgent = append(f.urgent, took)
	}
	for ; n < queued; n++ {
		select {
		case <-c.came:
		case <-time.After(time.Minute):
			return fmt.Errorf("%d of %d wake-ups were lost", queued-n, queued)
		}
	}
	f.drain = time.Since(begun)
	if err := c.end(); err != nil {
		return err
	}
	now, err := commandsOf(ctx, s)
	f.perWake = float64(now-before) / (queued + urgentWakes)
	return err
}

// commandsOf counts what Redis has executed, in scripts too.
func commandsOf(ctx context.Context, s *store.Store) (int64, error) {
	text, err := s.Client().Info(ctx, "stats").Result()
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(text, "total_commands_processed:")
	var n int64
	_, err = fmt.Sscan(rest, &n)
	return n, err
}

// atRest looks at a worker with nothing to do.
func (f *queueFigure) atRest(ctx context.Context, s *store.Store, w queueWorker) error {
	p, err := w.start(ctx)
	if err != nil {
		return err
	}
	defer p.end()
	if err := rest(ctx, 2*time.Second); err != nil {
		return err
	}
	before, err := commandsOf(ctx, s)
	if err != nil {
		return err
	}
	if err := rest(ctx, idleTime); err != nil {
		return err
	}
	after, err := commandsOf(ctx, s)
	if err != nil {
		return err
	}
	f.perSecond = float64(after-before) / idleTime.Seconds()
	f.memory, err = resident(p.cmd.Process.Pid)
	return err
}
