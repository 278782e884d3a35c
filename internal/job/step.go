package job

import (
	"context"
	"fmt"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// A Recipe is what a kind of task does, readable from top to bottom.
type Recipe struct {
	Steps []Step // forward
	Back  []Step // the way back, walked when a forward step fails with a plain error
	// Last names the last step before which a task may still be cancelled by a
	// person without a way back; "" means the first.
	Last string
	// Beat is called with each renewal of the task's lease, to renew what the
	// task holds besides (its site's lock). An error of code Stale ends the
	// work at once. Nil does nothing.
	Beat func(ctx context.Context, s *Scope) error
	// Live recipes have the end of their log shown while they run: the message
	// of the task is edited with a renewal of its lease if there are new lines.
	Live bool
	// Ended is called once the outcome is journaled or about to be, inside no
	// step: to record elsewhere what became of the task. It must be idempotent;
	// it is called before the task's last journal entry. Nil does nothing.
	Ended func(ctx context.Context, s *Scope, to fleet.TaskState, reason string) error
}

// last gives the name of the last step before which a task may be cancelled.
func (r Recipe) last() string {
	if r.Last == "" && len(r.Steps) > 0 {
		return r.Steps[0].Name
	}
	return r.Last
}

// A Step is one idempotent action.
type Step struct {
	Name  string // key in the journal: new steps may be added, none renamed
	Title string // as people read it while it runs: "copy the site's data"
	// Do acts. Its context ends when the step's time is over or the task is
	// lost to another worker, not when the process is asked to stop: a running
	// step is allowed to end (Runner.Grace). What it returns decides:
	// nil is done; an error made by Ask holds the task for a person; one made
	// by Stop ends it as failed without the way back; any other error walks
	// back.
	Do func(ctx context.Context, s *Scope) error
	// Done asks the machine, after a crash, whether Do's effect is there. Nil
	// means it cannot tell.
	Done func(ctx context.Context, s *Scope) (Verdict, error)
	// Repeatable steps run again after a crash when Done says No or cannot
	// tell (because Do is idempotent, whatever happened before).
	Repeatable bool
	// Publishes marks a step whose effect everybody sees at once: that it begins
	// and that it is done are on the storage's disk before the work goes on.
	Publishes bool
	Limit     time.Duration // of one Do; 0 means ten minutes
	// Interrupt lets a person's cancel end a running Do at its next renewal of
	// the lease; the task is then cancelled. Only for steps whose half-done work
	// Ended clears away.
	Interrupt bool
}

// A Verdict is the answer of a Done check.
type Verdict int

// The verdicts.
const (
	CannotTell Verdict = iota
	Yes                // the effect is wholly there
	No                 // the effect is wholly absent
)

// A Scope is what a step sees of its task.
type Scope struct {
	Task   fleet.Task        // as it was when the step was begun
	Fence  int64             // the task fence, for op ids: <task>/<step> is constant, the fence rises
	Result map[string]string // journaled with "done"; later steps read it with Value
	Log    func(format string, args ...any)
	Now    time.Time // when the step was begun, by the store's clock
}

// Value gives what an earlier step journaled.
func (s *Scope) Value(step, key string) string {
	r, _ := s.Task.Step(step)
	return r.Result[key]
}

// Param gives a parameter of the task.
func (s *Scope) Param(key string) string { return s.Task.Params[key] }

// Keep journals a value with this step's "done".
func (s *Scope) Keep(key, value string) {
	if s.Result == nil {
		s.Result = map[string]string{}
	}
	s.Result[key] = value
}

// Ask makes an error that holds the task: nobody but a person can tell how to
// go on.
func Ask(format string, args ...any) error {
	return &verdictError{hold: true, text: fmt.Sprintf(format, args...)}
}

// Stop makes an error that ends the task as failed and leaves everything where
// it is, without the way back.
func Stop(format string, args ...any) error { return &verdictError{text: fmt.Sprintf(format, args...)} }

type verdictError struct {
	hold bool
	text string
}

func (e *verdictError) Error() string { return e.text }
