package hosting

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

// rehearse tries a move on a copy of the site that is made while visitors go on
// writing: the new code with the site's own data, without mail, cron and the
// network, checked unseen. It says whether the move would go well and how long
// visitors would wait. Nothing of the site is touched.
func (w *Worker) rehearse(t fleet.Task) job.Recipe {
	steps := []job.Step{
		{Name: stepPreflight, Title: "check the site and its new platform", Do: w.preflightRehearse, Repeatable: true, Limit: 2 * time.Minute},
	}
	steps = append(steps, w.trial(t)...)
	steps = append(steps, job.Step{Name: "record", Title: "say how it went", Do: w.recordRehearsal, Repeatable: true, Limit: time.Minute})
	return job.Recipe{
		Steps: steps,
		Back:  []job.Step{{Name: "back-clear", Title: "delete the rehearsal", Do: w.clearTrial, Repeatable: true, Limit: 10 * time.Minute}},
		Beat:  w.beat,
		Ended: w.rehearsed,
	}
}

// trial are the steps of a rehearsal, alone or before a move.
func (w *Worker) trial(t fleet.Task) []job.Step {
	steps := []job.Step{
		{Name: "try-prepare", Title: "prepare a rehearsal", Do: w.lay(w.onTrial), Repeatable: true, Limit: 10 * time.Minute},
		{Name: "try-copy", Title: "rehearse: copy the site's data", Do: w.fill(w.onTrial), Repeatable: true, Limit: 2 * time.Hour},
		{Name: "try-update", Title: "rehearse: run the updates", Do: w.afresh("try-update", w.onTrial, w.update), Repeatable: true, Limit: 24 * time.Hour},
		{Name: "try-check", Title: "rehearse: check the copy", Do: w.check(w.onTrial), Repeatable: true, Limit: 5 * time.Minute},
		{Name: "try-clear", Title: "delete the rehearsal", Do: w.clearTrial, Repeatable: true, Limit: 10 * time.Minute},
	}
	for i := range steps {
		steps[i].Do = untouched(steps[i].Do)
	}
	if t.Params[fleet.ParamLook] == "" {
		return steps
	}
	last := len(steps) - 1
	return slices.Concat(
		[]job.Step{{Name: fleet.StepLookBefore, Title: "take pictures of the site", Do: w.lookBefore, Repeatable: true, Limit: lookLimit}},
		steps[:last],
		[]job.Step{{Name: fleet.StepLookAfter, Title: "look at the new copy", Do: w.lookAfter, Repeatable: true, Limit: lookLimit}},
		steps[last:],
	)
}

// untouched says of a failure that it was one of the rehearsal.
func untouched(do func(context.Context, *job.Scope) error) func(context.Context, *job.Scope) error {
	return func(ctx context.Context, s *job.Scope) error {
		err := do(ctx, s)
		if fleet.CodeOf(err) != fleet.Failed {
			return err
		}
		return fleet.Errorf(fleet.Failed, "In the rehearsal, the site untouched: %s", Sentence(err)).Because(err)
	}
}

// onTrial describes the rehearsal of the generation that a task makes.
func (w *Worker) onTrial(ctx context.Context, s *job.Scope) (Copy, error) {
	c, err := w.next(ctx, s)
	c.Rehearsal = true
	return c, err
}

func (w *Worker) clearTrial(ctx context.Context, s *job.Scope) error {
	if _, ok := startOf(s); !ok {
		return nil
	}
	c, err := w.onTrial(ctx, s)
	if err != nil {
		return err
	}
	return w.Backend.Abandon(ctx, c)
}

// preflightRehearse takes the site's lock: two tasks would disturb each other.
func (w *Worker) preflightRehearse(ctx context.Context, s *job.Scope) error {
	site, err := w.claim(ctx, s, fleet.SiteClaim{})
	if err != nil {
		return refused(err)
	}
	if err := w.agrees(ctx, site); err != nil {
		return refused(err)
	}
	to := fleet.PlatformName(s.Param(fleet.ParamPlatform))
	if err := w.serves(ctx, to); err != nil {
		return refused(err)
	}
	if err := w.room(ctx, site); err != nil {
		return refused(err)
	}
	w.keepStart(s, site, to, site.Generation)
	return nil
}

// recordRehearsal keeps how long visitors would wait: as long as copying,
// updating and checking took.
func (w *Worker) recordRehearsal(ctx context.Context, s *job.Scope) error {
	s.Keep("window_ms", strconv.FormatInt(trialWindow(s.Task).Milliseconds(), 10))
	return w.putRehearsal(ctx, s, "")
}

// trialWindow is what of a rehearsal would happen while visitors wait.
func trialWindow(t fleet.Task) time.Duration {
	var sum time.Duration
	for _, name := range []string{"try-copy", "try-update", "try-check"} {
		r, _ := t.Step(name)
		sum += r.Ended.Sub(r.Started)
	}
	return sum
}

func (w *Worker) putRehearsal(ctx context.Context, s *job.Scope, reason string) error {
	st, _ := startOf(s)
	r := fleet.Rehearsal{
		URI: fleet.URI(s.Task.About), From: st.from, To: st.to, Generation: st.generation, OK: reason == "", Reason: reason,
		Bytes: number(s.Value("try-copy", "bytes")), Task: s.Task.ID,
	}
	if r.OK {
		r.Window = fleet.Duration(trialWindow(s.Task).Milliseconds())
	}
	return patient(ctx, func() error { return w.Sites.Rehearsed(ctx, r, s.Task.Shows) })
}

// rehearsed records a failure and gives the lock back.
func (w *Worker) rehearsed(ctx context.Context, s *job.Scope, to fleet.TaskState, reason string) error {
	if _, begun := startOf(s); begun && to == fleet.TaskFailed {
		if err := w.putRehearsal(ctx, s, orDefault(reason, "The reason is in the log of task "+string(s.Task.ID)+".")); err != nil {
			return err
		}
	}
	return w.ended(ctx, s, to, reason)
}
