package hosting

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

// adopt records sites that are live on this host already, from their own
// records: all of them, or the one the task is about.
func (w *Worker) adopt() job.Recipe {
	return job.Recipe{Steps: []job.Step{
		{Name: "adopt", Title: "read the sites of this host", Do: w.adoptSites, Repeatable: true, Limit: 10 * time.Minute},
	}}
}

func (w *Worker) adoptSites(ctx context.Context, s *job.Scope) error {
	only := fleet.URI(s.Task.About)
	if err := w.followSites(ctx, s, only); err != nil {
		return err
	}
	all, readErr := w.Backend.All(ctx)
	if readErr != nil {
		s.Log("Some records cannot be read: %v", readErr)
	}
	taken, dry := 0, s.Task.Params[fleet.ParamDry] != ""
	var refused []string
	var last error
	for _, r := range all {
		if only != "" && r.URI != only {
			continue
		}
		if dry {
			s.Log("%s: generation %d on platform %s%s", r.URI, r.Generation, r.Platform, pinned(r))
			taken++
			continue
		}
		if err := w.adoptSite(ctx, s, r); err != nil {
			if fleet.CodeOf(err) == "" || fleet.CodeOf(err) == fleet.Later {
				return err
			}
			s.Log("%s: %s", r.URI, Sentence(err))
			refused = append(refused, string(r.URI))
			last = err
			continue
		}
		taken++
	}
	s.Keep("adopted", fmt.Sprint(taken))
	if err := w.TakeStock(ctx, func(line string) { s.Log("%s", line) }); err != nil {
		s.Log("What the platforms are made of is read later: %s", Sentence(err))
	}
	switch {
	case only != "" && taken+len(refused) == 0:
		return fleet.Errorf(fleet.NotFound, "Host %s serves no site %s.", w.Host, only)
	case len(refused) > 0 && taken == 0:
		return last
	case len(refused) > 0:
		return fleet.Errorf(fleet.Failed, "%s taken over on host %s; %s not, for a person to settle: %s. The task's log says why.",
			fleet.Plural(taken, "site was", "sites were"), w.Host, fleet.Plural(len(refused), "was", "were"), fleet.Clean(strings.Join(refused, ", "), 300))
	case readErr != nil && taken == 0:
		return fleet.Errorf(fleet.Failed, "No record of a site on host %s could be read.", w.Host).Because(readErr)
	}
	return nil
}

// followSites has the backend take for true what people did to sites by other
// means, and the platforms recorded that they brought them to. Looking only
// changes nothing.
func (w *Worker) followSites(ctx context.Context, s *job.Scope, only fleet.URI) error {
	system, ok := w.Backend.(Inventoried)
	if !ok || s.Task.Params[fleet.ParamDry] != "" {
		return nil
	}
	log := func(line string) { s.Log("%s", line) }
	if err := w.TakeStock(ctx, log); err != nil {
		return err
	}
	return system.Follow(ctx, only, log)
}

func pinned(r Record) string {
	if r.Pinned == "" {
		return ""
	}
	return ", pinned"
}

// adoptSite records one site, after the platforms that it needs: its own and
// the ones a rollback can return to.
func (w *Worker) adoptSite(ctx context.Context, s *job.Scope, r Record) error {
	if err := w.found(ctx, s, r, r.Platform); err != nil {
		return err
	}
	for _, kept := range r.Previous {
		if err := w.found(ctx, s, r, kept.Platform); err != nil {
			s.Log("%s: the way back to %s is lost: %s", r.URI, kept.Platform, Sentence(err))
		}
	}
	_, err := w.Sites.Adopt(ctx, siteOf(r, w.Host), s.Task.By)
	return err
}

// found records a platform that this host has and the store may have lost, or
// have brought back from another host already.
func (w *Worker) found(ctx context.Context, s *job.Scope, r Record, name fleet.PlatformName) error {
	p := fleet.Platform{Name: name}
	known, err := w.Store.Read(ctx, &p)
	if err != nil || known[0] && (p.State != fleet.PlatformReady || p.Paths[w.Host] != "") {
		return err
	}
	t, err := w.tree(ctx, name)
	if err != nil {
		return err
	}
	p.Kind = r.Kind
	res, err := w.survey(ctx, p, t)
	if err != nil {
		return err
	}
	f := fleet.FoundTree{BuildResult: res, Distribution: r.Distribution, By: s.Task.By}
	f.Kind = r.Kind
	if name == r.Platform {
		f.Commit = r.Commit
	}
	if _, err := w.Builder.Found(ctx, f); err != nil {
		return err
	}
	s.Log("Platform %s on host %s is recorded again.", name, w.Host)
	return nil
}

// siteOf rebuilds a site's row from its record.
func siteOf(r Record, host fleet.HostName) fleet.Site {
	site := fleet.Site{
		URI: r.URI, ID: r.ID, Platform: r.Platform, Host: host, Kind: r.Kind,
		Generation: r.Generation, State: fleet.SiteLive, Pinned: r.Pinned,
		Lock: fleet.SiteLock{Fence: r.Fence},
	}
	site.Database = r.Database.text()
	if len(r.Previous) > 0 {
		kept := r.Previous[0]
		site.Previous, site.From, site.KeptUntil = kept.Generation, kept.Platform, kept.Until
	}
	return site
}
