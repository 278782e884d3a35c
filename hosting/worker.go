package hosting

import (
	"context"
	"sync"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
	"github.com/distrobot/distrobot/internal/run"
	"github.com/distrobot/distrobot/internal/transfer"
)

// A Worker knows the recipe of every task of one host. Make one with its
// fields; it must not be copied.
type Worker struct {
	Host    fleet.HostName
	Store   fleet.Store
	Sites   siteKeeper  // *fleet.Sites
	Builder buildKeeper // *fleet.Builder
	Backend Backend
	Kinds   []Kind   // kind.All()
	Sources []Source // source.All(…)
	// Refreshes records what looks for newer packages find: *fleet.Refreshes.
	Refreshes refreshKeeper
	// Inventories records what hosts' own systems have: *fleet.Inventories.
	Inventories inventoryKeeper

	// Transits keeps moves between hosts: *fleet.Transits. Client fetches what other
	// hosts send; Measured, if set, is told at how many bytes a second it came.
	Transits transitKeeper
	Client   transfer.Client
	Measured func(rate int64)
	// Patience is how long visitors of a site that moves wait for the other host
	// when nothing is heard of it; default a minute.
	Patience time.Duration

	// Lease is how long a site's lock lasts without renewal; default 60 s. It
	// must be longer than the lease of tasks.
	Lease time.Duration
	// Retry is how long a check of a new copy is tried again while visitors
	// wait; default 5 s. Soak is how long a site that answers worse than before
	// its switch is asked again before it is brought back; default 21 s, since
	// applications were seen to need 20 s to warm up.
	Retry, Soak time.Duration
	// BuildAs, if set, is the user that runs a tree's verification; needs root.
	BuildAs *run.User
	// BuildMemory bounds the data memory of each program of a verification, in
	// bytes; default 4 GiB.
	BuildMemory int64
	// Eyes opens what takes pictures of pages; nil if this host has nothing. Looks is
	// the directory in which they are kept meanwhile; default one of the system's
	// temporary ones.
	Eyes  func(ctx context.Context) (Eye, error)
	Looks string
	// Isolate takes the network from a command; default Isolated.
	Isolate func(ctx context.Context, c run.Command) (run.Command, bool)
	mu      sync.Mutex
	stock   sync.Mutex // held while a host's own system is looked at
	held    map[fleet.TaskID]holding
}

// A siteKeeper is what recipes need of fleet.Sites.
type siteKeeper interface {
	Claim(ctx context.Context, c fleet.SiteClaim) (fleet.Site, error)
	Renew(ctx context.Context, uri fleet.URI, fence int64, lease time.Duration) error
	Move(ctx context.Context, m fleet.SiteMove) (fleet.Site, error)
	Release(ctx context.Context, uri fleet.URI, fence int64, state fleet.SiteState) error
	Removed(ctx context.Context, uri fleet.URI, fence int64) error
	BackedUp(ctx context.Context, b fleet.Backup, gone []string) error
	Rehearsed(ctx context.Context, r fleet.Rehearsal, shows fleet.Subject) error
	Adopt(ctx context.Context, s fleet.Site, who fleet.Actor) (fleet.Site, error)
}

// A buildKeeper is what recipes need of fleet.Builder.
type buildKeeper interface {
	Begin(ctx context.Context, p fleet.PlatformName, s fleet.PlatformState) error
	Record(ctx context.Context, r fleet.BuildResult) (fleet.Platform, error)
	Found(ctx context.Context, f fleet.FoundTree) (fleet.Platform, error)
	Fail(ctx context.Context, p fleet.PlatformName, host fleet.HostName, reason string) error
	Retired(ctx context.Context, p fleet.PlatformName, host fleet.HostName) error
}

// Defaults of Worker.
const (
	defaultLease = time.Minute
	defaultRetry = 5 * time.Second
	defaultSoak  = 21 * time.Second
)

// Recipe gives what a task does. The error is of code Invalid for a task that
// this worker does not know.
func (w *Worker) Recipe(t fleet.Task) (job.Recipe, error) {
	switch t.Kind {
	case fleet.TaskBuild:
		return w.build(), nil
	case fleet.TaskMigrate:
		return w.migrate(t), nil
	case fleet.TaskRollback:
		return w.rollback(), nil
	case fleet.TaskCreate:
		return w.create(), nil
	case fleet.TaskAdopt:
		if t.Params[fleet.ParamPath] != "" {
			return w.takeover(), nil
		}
		return w.adopt(), nil
	case fleet.TaskInspect:
		return w.inspect(), nil
	case fleet.TaskVerify:
		return w.verify(t), nil
	case fleet.TaskArchive:
		return w.archive(), nil
	case fleet.TaskRestore:
		return w.restore(), nil
	case fleet.TaskClone:
		return w.clone(), nil
	case fleet.TaskLogin:
		return w.login(), nil
	case fleet.TaskRehearse:
		return w.rehearse(t), nil
	case fleet.TaskMove:
		return w.move(t), nil
	case fleet.TaskReceive:
		return w.receive(), nil
	case fleet.TaskRetire:
		return w.retire(t)
	case fleet.TaskOutdated:
		return w.outdated(), nil
	}
	return job.Recipe{}, fleet.Errorf(fleet.Invalid, "The worker of %s does not know tasks of kind %s.", w.Host, t.Kind)
}

// atLeast is the limit of a step that calls the backend for more than a moment.
func (w *Worker) atLeast(d time.Duration) time.Duration {
	if slow, ok := w.Backend.(Slow); ok {
		return max(d, slow.Longest())
	}
	return d
}

// A holding is a site's lock that this process holds for a task.
type holding struct {
	claimed int64 // task fence under which the lock was taken
	site    fleet.Site
}

// claim gives the site of a task with a lock taken under this very claim of the
// task: a worker that resumes a task takes the lock anew, so that the one that
// had it before is fenced off. want says what else must be true when the lock
// is taken; it is asked only by the first step.
func (w *Worker) claim(ctx context.Context, s *job.Scope, want fleet.SiteClaim) (fleet.Site, error) {
	w.mu.Lock()
	h, ok := w.held[s.Task.ID]
	w.mu.Unlock()
	if ok && h.claimed == s.Fence {
		return h.site, nil
	}
	want.URI, want.Task, want.Claim, want.Lease = fleet.URI(s.Task.About), s.Task.ID, s.Fence, orDefault(w.Lease, defaultLease)
	var site fleet.Site
	err := patient(ctx, func() (err error) { site, err = w.Sites.Claim(ctx, want); return err })
	if err == nil {
		err = w.stillOurs(ctx, s, site)
	}
	if err != nil {
		return fleet.Site{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.held == nil {
		w.held = map[fleet.TaskID]holding{}
	}
	w.held[s.Task.ID] = holding{claimed: s.Fence, site: site}
	return site, nil
}

// stillOurs asks, once the site's lock is taken, whether the task is this worker's
// all the same: task and site are in different slots, so that another worker may
// have taken the task, and even finished it, before the lock was asked for. From
// here on whoever takes the task also takes the lock after us. A lock that must
// not be ours is given back.
func (w *Worker) stillOurs(ctx context.Context, s *job.Scope, site fleet.Site) error {
	t := fleet.Task{ID: s.Task.ID, Host: s.Task.Host}
	if err := patient(ctx, func() error { _, err := w.Store.Read(ctx, &t); return err }); err != nil {
		return err
	}
	if t.State == fleet.TaskRunning && t.Fence == s.Fence {
		return nil
	}
	state := site.State
	if state == fleet.SiteMoving {
		state = fleet.SiteLive
	}
	err := w.Sites.Release(ctx, site.URI, site.Lock.Fence, state)
	if err != nil && fleet.CodeOf(err) != fleet.Stale {
		return err
	}
	return fleet.Errorf(fleet.Stale, "Task %s was taken over (fence %d, now %d, %s).", t.ID, s.Fence, t.Fence, t.State)
}

// holds gives the lock this process holds for a task.
func (w *Worker) holds(s *job.Scope) (fleet.Site, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	h, ok := w.held[s.Task.ID]
	return h.site, ok && h.claimed == s.Fence
}

// beat renews the lock of a task's site.
func (w *Worker) beat(ctx context.Context, s *job.Scope) error {
	site, ok := w.holds(s)
	if !ok {
		return nil
	}
	err := w.Sites.Renew(ctx, site.URI, site.Lock.Fence, orDefault(w.Lease, defaultLease))
	if fleet.CodeOf(err) == fleet.NotFound {
		return nil // it was just removed, by this very task
	}
	return err
}

// ended gives the lock back if no step did. A held task keeps it, so that
// nothing else works on the site while a person decides.
func (w *Worker) ended(ctx context.Context, s *job.Scope, to fleet.TaskState, _ string) error {
	if to == fleet.TaskHeld {
		return nil
	}
	site, ok, err := w.left(ctx, s)
	if err != nil || !ok {
		return err
	}
	state := fleet.SiteLive
	if site.State == fleet.SiteCreating {
		state = fleet.SiteFailed
	}
	err = w.Sites.Release(ctx, site.URI, site.Lock.Fence, state)
	switch fleet.CodeOf(err) {
	case fleet.Stale, fleet.NotFound: // moved on, or removed: nothing is ours
		err = nil
	}
	if err == nil {
		w.forget(s)
	}
	return err
}

// left gives the lock that a task has when it ends. The worker that took it may
// be dead, or a person has answered since: then it is taken anew, as for a step.
func (w *Worker) left(ctx context.Context, s *job.Scope) (fleet.Site, bool, error) {
	if site, ok := w.holds(s); ok {
		return site, true, nil
	}
	site := fleet.Site{URI: fleet.URI(s.Task.About)}
	found, err := w.Store.Read(ctx, &site)
	if err != nil || !found[0] || site.Lock.Task != s.Task.ID {
		return site, false, err
	}
	site, err = w.claim(ctx, s, fleet.SiteClaim{})
	switch fleet.CodeOf(err) {
	case fleet.Conflict, fleet.NotFound: // somebody else was faster
		return site, false, nil
	}
	return site, err == nil, err
}

// forget drops the memory of a lock that was given back.
func (w *Worker) forget(s *job.Scope) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.held, s.Task.ID)
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
