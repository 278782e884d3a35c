package queue_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/queue"
	"github.com/distrobot/distrobot/store"
	"github.com/distrobot/distrobot/store/storetest"
)

// each runs a test on a Redis in this process and on a real one with the account
// that docs/redis.md gives.
func each(t *testing.T, f func(t *testing.T, q *queue.Queue, conn asynq.RedisConnOpt)) {
	on(t, "memory", func(testing.TB) string { return "memory" }, f)
	on(t, "redis", func(t testing.TB) string { return storetest.Start(t).Account("bot", store.ACL) }, f)
}

// everywhere runs it behind a Sentinel and on a Cluster, too.
func everywhere(t *testing.T, f func(t *testing.T, q *queue.Queue, conn asynq.RedisConnOpt)) {
	each(t, f)
	on(t, "sentinel", func(t testing.TB) string { return storetest.StartSentinel(t).URL() }, f)
	on(t, "cluster", storetest.StartCluster, f)
}

func on(t *testing.T, name string, url func(testing.TB) string, f func(t *testing.T, q *queue.Queue, conn asynq.RedisConnOpt)) {
	t.Run(name, func(t *testing.T) {
		s, err := store.Open(t.Context(), store.Options{URL: url(t), Key: []byte("test")})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		f(t, queue.New(s.Conn(), slog.New(slog.DiscardHandler)), s.Conn())
	})
}

// taken notes which tasks were handed over, in order.
type taken struct {
	mu   sync.Mutex
	ids  []fleet.TaskID
	more chan struct{}
}

func newTaken() *taken { return &taken{more: make(chan struct{}, 1000)} }

func (k *taken) note(id fleet.TaskID) {
	k.mu.Lock()
	k.ids = append(k.ids, id)
	k.mu.Unlock()
	k.more <- struct{}{}
}

func (k *taken) list() []fleet.TaskID {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.ids)
}

// await waits for n more.
func (k *taken) await(t *testing.T, n int) {
	t.Helper()
	for range n {
		select {
		case <-k.more:
		case <-time.After(20 * time.Second):
			t.Fatalf("waited in vain; taken %v", k.list())
		}
	}
}

func ref(n int) fleet.TaskRef {
	return fleet.TaskRef{Host: "web1", ID: fleet.TaskID(fmt.Sprintf("task%02d", n))}
}

func notify(t *testing.T, q *queue.Queue, r fleet.TaskRef, urgent bool, at time.Time) {
	t.Helper()
	if err := q.Notify(t.Context(), r, urgent, at); err != nil {
		t.Fatal(err)
	}
}

// consume starts a consumer that is ended, and waited for, by the function it
// returns.
func consume(t *testing.T, q *queue.Queue, n int, handle func(context.Context, fleet.TaskRef) error) (end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- q.Consume(ctx, "web1", queue.Options{Concurrency: n}, handle) }()
	return sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("consume: %v", err)
		}
	})
}

func TestEachWakeUpOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, q *queue.Queue, _ asynq.RedisConnOpt) {
		k := newTaken()
		for range 3 { // a surplus wake-up that still waits is not added
			for n := range 10 {
				notify(t, q, ref(n), n%3 == 0, time.Time{})
			}
		}
		notify(t, q, fleet.TaskRef{Host: "web2", ID: "elsewhere"}, false, time.Time{})
		end := consume(t, q, 3, func(_ context.Context, r fleet.TaskRef) error { k.note(r.ID); return nil })
		defer end()
		k.await(t, 10)
		notify(t, q, ref(11), false, time.Time{})
		k.await(t, 1)
		end()
		got := k.list()
		slices.Sort(got)
		if len(slices.Compact(got)) != 11 || len(got) != 11 {
			t.Errorf("taken %v", k.list())
		}
	})
}

func TestTaskMayBeWokenAgain(t *testing.T) {
	each(t, func(t *testing.T, q *queue.Queue, _ asynq.RedisConnOpt) {
		k := newTaken()
		defer consume(t, q, 1, func(_ context.Context, r fleet.TaskRef) error { k.note(r.ID); return fmt.Errorf("failed") })()
		for range 3 {
			notify(t, q, ref(1), false, time.Time{})
			k.await(t, 1)
		}
	})
}

func TestUrgentIsNotHeldUp(t *testing.T) {
	each(t, func(t *testing.T, q *queue.Queue, _ asynq.RedisConnOpt) {
		k, gate := newTaken(), make(chan struct{})
		for n := range 5 {
			notify(t, q, ref(n), false, time.Time{})
		}
		defer consume(t, q, 2, func(ctx context.Context, r fleet.TaskRef) error {
			k.note(r.ID)
			select {
			case <-gate:
			case <-ctx.Done():
			}
			return nil
		})()
		k.await(t, 2) // full of bulk work that does not end
		notify(t, q, ref(50), true, time.Time{})
		k.await(t, 1)
		if got := k.list(); len(got) != 3 || got[2] != "task50" {
			t.Fatalf("taken %v", got)
		}
		close(gate)
		k.await(t, 3)
	})
}

func TestLaterAndCancel(t *testing.T) {
	everywhere(t, func(t *testing.T, q *queue.Queue, _ asynq.RedisConnOpt) {
		k := newTaken()
		begun := time.Now()
		notify(t, q, ref(1), false, begun.Add(time.Second))
		notify(t, q, ref(2), false, begun.Add(time.Second))
		notify(t, q, ref(3), false, begun.Add(time.Hour))
		notify(t, q, ref(3), false, begun.Add(1100*time.Millisecond)) // earlier than the one that waits
		notify(t, q, ref(4), true, time.Time{})
		for _, r := range []fleet.TaskRef{ref(2), ref(4), {Host: "nowhere", ID: "none"}} {
			if err := q.Cancel(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		end := consume(t, q, 2, func(_ context.Context, r fleet.TaskRef) error { k.note(r.ID); return nil })
		k.await(t, 2)
		if took := time.Since(begun); took < time.Second {
			t.Errorf("handed over after %s", took)
		}
		end()
		got := k.list()
		slices.Sort(got)
		if !slices.Equal(got, []fleet.TaskID{"task01", "task03"}) {
			t.Errorf("taken %v", got)
		}
	})
}

func TestShutdownWaitsForWork(t *testing.T) {
	each(t, func(t *testing.T, q *queue.Queue, _ asynq.RedisConnOpt) {
		k, finished := newTaken(), false
		notify(t, q, ref(1), false, time.Time{})
		notify(t, q, ref(2), false, time.Time{})
		end := consume(t, q, 1, func(ctx context.Context, r fleet.TaskRef) error {
			k.note(r.ID)
			<-ctx.Done()
			time.Sleep(50 * time.Millisecond) // the step that may end
			finished = true
			return ctx.Err()
		})
		k.await(t, 1)
		end()
		if !finished || len(k.list()) != 1 {
			t.Errorf("finished %v, taken %v", finished, k.list())
		}
	})
}

func TestBadHosts(t *testing.T) {
	each(t, func(t *testing.T, q *queue.Queue, _ asynq.RedisConnOpt) {
		for _, h := range []fleet.HostName{"", "a{b", "a}b"} {
			if q.Notify(t.Context(), fleet.TaskRef{Host: h, ID: "x"}, false, time.Time{}) == nil {
				t.Errorf("host %q was accepted", h)
			}
			if q.Consume(t.Context(), h, queue.Options{}, nil) == nil {
				t.Errorf("host %q was served", h)
			}
		}
	})
}

// TestStuckWakeUp asserts that a wake-up which a busy (or dead) worker holds
// does not keep the task from another worker of the host.
func TestStuckWakeUp(t *testing.T) {
	everywhere(t, func(t *testing.T, q *queue.Queue, conn asynq.RedisConnOpt) {
		busy, idle := newTaken(), newTaken()
		notify(t, q, ref(1), false, time.Time{})
		defer consume(t, q, 1, func(ctx context.Context, r fleet.TaskRef) error { busy.note(r.ID); <-ctx.Done(); return nil })()
		busy.await(t, 1)
		notify(t, q, ref(2), false, time.Time{})
		inspector := asynq.NewInspector(conn)
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			held, err := inspector.ListActiveTasks("distrobot:web1:bulk")
			if err == nil && slices.ContainsFunc(held, func(i *asynq.TaskInfo) bool { return i.ID == "task02" }) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("the busy worker does not hold it: %v, %v", held, err)
			}
		}
		defer consume(t, q, 1, func(_ context.Context, r fleet.TaskRef) error { idle.note(r.ID); return nil })()
		for range 3 { // the sweep says it again and again
			notify(t, q, ref(2), false, time.Time{})
		}
		idle.await(t, 1)
		if got := idle.list(); got[0] != "task02" {
			t.Errorf("taken %v", got)
		}
	})
}
