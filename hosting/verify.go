package hosting

import (
	"context"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

// verify runs the checks of a platform or a site again and changes nothing.
func (w *Worker) verify(t fleet.Task) job.Recipe {
	do := w.verifyPlatform
	if t.Params[fleet.ParamWhat] == fleet.WhatSite {
		do = w.verifySite
	}
	return job.Recipe{Steps: []job.Step{
		{Name: "verify", Title: "run the checks again", Do: do, Repeatable: true, Limit: 30 * time.Minute},
	}}
}

// verifyPlatform compares the tree with what was built.
func (w *Worker) verifyPlatform(ctx context.Context, s *job.Scope) error {
	p, err := w.platform(ctx, s)
	if err != nil {
		return err
	}
	dir, err := w.Backend.Tree(ctx, p.Name)
	if err != nil {
		return err
	}
	digest, size, err := TreeDigest(dir)
	if err != nil {
		return Explain("read the tree", err)
	}
	if p.TreeDigest != "" && digest != p.TreeDigest {
		return fleet.Errorf(fleet.Failed, "The tree of %s on %s is not what was built.", p.Name, w.Host).
			WithHint("Find out who changed it, and build it again.")
	}
	s.Log("%d files, %d bytes, as built.", size.Files, size.Bytes)
	return nil
}

// verifySite makes the web server serve the site as it is recorded, and asks the
// site as visitors do.
func (w *Worker) verifySite(ctx context.Context, s *job.Scope) error {
	site := fleet.Site{URI: fleet.URI(s.Task.About)}
	if err := fleet.One(ctx, w.Store, &site, "site "+s.Task.About); err != nil {
		return err
	}
	r, err := w.Backend.Live(ctx, site.URI)
	if err != nil {
		return err
	}
	c, err := w.liveCopy(ctx, r)
	if err != nil {
		return err
	}
	c.Aliases = aliases(site)
	if err := w.Backend.Serve(ctx, c); err != nil {
		return err
	}
	return until(ctx, orDefault(w.Retry, defaultRetry), func() error {
		a, err := w.Backend.Probe(ctx, site.URI, c.App.Check.Path)
		if err != nil {
			return err
		}
		return c.App.Check.Meets(a)
	})
}
