package fleet

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// successLines is up to how many sites each success has a line of its own in
// the thread; beyond, waves are summed up.
const successLines = 20

// step does what is next for a confirmed plan, in one commit. again reports
// that there may be more to do at once.
func (c *Conductor) step(ctx context.Context, p Plan) (again bool, err error) {
	r, err := c.reports(ctx, p)
	if err != nil {
		return false, err
	}
	var w *present
	if preview, _, _ := SyncPlan(p, r); preview.waveOver() {
		wave := preview.nextWave()
		now, err := c.Planner.present(ctx, p, wave)
		if err != nil {
			return false, err
		}
		w = &now
	}
	err = c.Store.Update(ctx, PlanFamily(p.ID), func(tx Tx) error {
		again = false
		now := Plan{ID: p.ID}
		if err := must(tx, &now, "plan "+string(p.ID)); err != nil {
			return err
		}
		if now.State != p.State || now.Wave != p.Wave || now.Revision != p.Revision {
			again = true
			return nil
		}
		again = conduct(tx, now, r, w)
		return nil
	})
	return again, err
}

// conduct applies the rules to a plan and commits what they change.
func conduct(tx Tx, p Plan, r reports, w *present) (again bool) {
	before := p.State
	p, lines, changed := SyncPlan(p, r)
	var tasks []Task
	if w != nil && p.waveOver() {
		m := MovePlan(p, *w, tx.Now())
		if m.changed {
			p, tasks, changed = m.plan, m.tasks, true
			lines = append(lines, m.lines...)
			again = len(tasks) == 0 && p.State == PlanRunning
		}
	}
	if !changed {
		return false
	}
	for _, l := range lines {
		tell(tx, &p, l.Text, l.Tone)
	}
	tx.Put(&p)
	for i := range tasks {
		tx.Emit(Effect{Task: &tasks[i]})
	}
	tx.Emit(edited(SubjectOf(AboutPlan, string(p.ID))))
	if p.State != before && p.State != PlanRunning {
		tx.Emit(audited(tx, System("conductor"), "plan."+string(p.State), string(p.ID), "reason", p.Reason))
	}
	if p.State.Final() && p.Kind == Upgrade && w.dist.Target != "" && w.dist.Target != p.To {
		tx.Emit(Effect{Offer: p.Distribution}) // its sites were busy when the target moved
	}
	return again
}

// tell adds a line to a plan's thread. The log is bounded; its last line says
// so.
func tell(tx Tx, p *Plan, text string, tone Tone) {
	n := len(p.Log)
	if n >= MaxPlanLog {
		return
	}
	if n == MaxPlanLog-1 {
		text, tone = "More lines follow in the tasks.", Neutral
	}
	p.Log = append(p.Log[:n:n], PlanEvent{At: tx.Now(), Text: Clean(text, 500), Tone: tone})
	tx.Emit(Effect{Notice: &Notice{
		Subject: SubjectOf(AboutPlanLog, fmt.Sprintf("%s/%d", p.ID, n)),
		Channel: p.Channel, Parent: SubjectOf(AboutPlan, string(p.ID)),
	}})
}

// waveOver reports whether no site is under way.
func (p Plan) waveOver() bool {
	return !slices.ContainsFunc(p.Sites, func(s PlanSite) bool {
		return s.Progress == SiteRunning || s.Progress == SiteHeld || s.Progress == SiteWaiting && s.Task != ""
	})
}

// nextWave gives the sites of the first wave that has not begun.
func (p Plan) nextWave() []PlanSite {
	var out []PlanSite
	for _, s := range p.Sites {
		if s.Progress == SiteWaiting && s.Task == "" && (len(out) == 0 || s.Wave == out[0].Wave) {
			out = append(out, s)
		}
	}
	return out
}

// A planMove is what MovePlan decided.
type planMove struct {
	plan    Plan
	tasks   []Task
	lines   []PlanEvent
	changed bool
}

// MovePlan is the rule of a plan none of whose sites is under way: it ends,
// pauses, or begins its next wave, from which drifted sites are left out. Pure.
func MovePlan(p Plan, w present, now time.Time) planMove {
	wave := p.nextWave()
	if len(wave) == 0 {
		return finished(p, now)
	}
	if p.State == PlanPaused {
		return planMove{plan: p}
	}
	why := w.moved(p)
	if failed := len(p.in(SiteBack, SiteBroken)); why == "" && p.Failures >= 0 && failed-p.Forgiven > p.Failures {
		why = fmt.Sprintf("%s failed, and this plan tolerates %d.", Plural(failed, "site", "sites"), p.Failures+p.Forgiven)
	}
	if why != "" {
		p, _ = pausePlan(p, why)
		return planMove{plan: p, changed: true, lines: []PlanEvent{{Text: "Paused: " + why, Tone: Warn}}}
	}
	m := planMove{plan: p, changed: true}
	m.plan.Sites = slices.Clone(p.Sites)
	m.plan.State, m.plan.Wave = PlanRunning, wave[0].Wave
	for i, s := range m.plan.Sites {
		if s.Progress != SiteWaiting || s.Wave != m.plan.Wave || s.Task != "" {
			continue
		}
		if note := w.unfit(p, s); note != "" {
			m.plan.Sites[i].Progress, m.plan.Sites[i].Note = SiteLeftOut, note
			m.lines = append(m.lines, PlanEvent{Text: string(s.URI) + " is left out. " + note, Tone: Warn})
			continue
		}
		t := w.task(p, s, i)
		t.Created = now
		m.plan.Sites[i].Task = t.ID
		m.tasks = append(m.tasks, t)
	}
	return m
}

// unfit says why a site is left out of a wave that begins; "" if it is not.
func (w present) unfit(p Plan, s PlanSite) string {
	if why := w.drift(s); why != "" {
		return why
	}
	now := w.sites[s.URI]
	switch {
	case p.Kind == Rollback && (now.Previous == 0 || now.From != p.To):
		return "Its earlier copy is gone."
	case p.Kind != Rollback && now.Pinned != "":
		return "It is pinned: " + now.Pinned
	case now.Lock.Task != "" && now.Lock.Task != s.Task && !isTrial(p.ID, now.Lock.Task):
		return "Task " + string(now.Lock.Task) + " works on it."
	}
	return ""
}

// task makes the task of a plan's ith site.
func (w present) task(p Plan, s PlanSite, i int) Task {
	t := Task{
		ID: TaskID(fmt.Sprintf("%s-%d", p.ID, i)), Kind: TaskMigrate, Host: s.Host, About: string(s.URI), Plan: p.ID,
		By: p.Requester, State: TaskQueued, Shows: SubjectOf(AboutPlan, string(p.ID)), Urgent: len(moving(p)) == 1,
		Params: map[string]string{
			ParamPlatform: string(p.To), ParamFrom: string(s.From), ParamGeneration: strconv.FormatInt(s.Generation, 10),
		},
	}
	if n := len(p.Votes); n > 0 {
		t.By = p.Votes[n-1].Who
	}
	switch p.Kind {
	case Rollback:
		t.Kind = TaskRollback
		t.Params[ParamBack] = strconv.FormatInt(w.sites[s.URI].Previous, 10)
		return t
	case Upgrade:
		t.Params[ParamTarget] = string(p.Aim)
		t.Params[ParamRules] = strconv.FormatInt(p.Rules, 10)
	}
	keep := w.dist.Policy.Keep
	if keep == 0 {
		keep = DefaultKeep
	}
	t.Params[ParamKeep] = strconv.Itoa(keep)
	if w.dist.Policy.Rehearse {
		t.Params[ParamRehearse] = "1"
	}
	return t
}

// finished ends a plan that has nothing more to do.
func finished(p Plan, now time.Time) planMove {
	failed, untested := len(p.in(SiteBack, SiteBroken)), len(p.in(SiteUntested))
	m := planMove{changed: true}
	switch {
	case failed == 0 && untested == 0:
		m.plan = endPlan(p, PlanDone, "", now)
		m.lines = []PlanEvent{{Text: "Finished: " + planOutcome(p), Tone: Good}}
		return m
	case untested > 0:
		m.plan = endPlan(p, PlanFailed, fmt.Sprintf("%s %s not started.", p.Reason, Plural(untested, "site was", "sites were")), now)
	default:
		m.plan = endPlan(p, PlanFailed, fmt.Sprintf("%d of %s failed.", failed, Plural(len(moving(p)), "site", "sites")), now)
	}
	m.lines = []PlanEvent{{Text: "Ended: " + planOutcome(p), Tone: Bad}}
	return m
}
