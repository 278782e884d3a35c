package fleet

import (
	"context"
	"slices"
	"strconv"
)

// anew says how a task is repeated whose order has to be given anew.
var anew = map[TaskKind]string{
	TaskBuild:    "Press Build again on its message, or build it again by its name.",
	TaskOutdated: "Look again with the button, or wait for the next look.",
	TaskCreate:   "Remove what is left of the site, then create it again.",
	TaskClone:    "Remove what is left of the site, then clone it again.",
	TaskLogin:    "Ask for a login again.",
	TaskInspect:  "Ask for the plan again.",
	TaskReceive:  "Move the site again: its old host begins.",
}

// Repeatable reports whether a task that has ended can be ordered again as it
// was.
func (t Task) Repeatable() bool {
	_, other := anew[t.Kind]
	return (t.State == TaskFailed || t.State == TaskCancelled) && t.Plan == "" && !other
}

// RetryTask is the rule of a retry: a task like the one that failed, which says
// what it repeats. Errors: Refused in words when this one is not repeated so.
func RetryTask(t Task, id TaskID, who Actor) (Task, error) {
	switch hint, other := anew[t.Kind]; {
	case t.State == TaskHeld:
		return Task{}, Errorf(Refused, "Task %s waits for an answer; it has not failed.", t.ID)
	case t.State != TaskFailed && t.State != TaskCancelled:
		return Task{}, Errorf(Refused, "Task %s is %s; only one that failed or was cancelled is tried again.", t.ID, t.State)
	case t.Plan != "":
		return Task{}, Errorf(Refused, "Task %s belongs to a plan; a fresh plan tries its sites again.", t.ID).WithHint("%s retry %s", Slash, t.Plan)
	case other:
		return Task{}, Errorf(Refused, "A task of kind %s is not repeated as it was.", t.Kind).WithHint("%s", hint)
	}
	next := Task{
		ID: id, Kind: t.Kind, Host: t.Host, About: t.About, Params: t.Params, Sites: t.Sites, Urgent: t.Urgent,
		By: who, State: TaskQueued, Channel: t.Channel, Repeats: t.ID, Shows: SubjectOf(AboutTask, string(id)),
	}
	return next, nil
}

// Retry orders a task that failed or was cancelled once more, as a new task. Its
// site must be as it was when the first one was ordered and nobody may work on
// it; the task itself looks again before it does anything.
func (ts *Tasks) Retry(ctx context.Context, id, newID TaskID, who Actor) (Task, error) {
	found, err := ts.Find(ctx, id)
	if err != nil {
		return Task{}, err
	}
	var out Task
	err = ts.Store.Update(ctx, Catalogue, func(tx Tx) error {
		if out, err = RetryTask(found, newID, who); err != nil {
			return err
		}
		site := Site{URI: URI(out.About)}
		is, err := tx.Get(&site)
		if err != nil {
			return err
		}
		if is {
			if err := sameSite(site, out, tx); err != nil {
				return err
			}
		}
		out.Created = tx.Now()
		woken := out
		tx.Emit(Effect{Task: &woken}, shown(out.Shows, out.Channel), audited(tx, who, "task.retried", string(id), "as", string(out.ID), "about", out.About))
		return nil
	})
	return out, err
}

// sameSite refuses to repeat a task whose site is another one's now, or has moved
// since.
func sameSite(s Site, t Task, tx Tx) error {
	if s.Lock.Held(t.ID, tx.Now()) {
		return busyWith(s)
	}
	if want := t.Params[ParamGeneration]; want != "" && slices.Contains([]TaskKind{TaskMigrate, TaskRollback, TaskRestore, TaskMove}, t.Kind) &&
		want != strconv.FormatInt(s.Generation, 10) {
		return Errorf(Refused, "Site %s has moved since: it is at generation %d, on %s.", s.URI, s.Generation, s.Platform).
			WithHint("Look at it, then give the order anew: %s show %s", Slash, s.URI)
	}
	return nil
}
