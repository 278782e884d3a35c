package bench

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/distrobot/distrobot/fleet"
)

// plainQueue is the rival of internal/queue: it does the same with one blocking
// pop for each of a host's two queues. A queue is an ordered set, so that a task
// waits once however often it is woken. Wake-ups for later are left to the sweep,
// which reads when each task is due. (The Redis in this process, which "memory" is,
// has no such pop: there it would take a list, and a key for each task that waits.)
type plainQueue struct{ client redis.UniversalClient }

// popTime bounds one pop, and so how long a consumer takes to end.
const popTime = time.Second

func plainKey(host fleet.HostName, urgent bool) string {
	if urgent {
		return "wake:{h:" + string(host) + "}:urgent"
	}
	return "wake:{h:" + string(host) + "}:bulk"
}

// Notify wakes the host of a task.
func (q plainQueue) Notify(ctx context.Context, ref fleet.TaskRef, urgent bool, at time.Time) error {
	now := time.Now()
	if at.After(now) {
		return nil
	}
	member, err := json.Marshal(ref)
	if err != nil {
		return err
	}
	return q.client.ZAddNX(ctx, plainKey(ref.Host, urgent), redis.Z{Score: float64(now.UnixMilli()), Member: member}).Err()
}

// Cancel drops the wake-ups of a task.
func (q plainQueue) Cancel(ctx context.Context, ref fleet.TaskRef) error {
	member, err := json.Marshal(ref)
	if err != nil {
		return err
	}
	for _, urgent := range []bool{true, false} {
		err = errors.Join(err, q.client.ZRem(ctx, plainKey(ref.Host, urgent), member).Err())
	}
	return err
}

// Consume hands wake-ups over until ctx ends, n at a time and one more that is
// urgent.
func (q plainQueue) Consume(ctx context.Context, host fleet.HostName, n int, handle func(context.Context, fleet.TaskRef) error) error {
	r := &room{changed: make(chan struct{}, 1)}
	var loops, work sync.WaitGroup
	for _, urgent := range []bool{true, false} {
		limit := n
		if urgent {
			limit++
		}
		loops.Go(func() {
			for r.await(ctx, limit) {
				ref, ok := q.pop(ctx, plainKey(host, urgent))
				if !ok {
					continue
				}
				r.add(1)
				work.Go(func() {
					defer r.add(-1)
					_ = handle(ctx, ref) // the sweep wakes what is not done
				})
			}
		})
	}
	loops.Wait()
	work.Wait()
	return nil
}

// pop takes the wake-up that has waited longest. A Redis that is away is asked
// again a little later.
func (q plainQueue) pop(ctx context.Context, key string) (ref fleet.TaskRef, ok bool) {
	got, err := q.client.BZPopMin(ctx, popTime, key).Result()
	if err == nil {
		text, _ := got.Member.(string)
		return ref, json.Unmarshal([]byte(text), &ref) == nil
	}
	if !errors.Is(err, redis.Nil) {
		select {
		case <-ctx.Done():
		case <-time.After(popTime):
		}
	}
	return ref, false
}

// A room counts who is inside.
type room struct {
	mu      sync.Mutex
	inside  int
	changed chan struct{}
}

func (r *room) add(n int) {
	r.mu.Lock()
	r.inside += n
	r.mu.Unlock()
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// await waits until fewer than limit are inside; false if ctx ended.
func (r *room) await(ctx context.Context, limit int) bool {
	tick := time.NewTicker(10 * time.Millisecond) // two wait for one signal
	defer tick.Stop()
	for ctx.Err() == nil {
		r.mu.Lock()
		free := r.inside < limit
		r.mu.Unlock()
		if free {
			return true
		}
		select {
		case <-r.changed:
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	return false
}
