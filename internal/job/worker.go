package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// A worker works on one claimed task.
type worker struct {
	r      *Runner
	ref    fleet.TaskRef
	recipe Recipe
	cannot error // why there is no recipe
	// outlived says that the storage was restored from a backup while the task
	// was under way: what it did since is not in its journal.
	outlived bool
	// elsewhere says that the task was begun in another data directory.
	elsewhere bool
	former    fleet.TaskState // how the task has ended here already; "" if it has not
	forgotten bool            // it is older than what this machine remembers
	log       *slog.Logger
	out       *output
	fence     int64
	held      bool // nothing was begun, because something holds it back

	publishes bool // the current step: its entries have to last before the work goes on

	stop context.Context // ends when the process shall stop: begin nothing new
	life context.Context // ends when the task is lost: stop at once
	lose context.CancelCauseFunc
	beat sync.WaitGroup     // the heartbeat
	quit context.CancelFunc // ends it
	off  func() bool        // forgets to watch stop

	mu        sync.Mutex
	task      fleet.Task // as it was written or read last
	renewed   time.Time  // when the last renewal that succeeded was begun, by this machine's clock
	asked     time.Time  // the same moment by the store's clock
	stopped   time.Time  // when stop ended; zero before
	interrupt func()     // ends the running step because a person cancels; nil if that must not be
}

// begin starts the heartbeat of a task that was just claimed.
func (w *worker) begin(t fleet.Task) {
	w.task, w.fence = t, t.Fence
	w.log = w.r.log().With(slog.String("task", string(t.ID)), slog.String("kind", string(t.Kind)),
		slog.String("about", t.About), slog.Int64("fence", t.Fence))
	w.log.Info("task claimed", slog.Int("claims", t.Claims))
	w.life, w.lose = context.WithCancelCause(context.WithoutCancel(w.stop))
	w.out = newOutput(w.r.Logs, w.ref, w.log)
	var beating context.Context
	beating, w.quit = context.WithCancel(w.life)
	w.beat.Go(func() { w.heartbeat(beating) })
	w.off = context.AfterFunc(w.stop, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.stopped = time.Now()
	})
}

// graceLeft is how long the process may still go on.
func (w *worker) graceLeft() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped.IsZero() {
		return w.r.grace()
	}
	if w.r.hurried() {
		return 0
	}
	return w.r.grace() - time.Since(w.stopped)
}

// close ends the heartbeat and writes out the log.
func (w *worker) close() {
	w.off()
	w.quit()
	w.beat.Wait()
	w.lose(errOver)
	w.out.close()
}

var errOver = errors.New("job: the task is over here")

func (w *worker) snapshot() fleet.Task {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.task
}

// scope is what a step sees.
func (w *worker) scope(step string) *Scope {
	return &Scope{Task: w.snapshot(), Fence: w.fence, Log: w.out.logger(step), Now: w.now()}
}

// work walks the steps until the task is over here.
func (w *worker) work() error {
	if w.former != "" {
		w.log.Warn("the record of a task that has ended here was an older one; nothing is run", slog.String("ended", string(w.former)))
		return w.last("", fleet.StepFailed, w.former, "This host had ended it already ("+string(w.former)+"); its record in Redis was an older one. Nothing was run.")
	}
	if w.forgotten {
		return w.hold("", "It was ordered so long ago that this host cannot tell any more whether it has done it. Give it up, and order it again.")
	}
	if w.elsewhere {
		return w.hold("", "It was begun by a worker with another data directory; what that one did cannot be seen from here. Compare both machines before you answer.")
	}
	if w.cannot != nil {
		w.log.Error("no recipe", slog.Any("error", w.cannot))
		return w.hold("", "This worker does not know how to do this task; update it, then run the task again.")
	}
	if w.outlived {
		return w.hold("", "The storage was restored from a backup while this was under way. What was done since that backup is not in the journal.")
	}
	for {
		t := w.snapshot()
		cur, more := t.Current()
		switch {
		case w.life.Err() != nil:
			return context.Cause(w.life)
		case w.stop.Err() != nil:
			return w.handBack()
		case !more && t.GoBack:
			return w.end("", fleet.TaskFailed, t.Reason)
		case !more:
			return w.end("", fleet.TaskDone, "")
		}
		over, err := w.advance(t, cur)
		if over || err != nil {
			return err
		}
	}
}

// advance does what is next for the current step and reports whether the task
// is over here.
func (w *worker) advance(t fleet.Task, cur fleet.StepRecord) (over bool, err error) {
	step, known := w.step(cur)
	w.publishes = step.Publishes
	switch {
	case cur.State == fleet.StepFailed: // given up by a person, or the worker died before the way back
		return w.failed(cur, cur.Error)
	case !known:
		return true, w.hold("", "This worker does not know the step “"+cur.Name+"”; update it, then run the task again.")
	case cur.State == fleet.StepWaiting && w.cancelled(t, cur):
		return true, w.end("", fleet.TaskCancelled, "Cancelled.")
	case cur.State == fleet.StepWaiting && fleet.Overdue(t, w.r.deadline(t.Kind), w.now()):
		return w.failed(cur, fmt.Sprintf("It was not done within %s, which is the limit for tasks of kind %s.", w.r.deadline(t.Kind), t.Kind))
	case cur.State == fleet.StepWaiting:
		return w.perform(step)
	}
	return w.observe(step)
}

// step finds the recipe's step for a journal entry.
func (w *worker) step(rec fleet.StepRecord) (Step, bool) {
	steps := w.recipe.Steps
	if rec.Back {
		steps = w.recipe.Back
	}
	i := slices.IndexFunc(steps, func(s Step) bool { return s.Name == rec.Name })
	if i < 0 {
		return Step{}, false
	}
	return steps[i], true
}

// cancelled reports whether a person asked to cancel and it is not too late:
// the recipe's last step for that has not been begun.
func (w *worker) cancelled(t fleet.Task, cur fleet.StepRecord) bool {
	if !t.Stop || t.GoBack {
		return false
	}
	last := w.recipe.last()
	at := func(name string) int {
		return slices.IndexFunc(t.Steps, func(s fleet.StepRecord) bool { return s.Name == name })
	}
	return at(cur.Name) <= at(last)
}

// observe settles a step whose worker died: certainly done goes on, certainly
// not done runs again if it is repeatable, anything else is a person's.
func (w *worker) observe(step Step) (over bool, err error) {
	scope := w.scope(step.Name)
	switch w.check(step, scope) {
	case Yes:
		scope.Log("It was done before the worker stopped.")
		return false, w.journal(fleet.StepChange{Step: step.Name, To: fleet.StepDone, Result: scope.Result})
	case No:
		scope.Log("It had not been done when the worker stopped.")
	default:
		scope.Log("Nobody can tell whether it was done when the worker stopped.")
	}
	if step.Repeatable {
		return w.perform(step)
	}
	return true, w.hold(step.Name, "The worker stopped during this step and it cannot be told whether it was done.")
}

// perform begins a step, runs it, and journals what came of it.
func (w *worker) perform(step Step) (over bool, err error) {
	if err := w.start(step); err != nil {
		if errors.Is(err, errCancelled) {
			return true, w.end("", fleet.TaskCancelled, "Cancelled.")
		}
		return true, err
	}
	scope := w.scope(step.Name)
	err = w.do(step, scope)
	var v *verdictError
	var broke *brokenError
	switch {
	case w.life.Err() != nil:
		return true, context.Cause(w.life)
	case errors.Is(err, errCancelled):
		scope.Log("Cancelled.")
		return true, w.end(step.Name, fleet.TaskCancelled, "Cancelled.")
	case errors.Is(err, errCut): // by shutdown: the next claimer observes it
		return true, w.handBack()
	case errors.Is(err, errStuck):
		return true, err
	case err == nil:
		return false, w.journal(fleet.StepChange{Step: step.Name, To: fleet.StepDone, Result: scope.Result})
	case fleet.CodeOf(err) == fleet.Held && !w.begun():
		scope.Log("Not now: %s", plain(err))
		return true, w.withdraw(step.Name, plain(err))
	case errors.As(err, &broke):
		w.log.Error("step broke", slog.String("step", step.Name), slog.String("why", broke.detail))
		return true, w.hold(step.Name, broke.text)
	case errors.As(err, &v) && v.hold:
		return true, w.hold(step.Name, v.text)
	case errors.As(err, &v):
		return true, w.end(step.Name, fleet.TaskFailed, v.text)
	case fleet.CodeOf(err) == fleet.Stale: // the machine knows a later holder
		w.lose(err)
		return true, err
	}
	w.log.Warn("step failed", slog.String("step", step.Name), slog.Any("error", err))
	rec, _ := w.snapshot().Step(step.Name)
	return w.failed(rec, plain(err))
}

// begun reports whether some step of the task was done.
func (w *worker) begun() bool {
	t := w.snapshot()
	return t.GoBack || slices.ContainsFunc(t.Steps, func(s fleet.StepRecord) bool {
		return s.State == fleet.StepDone || s.State == fleet.StepSkipped
	})
}

// failed walks back, or ends the task if there is no way back. A step of the
// way back that fails is for a person.
func (w *worker) failed(cur fleet.StepRecord, reason string) (over bool, err error) {
	t := w.snapshot()
	scope := w.scope(cur.Name)
	scope.Log("Failed: %s", reason)
	switch {
	case t.GoBack && cur.State != fleet.StepFailed:
		return true, w.hold(cur.Name, reason)
	case t.GoBack || len(w.recipe.Back) == 0:
		return true, w.end(cur.Name, fleet.TaskFailed, reason)
	}
	return false, w.goBack(cur.Name, reason)
}

// plain gives the sentence of an error that is fit for people; other faults
// keep their text too, because it is the task's log that people look into.
func plain(err error) string {
	var e *fleet.Error
	if errors.As(err, &e) {
		return fleet.Clean(e.Text, 500)
	}
	return fleet.Clean(err.Error(), 500)
}
