package storm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// Recover has one of two workers killed with SIGKILL in the middle of a site's
// update, after it has worked on it for a while, and gives how long it took until
// the other one, which knows of nothing but the lease, had taken the task over.
// It returns when the move is made.
func (m *Machine) Recover(ctx context.Context, after time.Duration) (time.Duration, error) {
	workers := map[string]*Worker{} // by pid
	defer func() {
		for _, w := range workers {
			w.Kill()
		}
	}()
	for range 2 {
		w, err := m.Start()
		if err != nil {
			return 0, err
		}
		workers[fmt.Sprint(w.proc.Pid)] = w
		if err := w.Await(ctx); err != nil {
			return 0, err
		}
	}
	site := m.sites[0]
	if err := m.order(ctx, site); err != nil {
		return 0, err
	}
	ref := site.ordered[len(site.ordered)-1]
	if err := m.begun(ctx, site); err != nil {
		return 0, err
	}
	if err := rest(ctx, after); err != nil {
		return 0, err
	}
	t, err := m.task(ctx, ref)
	if err != nil {
		return 0, err
	}
	part := strings.Split(t.Owner, "/") // host/pid/id
	if len(part) != 3 || workers[part[1]] == nil {
		return 0, fmt.Errorf("nobody works on the task: %q", t.Owner)
	}
	killed := time.Now()
	if !workers[part[1]].Kill() {
		return 0, errors.New("the worker had ended by itself")
	}
	took, err := m.takenOver(ctx, t, killed)
	if err != nil {
		return took, err
	}
	return took, m.finished(ctx)
}

// look is how often it is asked whether something has happened.
const look = 10 * time.Millisecond

func rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// begun waits until the update of a site has begun.
func (m *Machine) begun(ctx context.Context, s *site) error {
	trace := filepath.Join(m.Data, "sites", string(s.uri), "shared/files/trace")
	for {
		b, err := os.ReadFile(trace)
		if err != nil || strings.HasPrefix(string(b), "begin ") {
			return err
		}
		if err := rest(ctx, look); err != nil {
			return fmt.Errorf("no update has begun: %w", err)
		}
	}
}

// takenOver waits until another worker has claimed the task.
func (m *Machine) takenOver(ctx context.Context, was fleet.Task, killed time.Time) (time.Duration, error) {
	for {
		t, err := m.task(ctx, was.Ref())
		switch {
		case err != nil:
			return 0, err
		case t.Fence > was.Fence:
			return time.Since(killed), nil
		}
		if err := rest(ctx, look); err != nil {
			return time.Since(killed), fmt.Errorf("nobody took the task over: %w", err)
		}
	}
}

// finished waits until all that was ordered is done.
func (m *Machine) finished(ctx context.Context) error {
	for {
		if open, err := m.settle(ctx); err != nil || open == 0 {
			return err
		}
		if err := rest(ctx, look); err != nil {
			return fmt.Errorf("the move is not over: %w\n%s", err, m.openStories(context.WithoutCancel(ctx)))
		}
	}
}

func (m *Machine) task(ctx context.Context, ref fleet.TaskRef) (fleet.Task, error) {
	t := fleet.Task{ID: ref.ID, Host: ref.Host}
	return t, fleet.One(ctx, m.store, &t, "task "+string(ref.ID))
}
