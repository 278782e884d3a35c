package hosting

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

// A Refresher is a Source that builds from a lock and can tell what that lock
// would say if it were made today.
type Refresher interface {
	Source
	// Refresh makes the lock of a platform anew. Nothing is built.
	Refresh(ctx context.Context, r Refreshing) (Refreshed, error)
	// FetchLocked is Fetch with lock instead of the one that the repository
	// keeps.
	FetchLocked(ctx context.Context, p fleet.Platform, lock []byte, dir string, log func(string)) error
}

// A Refreshing is one look at a platform's lock.
type Refreshing struct {
	Platform fleet.Platform
	Tree     string // of the platform on this host, with the lock it was built from
	Dir      string // a directory for work that does not exist yet; it is removed afterwards
	Log      func(string)
}

// Refreshed is what a look has found.
type Refreshed struct {
	Moves []fleet.Move // none: the lock would be the same
	Lock  []byte       // the refreshed lock, if anything moved
	Note  string       // what would keep it from being built; "" if nothing is known of
}

// A refreshKeeper is what recipes need of fleet.Refreshes.
type refreshKeeper interface {
	Found(ctx context.Context, f fleet.Looked) error
	Failed(ctx context.Context, d fleet.DistName, task fleet.TaskID, reason string) error
}

// outdated looks for newer packages of a distribution.
func (w *Worker) outdated() job.Recipe {
	return job.Recipe{
		Steps: []job.Step{
			{Name: fleet.StepLook, Title: "look for newer packages", Do: w.look, Repeatable: true, Interrupt: true, Limit: time.Hour},
		},
		Ended: w.lookEnded,
	}
}

// lookSuffix keeps the directory of a look apart from that of a build.
const lookSuffix = ".+look"

func (w *Worker) look(ctx context.Context, s *job.Scope) (err error) {
	p := fleet.Platform{Name: fleet.PlatformName(s.Param(fleet.ParamPlatform))}
	if err := fleet.One(ctx, w.Store, &p, "platform "+string(p.Name)); err != nil {
		return err
	}
	source, err := w.refresher(p)
	if err != nil {
		return err
	}
	tree, err := w.Backend.Tree(ctx, p.Name)
	if err != nil {
		return err
	}
	scratch := p.Name + lookSuffix
	dir, err := w.Backend.Stage(ctx, scratch, s.Fence)
	if err != nil {
		return err
	}
	defer func() {
		if clean := w.Backend.Discard(context.WithoutCancel(ctx), scratch); err == nil {
			err = clean
		}
	}()
	found, err := source.Refresh(ctx, Refreshing{Platform: p, Tree: tree, Dir: dir, Log: func(line string) { s.Log("%s", line) }})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	for _, m := range found.Moves {
		s.Log("%s", fleet.TellMove(m))
	}
	s.Keep(fleet.ResultFound, said(p, found))
	return w.Refreshes.Found(ctx, fleet.Looked{Task: s.Task.ID, Distribution: fleet.DistName(s.Task.About), Base: p.Name,
		Moves: found.Moves, Lock: found.Lock, Note: found.Note})
}

// said is the outcome of a look in a sentence.
func said(p fleet.Platform, r Refreshed) string {
	if len(r.Moves) == 0 {
		return fmt.Sprintf("Nothing is newer than what %s holds.", p.Name)
	}
	return fmt.Sprintf("Of what %s holds, %s.", p.Name, fleet.Plural(len(r.Moves), "package has a newer version", "packages have newer versions"))
}

// refresher finds the source that can refresh the lock of p.
func (w *Worker) refresher(p fleet.Platform) (Refresher, error) {
	i := slices.IndexFunc(w.Sources, func(x Source) bool { return x.Type() == p.Source.Type })
	if i >= 0 {
		if r, ok := w.Sources[i].(Refresher); ok {
			return r, nil
		}
	}
	return nil, fleet.Errorf(fleet.Refused, "This host cannot refresh the lock of a platform built from %q.", fleet.Clean(p.Source.Type, 40))
}

// fetchTree lays the platform's code out, from the refreshed lock if the
// platform was ordered with one.
func (w *Worker) fetchTree(ctx context.Context, p fleet.Platform, from Source, dir string, log func(string)) error {
	if p.Refreshed == "" {
		return w.fetchFrom(ctx, from, p, dir, log)
	}
	r, err := w.refresher(p)
	if err != nil {
		return err
	}
	file := fleet.Lockfile{Owner: fleet.LockOfPlatform(p.Name)}
	if err := fleet.One(ctx, w.Store, &file, "refreshed lock of platform "+string(p.Name)); err != nil {
		return err
	}
	lock, err := file.Unpack()
	if err != nil {
		return err
	}
	if file.Sum != p.Refreshed {
		return fleet.Errorf(fleet.Tampered, "The refreshed lock of %s is not the one that was ordered.", p.Name)
	}
	log("The lock of the repository is replaced by the refreshed one, sha256 " + p.Refreshed + ".")
	return r.FetchLocked(ctx, p, lock, dir, log)
}

// lookEnded counts a look that came to nothing.
func (w *Worker) lookEnded(ctx context.Context, s *job.Scope, to fleet.TaskState, reason string) error {
	if to != fleet.TaskFailed && to != fleet.TaskCancelled {
		return nil
	}
	return w.Refreshes.Failed(ctx, fleet.DistName(s.Task.About), s.Task.ID, reason)
}
