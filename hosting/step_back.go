package hosting

// The steps of the way back. Each does nothing when the preflight did not get
// through: then nothing was begun.

import (
	"context"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

// backSwitch makes the old generation live again, unless it is. Visitors wait
// meanwhile; before the switch they do so already.
func (w *Worker) backSwitch(ctx context.Context, s *job.Scope) error {
	if _, ok := startOf(s); !ok {
		return nil
	}
	c, err := w.old(ctx, s)
	if err != nil {
		return err
	}
	live, err := w.Backend.Live(ctx, c.URI)
	if err != nil {
		return err
	}
	if live.Generation == c.Generation {
		return nil
	}
	if _, err := w.Backend.Hold(ctx, c); err != nil {
		return err
	}
	if err := w.Backend.Drain(ctx, c); err != nil {
		return err
	}
	return w.Backend.Switch(ctx, c)
}

// backReturn gives a rollback's data back to the generation it came from.
func (w *Worker) backReturn(ctx context.Context, s *job.Scope) error {
	if _, ok := startOf(s); !ok {
		return nil
	}
	if r, _ := s.Task.Step("take"); r.Attempts == 0 {
		return nil // it was never taken
	}
	c, err := w.next(ctx, s)
	if err != nil {
		return err
	}
	return w.Backend.Return(ctx, c)
}

// backRelease lets visitors in again.
func (w *Worker) backRelease(ctx context.Context, s *job.Scope) error {
	if _, ok := startOf(s); !ok {
		return nil
	}
	c, err := w.old(ctx, s)
	if err != nil {
		return err
	}
	window, err := w.Backend.Release(ctx, c)
	if began(s, stepHold) {
		keepWindow(s, window)
	}
	return err
}

// backAside keeps the failed generation for people to look at.
func (w *Worker) backAside(ctx context.Context, s *job.Scope) error {
	if _, ok := startOf(s); !ok {
		return nil
	}
	c, err := w.old(ctx, s)
	if err != nil {
		return err
	}
	if tries(s.Task) {
		if err := w.clearTrial(ctx, s); err != nil {
			return err
		}
	}
	c.Generation++
	return w.Backend.Abandon(ctx, c)
}

// backRecord pins a site that visitors had to wait for in vain, and gives the
// lock back. A failure before the hold says nothing about the site.
func (w *Worker) backRecord(ctx context.Context, s *job.Scope) error {
	if _, ok := startOf(s); !ok {
		return nil
	}
	c, err := w.old(ctx, s)
	if err != nil {
		return err
	}
	site, _ := w.holds(s)
	if began(s, stepHold) {
		site.Pinned = "rolled back: " + fleet.Clean(s.Task.Reason, 180)
		// The site's row says so too; the machine's record is for the day when that
		// is lost, and a full disk is no reason to keep the site locked.
		switch err := w.Backend.Pin(ctx, c, site.Pinned); {
		case fleet.CodeOf(err) == fleet.Failed:
			s.Log("The pin could not be written on the machine: %s", Sentence(err))
		case err != nil:
			return err
		}
	}
	m := fleet.SiteMove{
		URI: c.URI, Task: s.Task.ID, Fence: c.Fence, Platform: c.Platform, Generation: c.Generation,
		Previous: site.Previous, From: site.From, KeptUntil: site.KeptUntil, Pinned: site.Pinned,
	}
	return patient(ctx, func() error { _, err := w.Sites.Move(ctx, m); return err })
}

// backRemove takes away what there is of a site that could not be created.
func (w *Worker) backRemove(ctx context.Context, s *job.Scope) error {
	if _, ok := startOf(s); !ok {
		return nil
	}
	c, err := w.old(ctx, s)
	if err != nil {
		return err
	}
	return w.Backend.Remove(ctx, c)
}

// began reports whether a step was ever started.
func began(s *job.Scope, step string) bool {
	r, _ := s.Task.Step(step)
	return r.Attempts > 0
}
