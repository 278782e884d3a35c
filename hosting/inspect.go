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
	if err := w.renew(ctx, s, sites); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		s.Log("What this host's own system has could not be looked at again: %s", Sentence(err))
	}
	code, err := w.codeOf(ctx, fleet.PlatformName(s.Param(fleet.ParamPlatform)))
	if err != nil {
		return err
	}
	read := 0
	for _, uri := range sites {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		facts, err := w.siteFacts(ctx, uri, code)
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

// codeOf reads what a platform's code would do to databases; nil if nobody can
// tell.
func (w *Worker) codeOf(ctx context.Context, name fleet.PlatformName) (*fleet.CodeSchema, error) {
	if name == "" {
		return nil, nil
	}
	p := fleet.PlatformSchema{Platform: name}
	found, err := w.Store.Read(ctx, &p)
	if err != nil || !found[0] {
		return nil, err
	}
	return &p.Code, nil
}

// siteFacts reads one site; code is that of the platform it is compared with.
func (w *Worker) siteFacts(ctx context.Context, uri fleet.URI, code *fleet.CodeSchema) (fleet.SiteFacts, error) {
	r, err := w.Backend.Live(ctx, uri)
	if err != nil {
		return fleet.SiteFacts{}, err
	}
	size, err := w.Backend.Size(ctx, uri, r.Generation)
	if err != nil {
		return fleet.SiteFacts{}, err
	}
	facts := fleet.SiteFacts{
		URI: uri, Generation: r.Generation,
		Data: map[string]string{"files": strconv.Itoa(size.Files), "bytes": strconv.FormatInt(size.Bytes, 10)},
	}
	c, err := w.liveCopy(ctx, r)
	if err != nil {
		return fleet.SiteFacts{}, err
	}
	if c.App.PHP {
		facts.PHP = w.Backend.PHP(ctx)
	}
	schema, known, err := w.Backend.Inspect(ctx, c)
	if err != nil || !known {
		return facts, err
	}
	facts.Enabled = schema.InUse()
	if schema.Number > 0 {
		facts.Schema = strconv.FormatInt(schema.Number, 10)
	}
	if code != nil {
		v := fleet.Pending(*code, schema)
		facts.Pending, facts.Blocks = v.Pending, v.Blocks
	}
	return facts, nil
}

// liveCopy describes the generation that visitors get.
func (w *Worker) liveCopy(ctx context.Context, r Record) (Copy, error) {
	t, err := w.tree(ctx, r.Platform)
	return Copy{
		URI: r.URI, ID: r.ID, Kind: r.Kind, Distribution: r.Distribution, Platform: r.Platform, Commit: r.Commit,
		Tree: t, App: w.kindOf(r.Kind).App(t), Generation: r.Generation, Previous: r.Previous, Pinned: r.Pinned, Fence: r.Fence,
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
