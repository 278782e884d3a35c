package fleet

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// reports are how the tasks of a plan's sites stand, and where the sites of
// failed ones are.
type reports struct {
	tasks map[TaskID]Task
	sites map[URI]Site
	dist  Distribution // read when a task has failed
	hosts []Host       // where sites are under way or still to begin
}

// reports reads the tasks of the sites that are under way.
func (c *Conductor) reports(ctx context.Context, p Plan) (reports, error) {
	r := reports{tasks: map[TaskID]Task{}, sites: map[URI]Site{}}
	var recs []Record
	var tasks []*Task
	for _, s := range p.in(SiteWaiting, SiteRunning, SiteHeld) {
		if s.Task != "" {
			t := &Task{ID: s.Task, Host: s.Host}
			tasks, recs = append(tasks, t), append(recs, t)
		}
	}
	hosts := p.hosts()
	for i := range hosts {
		recs = append(recs, &hosts[i])
	}
	if len(recs) == 0 {
		return r, nil
	}
	found, err := c.Store.Read(ctx, recs...)
	if err != nil {
		return r, err
	}
	r.hosts = hosts
	var failed []string
	for i, t := range tasks {
		if !found[i] {
			continue // its effect is still on the way
		}
		r.tasks[t.ID] = *t
		if t.State == TaskFailed {
			failed = append(failed, t.About)
		}
	}
	return r, c.whereabouts(ctx, p, failed, &r)
}

// whereabouts reads what became of the sites of failed tasks.
func (c *Conductor) whereabouts(ctx context.Context, p Plan, failed []string, r *reports) error {
	if len(failed) == 0 {
		return nil
	}
	rows, err := readRows(ctx, c.Store, failed, siteRow)
	if err != nil {
		return err
	}
	for _, s := range rows {
		r.sites[s.URI] = s
	}
	if p.Distribution == "" {
		return nil
	}
	r.dist.Name = p.Distribution
	_, err = c.Store.Read(ctx, &r.dist)
	return err
}

// drifted reports whether a failed task has changed nothing because its site was
// not as the plan had it any more.
func (r reports) drifted(s PlanSite, t Task) bool {
	now, ok := r.sites[s.URI]
	return t.untouched() && (!ok || now.Platform != s.From || now.Generation != s.Generation || t.Kind != TaskRollback && now.Pinned != "")
}

// outdated reports whether a failed task has changed nothing because its
// distribution said something else by then, while its site is as it was: the
// plan pauses for that, and if people continue, the site has its turn again.
func (r reports) outdated(s PlanSite, t Task) bool {
	if t.State != TaskFailed || !t.untouched() || r.drifted(s, t) {
		return false
	}
	rules, _ := strconv.ParseInt(t.Params[ParamRules], 10, 64)
	return stillRight(r.dist, SiteClaim{Target: PlatformName(t.Params[ParamTarget]), Rules: rules}) != nil
}

// untouched reports whether a task ended before its first step was done.
func (t Task) untouched() bool {
	return !t.GoBack && !slices.ContainsFunc(t.Steps, func(x StepRecord) bool { return x.State == StepDone || x.State == StepSkipped })
}

// SyncPlan is the rule that copies how tasks stand into a plan's sites. It
// gives the lines for the thread and whether anything has changed. Pure.
func SyncPlan(p Plan, r reports) (Plan, []PlanEvent, bool) {
	before := p.Sites
	p.Sites = slices.Clone(p.Sites)
	var lines []PlanEvent
	for i, s := range p.Sites {
		t, ok := r.tasks[s.Task]
		if ok && t.Withdrawn && s.Progress == SiteWaiting && s.Task != "" {
			p.Sites[i] = s.withdrawn(p)
			continue
		}
		if ok && r.outdated(s, t) && (s.Progress == SiteWaiting || s.Progress == SiteRunning) {
			p.Sites[i] = s.withdrawn(p)
			continue
		}
		if s.Task == "" || !ok || s.Progress == SiteDone || s.Progress == SiteBack || s.Progress == SiteBroken || s.Progress == SiteLeftOut {
			continue
		}
		next := r.site(s, t)
		p.Sites[i] = next
		if next.Progress == s.Progress {
			continue
		}
		p.Sites[i].Known = false
		if l, tells := p.line(next); tells {
			lines = append(lines, l)
		}
	}
	if slices.Equal(before, p.Sites) {
		return p, nil, false
	}
	// In small plans each site has a line of its own, which says it all.
	if p.Waves > 1 && len(moving(p)) > successLines && p.waveEnded() {
		lines = append(lines, p.summary())
	}
	return p, lines, true
}

// withdrawn is a site whose task was taken back before it had changed anything.
func (s PlanSite) withdrawn(p Plan) PlanSite {
	s.Progress, s.Task, s.Try, s.Note, s.Known = SiteWaiting, "", s.Try+1, "", false
	if p.Stopped {
		s.Progress = SiteUntested
	}
	return s
}

// waveEnded reports whether no site of the present wave is under way or still
// to begin.
func (p Plan) waveEnded() bool {
	return !slices.ContainsFunc(p.Sites, func(s PlanSite) bool { return s.underWay() || s.unstarted() && s.Wave == p.Wave })
}

// hosts are the hosts of the sites that have not ended, without what is known
// of them.
func (p Plan) hosts() []Host {
	var out []Host
	for _, s := range p.in(SiteWaiting, SiteRunning, SiteHeld) {
		if !slices.ContainsFunc(out, func(h Host) bool { return h.Name == s.Host }) {
			out = append(out, Host{Name: s.Host})
		}
	}
	return out
}

// silent gives the hosts that were heard of once and not lately, with when.
func (r reports) silent(now time.Time) map[HostName]time.Time {
	out := map[HostName]time.Time{}
	for _, h := range r.hosts {
		if !h.Seen.IsZero() && now.Sub(h.Seen) > HostSilent {
			out[h.Name] = h.Seen
		}
	}
	return out
}

// site says where one site stands by its task.
func (r reports) site(s PlanSite, t Task) PlanSite {
	s.Note = Clean(t.Reason, 300)
	switch t.State {
	case TaskRunning:
		s.Progress = SiteRunning
	case TaskQueued:
		if s.Progress == SiteHeld {
			s.Progress = SiteRunning
		}
	case TaskHeld:
		s.Progress = SiteHeld
	case TaskDone:
		s.Progress, s.Took = SiteDone, Duration(t.Ended.Sub(t.Begun).Milliseconds())
		s.Window = windowOf(t)
		if r, _ := t.Step("record"); r.Result[ResultLeft] != "" {
			s.Note = Clean(r.Result[ResultLeft], 300)
		}
	case TaskCancelled:
		s.Progress = SiteLeftOut
		if s.Note == "" {
			s.Note = "Its task was cancelled."
		}
	case TaskFailed:
		s.Progress, s.Window = SiteBroken, windowOf(t)
		if r.drifted(s, t) {
			s.Progress = SiteLeftOut
		} else if now, ok := r.sites[s.URI]; ok && now.Platform == s.From && now.State == SiteLive {
			s.Progress, s.Pinned = SiteBack, now.Pinned != ""
		}
	}
	return s
}

// windowOf is how long a site answered 503, as the task's steps have measured.
func windowOf(t Task) Duration {
	var sum int64
	for _, s := range t.Steps {
		if ms, err := strconv.ParseInt(s.Result["window_ms"], 10, 64); err == nil && ms > 0 {
			sum += ms
		}
	}
	return Duration(sum)
}

// line tells of one site in the thread: failures and held tasks always,
// successes in small plans.
func (p Plan) line(s PlanSite) (PlanEvent, bool) {
	switch s.Progress {
	case SiteDone:
		return PlanEvent{Text: fmt.Sprintf("%s was %s in %s.", s.URI, p.Kind.words().past, tellDuration(s.Took.Std())) + lead(s.Note), Tone: Good},
			len(moving(p)) <= successLines
	case SiteBack:
		return PlanEvent{Text: fmt.Sprintf("%s failed and is on %s. %s", s.URI, s.From, s.Note), Tone: Bad}, true
	case SiteBroken:
		return PlanEvent{Text: fmt.Sprintf("%s failed and needs a person. %s", s.URI, s.Note), Tone: Bad}, true
	case SiteHeld:
		return PlanEvent{Text: fmt.Sprintf("%s waits for a person. %s", s.URI, s.Note), Tone: Warn}, true
	case SiteLeftOut:
		return PlanEvent{Text: fmt.Sprintf("%s is left out. %s", s.URI, s.Note), Tone: Warn}, true
	}
	return PlanEvent{}, false
}

// lead is a sentence after another; "" if there is none.
func lead(note string) string {
	if note == "" {
		return ""
	}
	return " " + note
}

// summary tells how a wave went.
func (p Plan) summary() PlanEvent {
	done, failed := 0, 0
	for _, s := range p.Sites {
		if s.Wave != p.Wave {
			continue
		}
		done += bit(s.Progress == SiteDone)
		failed += bit(s.Progress == SiteBack || s.Progress == SiteBroken)
	}
	e := PlanEvent{Tone: Good, Text: fmt.Sprintf("Wave %d of %d is over: %s %s.", p.Wave, p.Waves, Plural(done, "site", "sites"), p.Kind.words().past)}
	if failed > 0 {
		e.Tone, e.Text = Bad, fmt.Sprintf("%s %s failed.", e.Text, Plural(failed, "site", "sites"))
	}
	return e
}
