package fleet

import (
	"slices"
	"time"
)

// An AnswerToHeld is what a person says about a held task.
type AnswerToHeld string

// The answers. Run again repeats the unknown step; Skip takes it for done;
// Give up walks back if the recipe can, otherwise ends the task as failed.
const (
	RunAgain AnswerToHeld = "run again"
	SkipStep AnswerToHeld = "skip"
	GiveUp   AnswerToHeld = "give up"
	// LooksRight is Skip for a task that waits for somebody to look. It takes the
	// right to confirm, so Skip does not do.
	LooksRight AnswerToHeld = "looks right"
)

// AnswerTask is the rule of a press on a held task.
func AnswerTask(t Task, a AnswerToHeld, now time.Time) (Task, error) {
	if t.State != TaskHeld {
		return t, Errorf(Refused, "This task is %s; it waits for nobody.", t.State)
	}
	if looks := t.Looks(); looks != (a == LooksRight) && (a == LooksRight || a == SkipStep) {
		if looks {
			return t, Errorf(Refused, "This task waits for somebody to look at it.").WithHint("If it looks right: %s looks right %s", Slash, t.ID)
		}
		return t, Errorf(Refused, "Nothing of this task is to be looked at.")
	}
	t.Steps = slices.Clone(t.Steps)
	cur, _ := t.Current()
	i := t.index(cur.Name)
	switch {
	case (a == SkipStep || a == LooksRight) && i >= 0:
		t.Steps[i].State, t.Steps[i].Ended = StepSkipped, now
	case a == GiveUp && i >= 0:
		t.Steps[i].State = StepFailed
		if t.Steps[i].Error == "" {
			t.Steps[i].Error = "Given up by a person."
		}
	case i >= 0:
		t.Steps[i].State = StepWaiting
	}
	t.State, t.NotUntil, t.Reason = TaskQueued, time.Time{}, ""
	t.Data = "" // whoever has looked says that it may go on where it is
	return t, nil
}
