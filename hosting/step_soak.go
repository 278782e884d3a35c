package hosting

import (
	"context"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

// soak asks the site from outside, as visitors do. A site that answers worse
// than before the move, for all of Soak, is brought back, but only while nobody
// wrote to the new copy: otherwise going back would lose something, and people
// decide.
func (w *Worker) soak(ctx context.Context, s *job.Scope) error {
	c, err := w.next(ctx, s)
	if err != nil {
		return inService(ctx, s, err)
	}
	// An earlier attempt may have died between holding and deciding.
	if _, err := w.Backend.Release(ctx, c); err != nil {
		return inService(ctx, s, err)
	}
	bad := w.watch(ctx, c)
	switch {
	case bad == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	if before := number(s.Value(stepPreflight, "status")); before == 0 || before >= 500 {
		s.Log("The site answers badly, as it did before the move: %s", Sentence(bad))
		return nil
	}
	return w.worse(ctx, s, c, bad)
}

// watch asks a site from outside until it answers well. It condemns only when an
// attempt failed that began after all of Soak: whatever is over by then is
// forgiven.
func (w *Worker) watch(ctx context.Context, c Copy) error {
	for over := time.Now().Add(orDefault(w.Soak, defaultSoak)); ; {
		begun := time.Now()
		a, err := w.Backend.Probe(ctx, c.URI, c.App.Check.Path)
		if err == nil {
			err = c.App.Check.Meets(a)
		}
		if err == nil || ctx.Err() != nil || !begun.Before(over) {
			return err
		}
		timer := time.NewTimer(checkPause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
	}
}

// worse decides about a site that answers worse than before.
func (w *Worker) worse(ctx context.Context, s *job.Scope, c Copy, bad error) error {
	untouched, err := w.untouched(ctx, s, c)
	if err != nil {
		return inService(ctx, s, err)
	}
	if untouched {
		return fleet.Errorf(fleet.Failed, "After the switch: %s", Sentence(bad)) // the way back begins, still held
	}
	if _, err := w.Backend.Release(ctx, c); err != nil {
		return inService(ctx, s, err)
	}
	if err := w.alarm(ctx, s, c, bad); err != nil {
		return inService(ctx, s, err)
	}
	if err := w.recordMove(ctx, s); err != nil {
		return err
	}
	return job.Stop("%s has answered worse since its switch, and visitors have written to it since; it stays on %s until a person decides. %s",
		c.URI, c.Platform, Sentence(bad))
}

// untouched holds the site and tells whether its data is as it was when
// visitors were let in.
func (w *Worker) untouched(ctx context.Context, s *job.Scope, c Copy) (bool, error) {
	if _, err := w.Backend.Hold(ctx, c); err != nil {
		return false, err
	}
	if err := w.Backend.Drain(ctx, c); err != nil {
		return false, err
	}
	written, err := w.Backend.Written(ctx, c)
	return written.Nothing(), err
}

// inService is what a fault becomes while visitors use the new copy: walking
// back could lose what they wrote, so a person is asked. What means that the
// task is not ours any more stays what it is.
func inService(ctx context.Context, s *job.Scope, err error) error {
	if ctx.Err() != nil || fleet.CodeOf(err) == fleet.Stale {
		return err
	}
	s.Log("After visitors were let in: %v", err)
	return job.Ask("The site was moved and serves visitors, but the task could not go on: %s", Sentence(err))
}
