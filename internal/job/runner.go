package job

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// A Runner works on the tasks of one host.
type Runner struct {
	Store  fleet.Store
	Logs   fleet.Logs
	Recipe func(t fleet.Task) (Recipe, error) // by the task's kind; an error holds the task
	Owner  string                             // of this process, unique over restarts
	Lease  time.Duration                      // after its worker died, a task is taken over this late; 15 s if 0
	Grace  time.Duration                      // how long a running step may go on after shutdown began; 30 s if 0
	Log    *slog.Logger                       // nil means slog's default
	// Epoch is the storage's when this process opened it. A task that was under
	// way in an earlier one is held: the storage was restored from a backup since,
	// and the journal does not know all that was done.
	Epoch int64
	// Deadlines bounds how long a task of a kind is worked on, a person's time to
	// answer not counted: one that is late and can still be ended fails, and goes
	// back. Kinds without an entry have that of "", if there is one; 0 is no bound
	// but those of their steps.
	Deadlines map[fleet.TaskKind]time.Duration
	// Limits bounds how many tasks of a kind are worked on at once; kinds without
	// an entry have no bound of their own. One beyond waits in its queue and keeps
	// no other kind from its turn.
	Limits map[fleet.TaskKind]int
	// Data is the identity of the data directory; a task that was begun in
	// another one is held for a person. "" is not asked.
	Data string
	// May, if set, is asked in the commit of each claim, whether this worker may
	// take the task at all; codes Refused, Conflict and TooOld leave it alone.
	May func(tx fleet.Tx, t fleet.Task) error
	// Ended is what this machine remembers of tasks; one that has ended here is
	// ended again as it was, and nothing of it is run. nil remembers nothing.
	Ended *Ended
	// Hurry, once closed, ends the grace of running steps at once; nil never.
	Hurry <-chan struct{}

	mu      sync.Mutex
	running map[fleet.TaskRef]fleet.TaskKind // "" before the claim
}

// fullFor is how long a task beyond its kind's limit is put off.
const fullFor = 2 * time.Second

// deadline is how long a task of a kind may be worked on.
func (r *Runner) deadline(k fleet.TaskKind) time.Duration {
	if d, own := r.Deadlines[k]; own {
		return d
	}
	return r.Deadlines[""]
}

func (r *Runner) lease() time.Duration { return orDefault(r.Lease, 15*time.Second) }
func (r *Runner) grace() time.Duration { return orDefault(r.Grace, 30*time.Second) }

// hurried reports whether whoever ends this process has lost patience.
func (r *Runner) hurried() bool {
	select {
	case <-r.Hurry:
		return true
	default:
		return false
	}
}

func (r *Runner) log() *slog.Logger {
	if r.Log == nil {
		return slog.Default()
	}
	return r.Log
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Running is how many tasks this runner works on now.
func (r *Runner) Running() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.running)
}

// Works reports whether this runner is at work on a task.
func (r *Runner) Works(id fleet.TaskID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for ref := range r.running {
		if ref.ID == id {
			return true
		}
	}
	return false
}

// enter marks a task as worked on here; false if it is already.
func (r *Runner) enter(ref fleet.TaskRef) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, here := r.running[ref]; here {
		return false
	}
	if r.running == nil {
		r.running = map[fleet.TaskRef]fleet.TaskKind{}
	}
	r.running[ref] = ""
	return true
}

// room takes one of the places of a task's kind; false if there is none. What a
// dead worker left running has its place already.
func (r *Runner) room(ref fleet.TaskRef, t fleet.Task) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	limit, n := r.Limits[t.Kind], 0
	for other, kind := range r.running {
		if other != ref && kind == t.Kind {
			n++
		}
	}
	if limit > 0 && n >= limit && t.State == fleet.TaskQueued {
		return false
	}
	r.running[ref] = t.Kind
	return true
}

func (r *Runner) exit(ref fleet.TaskRef) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.running, ref)
}

// Run works on a task until it has ended, is held for a person, or is handed
// back because ctx ended. A surplus wake-up (the task is finished, held, not
// due, or somebody else's) returns nil at once. restarted lets a worker that
// holds its data directory's lock take over its host's tasks without waiting
// for the lease of its former self; it must not be set by two processes.
//
// Errors: code Stale when the task was taken over (nothing more was written),
// Later when the journal could not be written before shutdown, and internal
// faults. The task is then claimed again by whoever finds its lease over.
func (r *Runner) Run(ctx context.Context, ref fleet.TaskRef, restarted bool) error {
	if !r.enter(ref) {
		return nil
	}
	defer r.exit(ref)
	w, err := r.claim(ctx, ref, restarted)
	if w == nil || err != nil {
		return err
	}
	defer w.close()
	if err = w.work(); err != nil && w.life.Err() != nil {
		err = context.Cause(w.life) // whatever else failed, failed for that
	}
	switch {
	case err == nil:
		w.log.Info("task left", slog.String("state", string(w.snapshot().State)))
	case fleet.CodeOf(err) == fleet.Stale:
		w.log.Warn("task lost to another worker", slog.Any("error", err))
	default:
		w.log.Error("task abandoned", slog.Any("error", err))
	}
	return err
}

// claim takes the task; nil without an error when there is nothing to do.
func (r *Runner) claim(ctx context.Context, ref fleet.TaskRef, restarted bool) (*worker, error) {
	w := &worker{r: r, ref: ref, stop: ctx}
	var t fleet.Task
	full := false
	err := r.Store.Update(ctx, fleet.HostFamily(ref.Host), func(tx fleet.Tx) error {
		t = fleet.Task{ID: ref.ID, Host: ref.Host}
		found, err := tx.Get(&t)
		if err != nil {
			return err
		}
		if !found {
			return fleet.Errorf(fleet.NotFound, "There is no task %s on %s.", ref.ID, ref.Host)
		}
		if r.May != nil {
			if err := r.May(tx, t); err != nil {
				return err
			}
		}
		if full = !r.room(ref, t); full {
			if wait := tx.Now().Add(fullFor); t.NotUntil.Before(wait) {
				t.NotUntil = wait
				tx.Put(&t)
			}
			return nil
		}
		w.renewed, w.asked, w.outlived = time.Now(), tx.Now(), fleet.Outlived(t, r.Epoch)
		c := fleet.Claim{Owner: r.Owner, Lease: r.lease(), Restarted: restarted, Epoch: r.Epoch, Data: r.Data}
		if t, err = fleet.ClaimTask(t, c, tx.Now()); err != nil {
			return err
		}
		w.recipe, w.cannot = r.recipe(t)
		w.elsewhere = t.Elsewhere(r.Data)
		w.former, w.forgotten = r.Ended.find(t)
		if len(t.Steps) == 0 {
			for _, s := range w.recipe.Steps {
				t.Steps = append(t.Steps, fleet.StepRecord{Name: s.Name, Title: s.Title, State: fleet.StepWaiting, Ends: s.Interrupt})
			}
			t.Last = w.recipe.last()
		}
		fleet.Last(tx, fleet.Lasting{})
		tx.Put(&t)
		tx.Emit(progress(t)...)
		return nil
	})
	if t.State.Final() { // somebody else has ended it, and woke us so that it is known here
		if err := r.Ended.add(t); err != nil {
			r.log().Error("this host will not remember that a task has ended", slog.String("task", string(ref.ID)), slog.Any("error", err))
		}
	}
	switch fleet.CodeOf(err) {
	case fleet.TooOld:
		r.log().Error("a task is left alone", slog.String("task", string(ref.ID)), slog.Any("reason", err))
		return nil, nil
	case fleet.Conflict, fleet.Refused, fleet.NotFound:
		r.log().Debug("nothing to claim", slog.String("task", string(ref.ID)), slog.Any("reason", err))
		return nil, nil
	}
	if full && err == nil {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("job: claim task %s: %w", ref.ID, err)
	}
	w.begin(t)
	return w, nil
}

// recipe finds the recipe and checks that names are keys.
func (r *Runner) recipe(t fleet.Task) (rec Recipe, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("job: the recipe of %s crashed: %v\n%s", t.Kind, p, debug.Stack())
		}
	}()
	if rec, err = r.Recipe(t); err != nil {
		return rec, err
	}
	seen := map[string]bool{}
	for _, s := range append(append([]Step{}, rec.Steps...), rec.Back...) {
		if s.Name == "" || s.Do == nil || seen[s.Name] {
			return rec, fmt.Errorf("job: the recipe of %s has the step %q twice, or without a name or an action", t.Kind, s.Name)
		}
		seen[s.Name] = true
	}
	return rec, nil
}
