package hosting

import (
	"context"
	"fmt"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

// tree gives the tree of a platform on this host.
func (w *Worker) tree(ctx context.Context, p fleet.PlatformName) (Tree, error) {
	dir, err := w.Backend.Tree(ctx, p)
	if err != nil {
		return Tree{}, err
	}
	spec, err := ReadSpec(dir)
	return Tree{Dir: dir, Spec: spec}, err
}

// A start is what the preflight journaled.
type start struct {
	from, to   fleet.PlatformName
	generation int64 // that was live
	data       int64 // whose data the new one gets
	keptUntil  time.Time
}

func startOf(s *job.Scope) (start, bool) {
	at := func(key string) string { return s.Value(stepPreflight, key) }
	until, _ := time.Parse(time.RFC3339, at("kept_until"))
	return start{
		from: fleet.PlatformName(at("from")), to: fleet.PlatformName(at("to")),
		generation: number(at("generation")), data: number(at("data")), keptUntil: until,
	}, at("to") != ""
}

// next describes the generation a task makes.
func (w *Worker) next(ctx context.Context, s *job.Scope) (Copy, error) {
	st, ok := startOf(s)
	if !ok {
		return Copy{}, fmt.Errorf("task %s has no preflight", s.Task.ID)
	}
	site, err := w.claim(ctx, s, fleet.SiteClaim{})
	if err != nil {
		return Copy{}, err
	}
	p := fleet.Platform{Name: st.to}
	err = patient(ctx, func() error { return fleet.One(ctx, w.Store, &p, "platform "+string(st.to)) })
	if err != nil {
		return Copy{}, err
	}
	t, err := w.tree(ctx, st.to)
	if err != nil {
		return Copy{}, err
	}
	c := Copy{
		URI: site.URI, Aliases: aliases(site), ID: site.ID, Kind: p.Kind, Distribution: p.Distribution,
		Platform: p.Name, Commit: p.Ref.Commit, Tree: t, App: w.kindOf(p.Kind).App(t), Generation: st.generation + 1, From: st.data,
		Fence: site.Lock.Fence, Plan: s.Task.Plan, Task: s.Task.ID, Log: lines(s),
	}
	switch s.Task.Kind {
	case fleet.TaskRestore:
		c.Backup = s.Param(fleet.ParamBackup)
	case fleet.TaskClone:
		c.Source = fleet.URI(s.Param(fleet.ParamSource))
	case fleet.TaskCreate:
		c.Install = fleet.InstallOf(site.URI, s.Task.Params)
	}
	if st.generation > 0 {
		c.Previous = []Kept{{Generation: st.generation, Platform: st.from, Until: st.keptUntil}}
	}
	if s.Task.Kind == fleet.TaskRollback {
		c.Pinned, c.Takes = rolledBack(s.Task), true
	}
	return c, nil
}

func aliases(s fleet.Site) []fleet.URI {
	var out []fleet.URI
	for _, a := range s.Aliases {
		out = append(out, fleet.URI(a))
	}
	return out
}

// old names the generation that was live when the task began.
func (w *Worker) old(ctx context.Context, s *job.Scope) (Copy, error) {
	st, ok := startOf(s)
	if !ok {
		return Copy{}, fmt.Errorf("task %s has no preflight", s.Task.ID)
	}
	site, err := w.claim(ctx, s, fleet.SiteClaim{})
	return Copy{
		URI: site.URI, ID: site.ID, Platform: st.from, Generation: st.generation,
		Fence: site.Lock.Fence, Plan: s.Task.Plan, Task: s.Task.ID, Log: lines(s),
	}, err
}

// lines writes lines into the log of a step.
func lines(s *job.Scope) func(string) { return func(line string) { s.Log("%s", line) } }

// rolledBack is why a site is pinned after a rollback that a person asked for.
func rolledBack(t fleet.Task) string {
	who := t.By.Name
	if who == "" {
		who = t.By.ID
	}
	return fmt.Sprintf("rolled back by %s", fleet.Clean(who, 80))
}

// patient repeats what needs the store while the store is away: a site that is
// being moved must not be given up because Redis restarts. The step's own limit
// ends it.
func patient(ctx context.Context, try func() error) error {
	for {
		err := try()
		if fleet.CodeOf(err) != fleet.Later || ctx.Err() != nil {
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
