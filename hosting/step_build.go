package hosting

import (
	"context"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

const stepFetch = "fetch"

// platform reads the row of the platform a task is about.
func (w *Worker) platform(ctx context.Context, s *job.Scope) (fleet.Platform, error) {
	p := fleet.Platform{Name: fleet.PlatformName(s.Task.About)}
	return p, fleet.One(ctx, w.Store, &p, "platform "+s.Task.About)
}

// fetch lays the code out beside its place and reads its instructions: a file
// that is wrong is told before anything is run.
func (w *Worker) fetch(ctx context.Context, s *job.Scope) error {
	p, err := w.platform(ctx, s)
	if err != nil {
		return err
	}
	if err := w.Builder.Begin(ctx, p.Name, fleet.PlatformBuilding); err != nil {
		return err
	}
	i := slices.IndexFunc(w.Sources, func(x Source) bool { return x.Type() == orDefault(p.Source.Type, "git") })
	if i < 0 {
		return fleet.Errorf(fleet.Refused, "This host cannot build from %q; it knows %s.", fleet.Clean(p.Source.Type, 40), w.sourceTypes())
	}
	stage, err := w.Backend.Stage(ctx, p.Name, s.Fence)
	if err != nil {
		return err
	}
	if err := w.fetchTree(ctx, p, w.Sources[i], stage, func(line string) { s.Log("%s", line) }); err != nil {
		return err
	}
	spec, err := ReadSpec(stage)
	if err != nil {
		return err
	}
	if err := w.checkKind(ctx, p, Tree{Dir: stage, Spec: spec}); err != nil {
		return err
	}
	s.Keep("stage", stage)
	return nil
}

func (w *Worker) sourceTypes() string {
	var out []string
	for _, x := range w.Sources {
		out = append(out, x.Type())
	}
	return strings.Join(out, ", ")
}

// publish puts the tree in its place. A repetition finds it there.
func (w *Worker) publish(ctx context.Context, s *job.Scope) error {
	name := fleet.PlatformName(s.Task.About)
	stage := s.Value(stepFetch, "stage")
	if _, err := os.Lstat(stage); os.IsNotExist(err) {
		if _, err := w.Backend.Tree(ctx, name); err == nil {
			return nil // the rename happened, its journal entry did not
		}
	}
	digest, _, err := TreeDigest(stage)
	if err != nil {
		return Explain("read the new tree", err)
	}
	p, err := w.platform(ctx, s)
	if err != nil {
		return err
	}
	if p.TreeDigest != "" && digest != p.TreeDigest {
		return fleet.Errorf(fleet.Failed, "This host built another tree of the same commit than the host before it.").
			WithHint("The hosts differ in what the build depends on, such as versions of tools.")
	}
	_, err = w.Backend.Publish(ctx, name, stage)
	if fleet.CodeOf(err) != fleet.Exists {
		return err
	}
	// Built before, by a task that was lost: the same tree is as good.
	dir, treeErr := w.Backend.Tree(ctx, name)
	if treeErr != nil {
		return treeErr
	}
	if have, _, digestErr := TreeDigest(dir); digestErr != nil || have != digest {
		return err
	}
	return nil
}

// recordBuild reads the facts of the published tree and records the build.
func (w *Worker) recordBuild(ctx context.Context, s *job.Scope) error {
	p, err := w.platform(ctx, s)
	if err != nil {
		return err
	}
	t, err := w.tree(ctx, p.Name)
	if err != nil {
		return err
	}
	r, err := w.survey(ctx, p, t)
	if err != nil {
		return err
	}
	r.Took = time.Since(s.Task.Begun)
	_, err = w.Builder.Record(ctx, r)
	return err
}

// survey reads what is kept of a platform's tree.
func (w *Worker) survey(ctx context.Context, p fleet.Platform, t Tree) (fleet.BuildResult, error) {
	digest, size, err := TreeDigest(t.Dir)
	if err != nil {
		return fleet.BuildResult{}, Explain("read the tree", err)
	}
	k := w.kindFound(p, t)
	facts, err := k.Read(ctx, t)
	if err != nil {
		return fleet.BuildResult{}, err
	}
	facts.Platform, facts.Files, facts.Bytes = p.Name, size.Files, size.Bytes
	facts.Updates = k.App(t).Runs
	if facts.PHP == "" {
		facts.PHP = t.Spec.PHP
	}
	lock, err := LockDigest(t.Dir)
	return fleet.BuildResult{
		Platform: p.Name, Host: w.Host, Path: t.Dir, TreeDigest: digest, LockDigest: lock, Facts: facts, Kind: k.Name(),
	}, err
}

// discardBuild removes what a failed build left. A tree that sites of this host
// use was there before, and stays.
func (w *Worker) discardBuild(ctx context.Context, s *job.Scope) error {
	name := fleet.PlatformName(s.Task.About)
	used, err := w.usedBy(ctx, name)
	if err != nil || used != "" {
		return err
	}
	return w.Backend.Discard(ctx, name)
}

// buildEnded tells people why there is no platform.
func (w *Worker) buildEnded(ctx context.Context, s *job.Scope, to fleet.TaskState, reason string) error {
	if to != fleet.TaskFailed && to != fleet.TaskCancelled {
		return nil
	}
	if to == fleet.TaskCancelled { // no way back was walked
		if err := w.discardBuild(ctx, s); err != nil {
			return err
		}
	}
	if reason == "" {
		reason = "The build was cancelled."
	}
	err := w.Builder.Fail(ctx, fleet.PlatformName(s.Task.About), w.Host, reason)
	if fleet.CodeOf(err) == fleet.NotFound {
		return nil // the platform was removed meanwhile
	}
	return err
}
