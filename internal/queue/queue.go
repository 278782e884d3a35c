// Package queue carries wake-ups between machines over asynq: "task T of host
// H can be worked on". The journal in the store is the truth; a wake-up that is
// lost is made again by the sweep of the due set, and a surplus one finds
// nothing to claim. So a wake-up is consumed before its task is worked on:
// no task's life depends on asynq's leases, retries or time limits.
package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/hibiken/asynq"

	"github.com/distrobot/distrobot/fleet"
)

// Queue gives and takes wake-ups. It is safe for concurrent use.
type Queue struct {
	conn      asynq.RedisConnOpt
	client    *asynq.Client
	inspector *asynq.Inspector
	log       *slog.Logger
}

// Timing of wake-ups. They are handed over within checkEvery; those for later
// within delayedEvery of their time.
const (
	checkEvery   = 100 * time.Millisecond
	delayedEvery = time.Second
	// waitLimit is how long a wake-up may wait in a busy worker.
	waitLimit = 24 * time.Hour
	// bucket is how often a task whose former wake-up is stuck may be woken.
	bucket = 15 * time.Second
)

const wakeType = "wake"

// New makes a queue on a connection (store.Store's Conn).
func New(conn asynq.RedisConnOpt, log *slog.Logger) *Queue {
	return &Queue{conn: conn, client: asynq.NewClient(conn), inspector: asynq.NewInspector(conn), log: log}
}

// Close lets go of the connection.
func (q *Queue) Close() error { return errors.Join(q.client.Close(), q.inspector.Close()) }

// queueName names one of a host's two queues. asynq makes it a hash tag, so it
// may hold no braces.
func queueName(h fleet.HostName, urgent bool) (string, error) {
	if h == "" || strings.ContainsAny(string(h), "{}") {
		return "", fmt.Errorf("queue: %q cannot be a host", h)
	}
	if urgent {
		return "distrobot:" + string(h) + ":urgent", nil
	}
	return "distrobot:" + string(h) + ":bulk", nil
}

// Notify wakes the host of a task at a time (zero: at once). A wake-up that
// already waits for that is enough.
func (q *Queue) Notify(ctx context.Context, ref fleet.TaskRef, urgent bool, at time.Time) error {
	name, err := queueName(ref.Host, urgent)
	if err != nil {
		return err
	}
	payload, err := json.Marshal(ref)
	if err != nil {
		return fmt.Errorf("queue: encode wake-up: %w", err)
	}
	send := func(id string) error {
		opts := []asynq.Option{asynq.Queue(name), asynq.TaskID(id), asynq.MaxRetry(0), asynq.Timeout(waitLimit)}
		if time.Until(at) > 0 {
			opts = append(opts, asynq.ProcessAt(at))
		}
		_, err := q.client.EnqueueContext(ctx, asynq.NewTask(wakeType, payload), opts...)
		return err
	}
	first, spare := wakeID(ref, at)
	err = send(first)
	if errors.Is(err, asynq.ErrTaskIDConflict) && !q.waits(name, first, at) {
		err = send(spare)
	}
	if err == nil || errors.Is(err, asynq.ErrTaskIDConflict) {
		return nil
	}
	return fmt.Errorf("queue: wake task %s: %w", ref.ID, err)
}

// wakeID gives the id of a task's wake-up, so that at most one waits, and a
// spare one for the case that the first is stuck: with a worker that died
// while it held it, asynq keeps the id for minutes, or for ever.
func wakeID(ref fleet.TaskRef, at time.Time) (first, spare string) {
	when := time.Now()
	if at.After(when) {
		when = at
	}
	return string(ref.ID), fmt.Sprintf("%s:%d", ref.ID, when.UnixMilli()/bucket.Milliseconds())
}

// waits reports whether the wake-up with an id will be handed over at the
// wanted time or before.
func (q *Queue) waits(name, id string, at time.Time) bool {
	info, err := q.inspector.GetTaskInfo(name, id)
	if err != nil {
		return false // gone meanwhile, or not known: one more does no harm
	}
	switch info.State {
	case asynq.TaskStatePending:
		return true
	case asynq.TaskStateScheduled:
		return !info.NextProcessAt.After(at) || !info.NextProcessAt.After(time.Now().Add(delayedEvery))
	case asynq.TaskStateArchived:
		if err := q.inspector.DeleteTask(name, id); err != nil {
			q.log.Debug("a dead wake-up stays", slog.String("id", id), slog.Any("error", err))
		}
	}
	return false
}

// Cancel drops the wake-ups of a task that still wait. Work under way is not
// touched: it heeds the task's own Stop between steps.
func (q *Queue) Cancel(ctx context.Context, ref fleet.TaskRef) error {
	for _, urgent := range []bool{true, false} {
		name, err := queueName(ref.Host, urgent)
		if err != nil {
			return err
		}
		lists := []func(string, ...asynq.ListOption) ([]*asynq.TaskInfo, error){
			q.inspector.ListPendingTasks, q.inspector.ListScheduledTasks,
		}
		for _, list := range lists {
			if err := q.drop(ctx, name, ref.ID, list); err != nil {
				return fmt.Errorf("queue: cancel task %s: %w", ref.ID, err)
			}
		}
	}
	return nil
}

// pageSize is asynq's largest sensible page; Cancel reads at most maxPages of
// a queue, since a wake-up that stays does no harm.
const (
	pageSize = 100
	maxPages = 50
)

// drop deletes what one list holds of a task.
func (q *Queue) drop(ctx context.Context, name string, id fleet.TaskID, list func(string, ...asynq.ListOption) ([]*asynq.TaskInfo, error)) error {
	var ids []string
	for page := 1; page <= maxPages && ctx.Err() == nil; page++ {
		tasks, err := list(name, asynq.Page(page), asynq.PageSize(pageSize))
		if errors.Is(err, asynq.ErrQueueNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, t := range tasks {
			if t.ID == string(id) || strings.HasPrefix(t.ID, string(id)+":") {
				ids = append(ids, t.ID)
			}
		}
		if len(tasks) < pageSize {
			break
		}
	}
	for _, x := range ids {
		if err := q.inspector.DeleteTask(name, x); err != nil && !errors.Is(err, asynq.ErrTaskNotFound) {
			return err
		}
	}
	return ctx.Err()
}
