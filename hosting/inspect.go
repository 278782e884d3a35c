package hosting

import (
	"context"
	"strconv"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

// inspect reads facts of sites for a plan.
func (w *Worker) inspect() job.Recipe {
	return job.Recipe{Steps: []job.Step{
		{Name: "inspect", Title: "read the facts of the sites", Do: w.inspectSites, Repeatable: true, Limit: 30 * time.Minute},
	}}
}

// inspectSites puts the facts of each site. A site that cannot be read keeps
// the others from nothing: its facts are missing, and the plan says so.
func (w *Worker) inspectSites(ctx context.Context, s *job.Scope) error {
	sites := s.Task.Sites
	if len(sites) == 0 && s.Task.About != "" {
		sites = []fleet.URI{fleet.URI(s.Task.About)}
	}
	read := 0
	for _, uri := range sites {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		facts, err := w.siteFacts(ctx, uri)
		if err != nil {
			s.Log("%s: %s", uri, Sentence(err))
			continue
		}
		if err := w.putFacts(ctx, facts); err != nil {
			return err
		}
		read++
	}
	s.Keep("read", strconv.Itoa(read))
	return nil
}

func (w *Worker) siteFacts(ctx context.Context, uri fleet.URI) (fleet.SiteFacts, error) {
	r, err := w.Backend.Live(ctx, uri)
	if err != nil {
		return fleet.SiteFacts{}, err
	}
	size, err := w.Backend.Size(ctx, uri, r.Generation)
	return fleet.SiteFacts{
		URI: uri, Generation: r.Generation,
		Data: map[string]string{"files": strconv.Itoa(size.Files), "bytes": strconv.FormatInt(size.Bytes, 10)},
	}, err
}

func (w *Worker) putFacts(ctx context.Context, facts fleet.SiteFacts) error {
	return w.Store.Update(ctx, fleet.Catalogue, func(tx fleet.Tx) error {
		have := fleet.SiteFacts{URI: facts.URI}
		if _, err := tx.Get(&have); err != nil {
			return err
		}
		facts.At = tx.Now()
		tx.Put(&facts)
		return nil
	})
}
