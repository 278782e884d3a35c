package fleet

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// A planMove is what MovePlan decided.
type planMove struct {
	plan    Plan
	tasks   []Task
	lines   []PlanEvent
	changed bool
}

// MovePlan is the rule of what a plan does next: it ends, pauses, or lets as
// many sites begin as its limits, windows and freezes admit; drifted ones are
// left out. A wave begins when nothing of the one before is under way. Only
// sites that w knows are begun. Pure.
func MovePlan(p Plan, w present, now time.Time) planMove {
	if !p.hasUnstarted() {
		if p.waveOver() {
			return finished(p, now)
		}
		return planMove{plan: p}
	}
	if p.State == PlanPaused {
		return planMove{plan: p}
	}
	if why, asked := w.whyPause(p); why != "" {
		p, _ = pausePlan(p, why)
		p.Asked = asked
		return planMove{plan: p, changed: true, lines: []PlanEvent{{Text: "Paused: " + why, Tone: Warn}}}
	}
	m := planMove{plan: p}
	if w.frozen(p, now) != nil {
		return m
	}
	m.plan.Sites = slices.Clone(p.Sites)
	room := p.room()
	wave := p.mayStart()
	for i, s := range m.plan.Sites {
		if s.Wave != wave || !s.unstarted() {
			continue
		}
		if w.known[s.URI] {
			m.begin(i, &room, w, now)
		}
	}
	return m
}

// begin lets the ith site of the plan begin if it may.
func (m *planMove) begin(i int, room *places, w present, now time.Time) {
	s := &m.plan.Sites[i]
	if note := w.unfit(m.plan, *s); note != "" {
		s.Progress, s.Note, m.changed = SiteLeftOut, note, true
		m.lines = append(m.lines, PlanEvent{Text: string(s.URI) + " is left out. " + note, Tone: Warn})
		return
	}
	if _, mute := w.silent[s.Host]; mute {
		return
	}
	if opens := w.opens(m.plan, *s, now); opens != 0 {
		m.changed = m.changed || s.Opens != opens
		s.Opens = opens
		return
	}
	if !room.take(s.Host) {
		return
	}
	t := w.task(m.plan, *s, i)
	t.Created = now
	s.Task, s.Opens, m.changed = t.ID, 0, true
	m.plan.State, m.plan.Wave = PlanRunning, s.Wave
	m.tasks = append(m.tasks, t)
}

// whyPause says why nothing more of a plan may begin without a person; "" if it
// may. asked reports that the plan only waits until a question is answered.
func (w present) whyPause(p Plan) (why string, asked bool) {
	if why = w.moved(p); why != "" {
		return why, false
	}
	return p.whyAsk(w.silent)
}

// whyAsk is the part of whyPause that the plan knows itself: too many failures,
// or a site of which nobody can tell how it went.
func (p Plan) whyAsk(silent map[HostName]time.Time) (why string, asked bool) {
	if failed := len(p.in(SiteBack, SiteBroken)); p.Failures >= 0 && failed-p.Forgiven > p.Failures {
		return fmt.Sprintf("%s failed, and this plan tolerates %d.", Plural(failed, "site", "sites"), p.Failures+p.Forgiven), false
	}
	why = p.doubt(silent)
	return why, why != ""
}

// AskPlan is the rule of what is not certain: a running plan with sites left
// pauses and asks, and goes on by itself once the answer is known. Pure.
func AskPlan(p Plan, silent map[HostName]time.Time) (Plan, []PlanEvent) {
	why, asked := p.whyAsk(silent)
	switch {
	case why != "":
		next, changed := pausePlan(p, why)
		if !changed {
			return p, nil
		}
		next.Asked = asked
		return next, []PlanEvent{{Text: "Paused: " + why, Tone: Warn}}
	case p.State == PlanPaused && p.Asked:
		p.State, p.Reason, p.Asked = PlanRunning, "", false
		p.Revision++
		return p, []PlanEvent{{Text: "It goes on: what it asked about is settled."}}
	}
	return p, nil
}

// doubt says why nobody can tell how a site went; "" if everything is known, or
// people went on knowing it. silent are hosts that are not heard of.
func (p Plan) doubt(silent map[HostName]time.Time) string {
	for _, s := range p.Sites {
		if s.Known {
			continue
		}
		switch last, mute := silent[s.Host]; {
		case s.Progress == SiteHeld:
			return string(s.URI) + " waits for a person. " + s.Note
		case s.Progress == SiteBroken:
			return string(s.URI) + " failed and needs a person. " + s.Note
		case mute && s.underWay():
			return fmt.Sprintf("Host %s, where %s is under way, was heard of last: %s.", s.Host, s.URI, Moment(last))
		}
	}
	return ""
}

func (s PlanSite) unstarted() bool { return s.Progress == SiteWaiting && s.Task == "" }

// underWay reports whether a task of the site was ordered and has not ended.
func (s PlanSite) underWay() bool {
	return s.Progress == SiteRunning || s.Progress == SiteHeld || s.Progress == SiteWaiting && s.Task != ""
}

// waveOver reports whether no site is under way.
func (p Plan) waveOver() bool { return !slices.ContainsFunc(p.Sites, PlanSite.underWay) }

// mayStart is the number of the wave whose sites may begin: the one under way
// until all of its sites have begun, and the next one when they have ended; 0
// for none.
func (p Plan) mayStart() int {
	i := slices.IndexFunc(p.Sites, PlanSite.unstarted)
	if i < 0 {
		return 0
	}
	next := p.Sites[i].Wave
	for _, s := range p.Sites {
		if s.underWay() && s.Wave < next {
			return 0
		}
	}
	return next
}

// unfit says why a site is left out of a wave that begins; "" if it is not.
func (w present) unfit(p Plan, s PlanSite) string {
	if why := w.drift(s); why != "" {
		return why
	}
	now := w.sites[s.URI]
	switch {
	case p.unvoted() && !w.dist.free(now):
		return "Nobody confirmed this, and the rules do not let it upgrade without that any more."
	case p.Kind == Rollback && (now.Previous == 0 || now.From != p.To):
		return "Its earlier copy is gone."
	case p.Kind != Rollback && now.Pinned != "":
		return "It is pinned: " + now.Pinned
	case now.Lock.Task != "" && now.Lock.Task != s.Task && !isTrial(p.ID, now.Lock.Task):
		return "Task " + string(now.Lock.Task) + " works on it."
	}
	return ""
}

// unvoted reports whether a plan runs by policy, without a person's vote.
func (p Plan) unvoted() bool { return len(p.Votes) == 0 }

// task makes the task of a plan's ith site. One that was withdrawn is followed
// by one of another name.
func (w present) task(p Plan, s PlanSite, i int) Task {
	name := fmt.Sprintf("%s-%d", p.ID, i)
	if s.Try > 0 {
		name += fmt.Sprintf("-%d", s.Try)
	}
	t := Task{
		ID: TaskID(name), Kind: TaskMigrate, Host: s.Host, About: string(s.URI), Plan: p.ID,
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
	if p.unvoted() {
		t.Params[ParamFree] = w.dist.Policy.Free
	}
	keep := w.dist.Policy.Keep
	if keep == 0 {
		keep = DefaultKeep
	}
	t.Params[ParamKeep] = strconv.Itoa(keep)
	if w.dist.Policy.Rehearse {
		t.Params[ParamRehearse] = "1"
	}
	if look := w.dist.Policy.Look; look != LookNever {
		t.Params[ParamLook] = string(look)
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
