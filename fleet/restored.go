package fleet

import (
	"slices"
	"time"
)

// A Restoration brings records of a backup back into a world that has gone on:
// what was asked, approved or under way then may be done, or wrong, now.
type Restoration struct {
	From  time.Time // when the backup was made
	Now   time.Time
	Epoch int64 // the new one
}

// Settle is the rule by which a record of a backup comes back: nothing that acts
// goes on by itself. It changes the record and gives what follows.
//
//   - A task that had not ended is held and asks a person (Run again, Skip, Give
//     up), except those that only look, which run again. Its fence is above all of
//     earlier epochs, so that a worker which still has it can write nothing.
//   - A plan that was undecided is superseded, and its distribution looked at
//     anew; one that was approved or running is paused.
//   - A host is asked for its sites: what it has that is newer is adopted.
//
// Everything else comes back as it was: sites, whose locks lapse and whose fences
// begin anew above the epoch; posts, which are edited where they are; answers to
// requests, so that an old press is answered as it was.
func (r Restoration) Settle(rec Record) []Effect {
	switch x := rec.(type) {
	case *Task:
		return r.task(x)
	case *Plan:
		return r.plan(x)
	case *Host:
		return []Effect{{Task: &Task{ID: TaskID(NewID()), Kind: TaskAdopt, Host: x.Name, By: System("restore"), State: TaskQueued, Created: r.Now}}}
	}
	return nil
}

// SettleEffect is Settle for an effect that was waiting to be carried: a task
// that it creates is held like those that exist.
func (r Restoration) SettleEffect(e Effect) Effect {
	if e.Task != nil {
		t := *e.Task
		r.task(&t)
		e.Task = &t
	}
	return e
}

func (r Restoration) task(t *Task) []Effect {
	t.Fence = max(t.Fence, r.Epoch<<32)
	if t.State.Final() {
		return nil
	}
	if t.State == "" {
		t.State = TaskQueued
	}
	t.Owner, t.Lease = "", time.Time{}
	t.Steps = slices.Clone(t.Steps)
	for i := range t.Steps {
		if t.Steps[i].State == StepStarted {
			t.Steps[i].State = StepUnknown
		}
	}
	if t.OnlyLooks() {
		t.State, t.NotUntil = TaskQueued, time.Time{}
		return nil
	}
	was := t.State
	t.State = TaskHeld
	t.Reason = "The stored state was restored from a backup of " + r.when() + ", when this task was " + string(was) +
		". It may have been done since: look at " + Clean(t.About, 120) + " before you run it again."
	out := []Effect{shown(SubjectOf(AboutTask, string(t.ID)), t.Channel)}
	if t.Shows != "" {
		out = append(out, edited(t.Shows))
	}
	return out
}

// OnlyLooks reports whether a task changes nothing, so that doing it twice or
// much later does no harm.
func (t Task) OnlyLooks() bool {
	return slices.Contains([]TaskKind{TaskInspect, TaskVerify, TaskOutdated}, t.Kind) ||
		t.Kind == TaskAdopt && t.Params[ParamPath] == ""
}

func (r Restoration) plan(p *Plan) []Effect {
	show := edited(SubjectOf(AboutPlan, string(p.ID)))
	switch {
	case p.State.Undecided():
		p.State, p.Ended = PlanSuperseded, r.Now
		p.Revision++
		p.Reason = "The stored state was restored from a backup of " + r.when() + ": what this plan shows may not be true any more."
		out := []Effect{show}
		if p.Distribution != "" {
			out = append(out, Effect{Review: p.Distribution})
		}
		return out
	case !p.State.Final():
		p.State = PlanPaused
		p.Revision++
		p.Reason = "The stored state was restored from a backup of " + r.when() + ": sites may have been moved since. Look at its held tasks, then continue or stop."
		return []Effect{show}
	}
	return nil
}

func (r Restoration) when() string { return Moment(r.From) }
