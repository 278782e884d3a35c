package hosting

import (
	"context"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

// retire deletes a platform's tree, a site, or the old copies of a site.
func (w *Worker) retire(t fleet.Task) (job.Recipe, error) {
	switch t.Params[fleet.ParamWhat] {
	case fleet.WhatPlatform:
		return job.Recipe{Steps: []job.Step{
			{Name: "delete", Title: "delete the platform's tree", Do: w.retirePlatform, Repeatable: true, Limit: time.Hour},
		}}, nil
	case fleet.WhatSite:
		return job.Recipe{Beat: w.beat, Ended: w.ended, Steps: []job.Step{
			{Name: stepHold, Title: "let no more visitors in", Do: w.closeSite, Repeatable: true, Limit: 5 * time.Minute},
			{Name: "delete", Title: "delete the site", Do: w.retireSite, Repeatable: true, Limit: time.Hour},
		}}, nil
	case fleet.WhatGeneration:
		return job.Recipe{Beat: w.beat, Ended: w.ended, Steps: []job.Step{
			{Name: "delete", Title: "delete old copies", Do: w.retireCopies, Repeatable: true, Limit: time.Hour},
		}}, nil
	case fleet.WhatLeft:
		return job.Recipe{Steps: []job.Step{
			{Name: "delete", Title: "delete the closed copy", Do: w.retireLeft, Repeatable: true, Limit: time.Hour},
		}}, nil
	}
	return job.Recipe{}, fleet.Errorf(fleet.Invalid, "The task does not say what to delete.")
}

// retireLeft puts aside what a site left here that is another host's now.
func (w *Worker) retireLeft(ctx context.Context, s *job.Scope) error {
	b, err := w.mobile()
	if err != nil {
		return err
	}
	return b.Bury(ctx, Left{URI: fleet.URI(s.Task.About), Task: fleet.TaskID(s.Param(fleet.ParamID))})
}

// makeWay puts aside what a site of that address left here: a new one may come.
func (w *Worker) makeWay(ctx context.Context, uri fleet.URI) error {
	b, ok := w.Backend.(Mobile)
	if !ok {
		return nil
	}
	all, err := b.Left(ctx)
	for _, l := range all {
		if l.URI == uri {
			return b.Bury(ctx, l)
		}
	}
	return err
}

// usedBy names a site of this host that needs the tree of p: it is live on it,
// or can still be rolled back to it.
func (w *Worker) usedBy(ctx context.Context, p fleet.PlatformName) (fleet.URI, error) {
	all, err := w.Backend.All(ctx)
	if err != nil {
		return "", err // a site that cannot be read may be the one
	}
	for _, r := range all {
		if r.Platform == p {
			return r.URI, nil
		}
		for _, kept := range r.Previous {
			if kept.Platform == p {
				return r.URI, nil
			}
		}
	}
	return "", nil
}

func (w *Worker) retirePlatform(ctx context.Context, s *job.Scope) error {
	name := fleet.PlatformName(s.Task.About)
	used, err := w.usedBy(ctx, name)
	if err != nil {
		return err
	}
	if used != "" {
		return fleet.Errorf(fleet.Refused, "Platform %s is still needed by %s on %s.", name, used, w.Host)
	}
	if err := w.Backend.Discard(ctx, name); err != nil {
		return err
	}
	return w.Builder.Retired(ctx, name, w.Host)
}

// doomed names the site that is to be deleted; its row may be gone already.
func (w *Worker) doomed(ctx context.Context, s *job.Scope) (Copy, bool, error) {
	site, err := w.claim(ctx, s, fleet.SiteClaim{})
	if fleet.CodeOf(err) == fleet.NotFound {
		return Copy{}, true, nil
	}
	return Copy{URI: site.URI, ID: site.ID, Generation: site.Generation, Fence: site.Lock.Fence, Task: s.Task.ID}, false, err
}

func (w *Worker) closeSite(ctx context.Context, s *job.Scope) error {
	c, gone, err := w.doomed(ctx, s)
	if err != nil || gone {
		return err
	}
	if _, err := w.Backend.Hold(ctx, c); err != nil {
		return err
	}
	return w.Backend.Drain(ctx, c)
}

func (w *Worker) retireSite(ctx context.Context, s *job.Scope) error {
	c, gone, err := w.doomed(ctx, s)
	if err != nil || gone {
		return err
	}
	if err := w.Backend.Remove(ctx, c); err != nil {
		return err
	}
	if err := w.Sites.Removed(ctx, c.URI, c.Fence); err != nil {
		return err
	}
	w.forget(s)
	return nil
}

// retireCopies deletes every generation but the live one, which takes the way
// back; the row says so first.
func (w *Worker) retireCopies(ctx context.Context, s *job.Scope) error {
	site, err := w.claim(ctx, s, fleet.SiteClaim{})
	if err != nil {
		return refused(err)
	}
	if want := number(s.Param(fleet.ParamGeneration)); want != 0 && site.Previous != 0 && want != site.Previous {
		return nil // the site has moved since; that copy is another's business
	}
	m := fleet.SiteMove{
		URI: site.URI, Task: s.Task.ID, Fence: site.Lock.Fence, Platform: site.Platform,
		Generation: site.Generation, Pinned: site.Pinned, Keep: true,
	}
	if _, err := w.Sites.Move(ctx, m); err != nil {
		return err
	}
	return w.Backend.Tidy(ctx, Copy{URI: site.URI, Generation: site.Generation, Fence: site.Lock.Fence, Task: s.Task.ID})
}
