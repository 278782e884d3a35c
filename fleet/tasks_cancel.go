package fleet

import "time"

// CancelTask is the rule of Cancel: a queued task ends, a running one is asked
// to stop where that is safe. A queued one whose end is recorded elsewhere, too,
// is ended by its worker, which does nothing else. Refused for one that has gone
// too far, saying what happens instead, for a held one, which is answered, and for
// one that has ended.
func CancelTask(t Task, who Actor) (Task, error) {
	switch t.State {
	case TaskQueued:
		if t.Kind == TaskBuild || t.Kind == TaskOutdated || len(t.Steps) > 0 {
			if err := tooLate(t); err != nil {
				return t, err
			}
			t.Stop, t.NotUntil = true, time.Time{}
			return t, nil
		}
		t.State, t.Reason = TaskCancelled, "Cancelled by "+Clean(who.display(), 80)+"."
	case TaskRunning:
		if err := tooLate(t); err != nil {
			return t, err
		}
		t.Stop = true
	case TaskHeld:
		return t, Errorf(Refused, "Task %s waits for an answer.", t.ID).WithHint("Press Stop and go back on its message, or: %s giveup %s", Slash, t.ID)
	default:
		return t, Errorf(Refused, "Task %s is over: %s.", t.ID, t.State)
	}
	return t, nil
}

// tooLate refuses to cancel a task beyond its last step for that, and says what
// will happen.
func tooLate(t Task) error {
	if t.GoBack {
		return Errorf(Refused, "Task %s is on its way back already: what it did is being undone.", t.ID)
	}
	if t.StillCancels() {
		return nil
	}
	cur, _ := t.Current()
	e := Errorf(Refused, "Task %s cannot be cancelled any more: it is at %q, and stopping there would leave the work half done. It goes on to its end.",
		t.ID, Clean(cur.Label(), 60))
	switch t.Kind {
	case TaskMigrate, TaskRestore:
		return e.WithHint("If it fails, it takes itself back. If it succeeds, take it back with: %s rollback %s", Slash, t.About)
	case TaskCreate, TaskClone:
		return e.WithHint("Remove the site afterwards: %s site remove %s", Slash, t.About)
	}
	return e
}

// StillCancels reports whether a person's cancel would still be heeded: the last
// step for that has not been begun, or is one that ends when it is asked to.
func (t Task) StillCancels() bool {
	cur, more := t.Current()
	switch {
	case t.State.Final() || t.GoBack || !more:
		return !t.State.Final() && len(t.Steps) == 0
	case t.Last == "" || cur.Ends:
		return true
	case cur.State == StepWaiting:
		return t.index(cur.Name) <= t.index(t.Last)
	}
	return t.index(cur.Name) < t.index(t.Last) // the next one may still be kept from beginning
}

// Overdue reports whether a task has been worked on for longer than limit and can
// still be ended without leaving anything half done. Beyond that, the limits of
// its steps hold. 0 is no limit.
func Overdue(t Task, limit time.Duration, now time.Time) bool {
	cur, more := t.Current()
	return limit > 0 && !t.Since.IsZero() && now.Sub(t.Since) > limit && more && cur.State == StepWaiting && t.StillCancels()
}
