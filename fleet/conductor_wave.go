package fleet

import (
	"context"
	"fmt"
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
	now, err := c.now(ctx, PlanFamily(p.ID))
	if err != nil {
		return false, err
	}
	var w *present
	preview, _, _ := SyncPlan(p, r)
	if some := preview.candidates(now); len(some) > 0 || preview.waveOver() {
		have, err := c.Planner.present(ctx, p, some)
		if err != nil {
			return false, err
		}
		w = &have
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

// now is the time by the store's clock.
func (c *Conductor) now(ctx context.Context, fam Family) (now time.Time, err error) {
	err = c.Store.Update(ctx, fam, func(tx Tx) error { now = tx.Now(); return nil })
	return now, err
}

// conduct applies the rules to a plan and commits what they change.
func conduct(tx Tx, p Plan, r reports, w *present) (again bool) {
	before := p.State
	silent := r.silent(tx.Now())
	p, lines, changed := SyncPlan(p, r)
	p, asked := AskPlan(p, silent)
	lines, changed = append(lines, asked...), changed || len(asked) > 0
	var tasks []Task
	if w != nil {
		w.silent = silent
		m := MovePlan(p, *w, tx.Now())
		p, tasks, changed, lines = m.plan, m.tasks, changed || m.changed, append(lines, m.lines...)
		going := p.State == PlanApproved || p.State == PlanRunning
		again = m.changed && going && (len(tasks) == 0 || len(p.candidates(tx.Now())) > 0)
		if why := p.heldBack(*w, tx.Now()); !again && why != p.Told {
			p.Told, changed = why, true
			if why != "" {
				lines = append(lines, PlanEvent{Text: why})
			}
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
		tx.Emit(withdrawals(p)...)
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
