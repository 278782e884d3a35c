package job

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// errCancelled leaves the journal alone: a person asked to cancel just before
// the step would have begun.
var errCancelled = errors.New("job: cancelled")

// write makes one journal entry: rule gives the next task, or the same task
// when there is nothing to do. The lease is renewed with it, so that nobody
// may claim the task right after. A storage that is away is waited for, since
// without the journal the work must not go on; effects are recorded with it.
func (w *worker) write(rule func(t fleet.Task, now time.Time) (fleet.Task, []fleet.Effect, error)) error {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		err := w.writeOnce(rule)
		if fleet.CodeOf(err) == fleet.Stale {
			w.lose(err)
		}
		if fleet.CodeOf(err) != fleet.Later {
			return err
		}
		w.log.Warn("the journal cannot be written; the work waits", slog.Any("error", err))
		if !w.linger(wait) {
			return err
		}
	}
}

// linger waits before the journal is tried again; false when the task is lost,
// or the grace time of a process that stops is over.
func (w *worker) linger(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return w.graceLeft() > 0
	case <-w.life.Done():
		return false
	}
}

// own reads the task that is worked on here. It refuses with code Stale when the
// task is gone, was claimed by another process (also under the same fence: a
// failover of the storage may have lost a claim and given its fence out twice).
func (w *worker) own(tx fleet.Tx) (fleet.Task, error) {
	t := fleet.Task{ID: w.ref.ID, Host: w.ref.Host}
	found, err := tx.Get(&t)
	switch {
	case err != nil:
		return t, err
	case !found:
		return t, fleet.Errorf(fleet.Stale, "Task %s is gone.", w.ref.ID)
	case t.State == fleet.TaskRunning && t.Owner != w.r.Owner:
		return t, fleet.Errorf(fleet.Stale, "Task %s was taken over by %s.", t.ID, t.Owner)
	}
	return t, nil
}

func (w *worker) writeOnce(rule func(t fleet.Task, now time.Time) (fleet.Task, []fleet.Effect, error)) error {
	begun := time.Now()
	var t fleet.Task
	var asked time.Time
	err := w.r.Store.Update(w.life, fleet.HostFamily(w.ref.Host), func(tx fleet.Tx) error {
		var err error
		if t, err = w.own(tx); err != nil {
			return err
		}
		asked = tx.Now()
		next, effects, err := rule(t, asked)
		if err != nil {
			return err
		}
		if t = next; t.State == fleet.TaskRunning && t.Lease.After(asked) {
			if t, err = fleet.RenewTask(t, w.fence, asked, w.r.lease()); err != nil {
				return err
			}
		}
		if w.publishes {
			fleet.Last(tx, fleet.Lasting{})
		}
		tx.Put(&t)
		tx.Emit(effects...)
		return nil
	})
	if err != nil {
		return err
	}
	w.mu.Lock()
	w.task, w.renewed, w.asked = t, begun, asked
	w.mu.Unlock()
	return nil
}

// start journals that a step begins. If the commit took long (the machine may
// have slept), the lease is renewed once more before anything acts.
func (w *worker) start(step Step) error {
	begun := time.Now()
	err := w.write(func(t fleet.Task, now time.Time) (fleet.Task, []fleet.Effect, error) {
		if cur, ok := t.Current(); ok && cur.State == fleet.StepWaiting && w.cancelled(t, cur) {
			return t, nil, errCancelled
		}
		next, err := fleet.JournalStep(t, fleet.StepChange{Fence: w.fence, Step: step.Name, To: fleet.StepStarted}, now)
		return next, progress(next), err
	})
	if err != nil || time.Since(begun) < w.r.lease()/2 {
		return err
	}
	return w.renew()
}

// journal enters what became of a step.
func (w *worker) journal(c fleet.StepChange) error {
	c.Fence = w.fence
	return w.write(func(t fleet.Task, now time.Time) (fleet.Task, []fleet.Effect, error) {
		next, err := fleet.JournalStep(t, c, now)
		return next, progress(next), err
	})
}

// goBack journals a step's failure and begins the way back, in one entry.
func (w *worker) goBack(step, reason string) error {
	names := make([]string, len(w.recipe.Back))
	for i, s := range w.recipe.Back {
		names[i] = s.Name
	}
	return w.write(func(t fleet.Task, now time.Time) (fleet.Task, []fleet.Effect, error) {
		next, err := fleet.JournalStep(t, fleet.StepChange{Fence: w.fence, Step: step, To: fleet.StepFailed, Error: reason}, now)
		if err == nil {
			next, err = fleet.BeginBack(next, w.fence, reason, names)
		}
		if err == nil {
			next.Steps = w.titled(next.Steps)
		}
		return next, progress(next), err
	})
}

// titled gives the steps of the way back the titles of their recipe.
func (w *worker) titled(steps []fleet.StepRecord) []fleet.StepRecord {
	titles := map[string]string{}
	for _, s := range w.recipe.Back {
		titles[s.Name] = s.Title
	}
	steps = slices.Clone(steps)
	for i, s := range steps {
		if s.Back {
			steps[i].Title = titles[s.Name]
		}
	}
	return steps
}

// hold ends the work until a person answers. The step, if one is named, is
// unknown.
func (w *worker) hold(step, reason string) error {
	w.out.logger(step)("Held: %s", reason)
	return w.last(step, fleet.StepUnknown, fleet.TaskHeld, reason)
}

// end tells the recipe what became of the task, then makes its last entry. The
// step, if one is named, has failed.
func (w *worker) end(step string, to fleet.TaskState, reason string) error {
	if w.recipe.Ended != nil {
		if err := w.tellEnded(step, to, reason); err != nil {
			return err
		}
		if w.snapshot().State == fleet.TaskHeld {
			return nil
		}
	}
	return w.last(step, fleet.StepFailed, to, reason)
}

// tellEnded calls the recipe's Ended until the storage is there. An Ended that
// fails otherwise holds the task: what happened is not known elsewhere.
func (w *worker) tellEnded(step string, to fleet.TaskState, reason string) error {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		err := w.guard(func() error { return w.recipe.Ended(w.life, w.scope(step), to, reason) })
		switch fleet.CodeOf(err) {
		case fleet.Later:
			w.log.Warn("the outcome cannot be recorded; the work waits", slog.Any("error", err))
			if !w.linger(wait) {
				return err
			}
			continue
		case fleet.Stale:
			w.lose(err)
			return err
		}
		if err != nil {
			w.log.Error("the outcome was not recorded", slog.String("outcome", string(to)), slog.Any("error", err))
			return w.hold("", "The work is over ("+string(to)+") but its outcome could not be recorded: "+plain(err))
		}
		return nil
	}
}

// withdraw ends a task of which nothing was begun, because something holds it
// back: whoever ordered it may order it anew.
func (w *worker) withdraw(step, reason string) error {
	w.held = true
	return w.end(step, fleet.TaskCancelled, reason)
}

// last makes the last entry of this worker: held, or a final state.
func (w *worker) last(step string, s fleet.StepState, to fleet.TaskState, reason string) error {
	w.out.flush() // whoever sees that it has ended finds all that it said
	err := w.write(func(t fleet.Task, now time.Time) (fleet.Task, []fleet.Effect, error) {
		if t.State == to && t.Fence == w.fence {
			return t, nil, nil // it was written, its reply was lost
		}
		next, err := t, error(nil)
		if cur, ok := t.Step(step); ok && cur.State != s {
			next, err = fleet.JournalStep(t, fleet.StepChange{Fence: w.fence, Step: step, To: s, Error: reason}, now)
		}
		if err == nil {
			next, err = fleet.EndTask(next, w.fence, to, reason, now)
			next.Withdrawn = w.held
		}
		return next, ending(next, now), err
	})
	if err == nil {
		if err := w.r.Ended.add(w.snapshot()); err != nil {
			w.log.Error("this host will not remember that the task has ended", slog.Any("error", err))
		}
	}
	return err
}

// handBack lets others claim the task at once.
func (w *worker) handBack() error {
	ctx, cancel := context.WithTimeout(w.life, 5*time.Second)
	defer cancel()
	w.log.Info("task handed back")
	return w.r.Store.Update(ctx, fleet.HostFamily(w.ref.Host), func(tx fleet.Tx) error {
		t, err := w.own(tx)
		if err != nil {
			return err
		}
		next, err := fleet.HandBack(t, w.fence, tx.Now())
		if err != nil {
			return err
		}
		tx.Put(&next)
		return nil
	})
}

// progress is what follows each entry: the message that shows the task is
// edited.
func progress(t fleet.Task) []fleet.Effect {
	if t.Shows == "" {
		return nil
	}
	return []fleet.Effect{{Notice: &fleet.Notice{Subject: t.Shows, Edit: true}}}
}

// ending is what follows the last entry: the plan looks again, people are told
// if they are needed or nothing else shows the task, and a final state is
// recorded for good.
func ending(t fleet.Task, now time.Time) []fleet.Effect {
	out := progress(t)
	if t.Plan != "" {
		out = append(out, fleet.Effect{Advance: t.Plan})
	}
	about := fleet.SubjectOf(fleet.AboutTask, string(t.ID))
	alone := t.Shows == "" && t.Channel != ""
	out = append(out, fleet.Effect{Notice: &fleet.Notice{
		Subject: about, Channel: t.Channel, Edit: t.State != fleet.TaskHeld && !alone,
	}})
	if !t.State.Final() {
		return out
	}
	return append(out, fleet.Effect{Audit: t.Audited("task."+string(t.State), now)})
}
