package hosting

import (
	"context"
	"strconv"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

// hold begins the window in which visitors wait, and journals its begin.
func (w *Worker) hold(ctx context.Context, s *job.Scope) error {
	c, err := w.old(ctx, s)
	if err != nil {
		return err
	}
	at, err := w.Backend.Hold(ctx, c)
	s.Keep("at", at.UTC().Format(time.RFC3339Nano))
	return err
}

// drain waits until what was let in before is over.
func (w *Worker) drain(ctx context.Context, s *job.Scope) error {
	c, err := w.old(ctx, s)
	if err != nil {
		return err
	}
	return w.Backend.Drain(ctx, c)
}

// switchOver publishes the new generation by one rename.
func (w *Worker) switchOver(ctx context.Context, s *job.Scope) error {
	c, err := w.next(ctx, s)
	if err != nil {
		return err
	}
	return w.Backend.Switch(ctx, c)
}

// switched asks the machine whether the new generation is live.
func (w *Worker) switched(ctx context.Context, s *job.Scope) (job.Verdict, error) {
	st, _ := startOf(s)
	r, err := w.Backend.Live(ctx, fleet.URI(s.Task.About))
	switch {
	case fleet.CodeOf(err) == fleet.NotFound:
		return job.No, nil
	case err != nil:
		return job.CannotTell, err
	case r.Task == s.Task.ID && r.Generation == st.generation+1:
		return job.Yes, nil
	}
	return job.No, nil
}

// release lets visitors in. The machine notes before what the data is, by which
// the soak can tell whether anybody wrote to the new copy.
func (w *Worker) release(ctx context.Context, s *job.Scope) error {
	c, err := w.next(ctx, s)
	if err != nil {
		return err
	}
	window, err := w.Backend.Release(ctx, c)
	if err != nil {
		return err
	}
	keepWindow(s, window)
	return nil
}

// keepWindow journals how long visitors waited. If the hold was gone already,
// its begin is in the journal and the worker's own absence is counted in.
func keepWindow(s *job.Scope, window time.Duration) {
	if at, err := time.Parse(time.RFC3339Nano, s.Value(stepHold, "at")); window == 0 && err == nil {
		window = time.Since(at)
	}
	if window > 0 {
		s.Keep("window_ms", strconv.FormatInt(max(window.Milliseconds(), 1), 10))
	}
}
