package fleet_test

import (
	"fmt"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// code is what a platform holds.
type code struct{ commit, lock, tree string }

// A shownPlan is what people see of a plan at a revision.
type shownPlan struct {
	kind  fleet.PlanKind
	of    fleet.DistName
	to    fleet.PlatformName
	holds code // what that platform holds
	rules int64
	aim   fleet.PlatformName // the target when it was shown
	sites map[fleet.URI]shownSite
	state fleet.PlanState
	live  bool // it can be confirmed
}

// A shownSite is what people see of a site that is to be moved.
type shownSite struct {
	from       fleet.PlatformName
	holds      code
	generation int64
}

// A grant is what an approval covers.
type grant struct {
	shownPlan
	agreed  map[conditions]bool // target and rules as they were when people agreed, the first time and at each Continue
	stopped bool
	halted  bool               // paused by a person
	ordered map[fleet.URI]bool // sites whose task was ordered before the plan was stopped or paused
	done    map[fleet.URI]fleet.TaskID
}

// conditions is what people agree to besides what is shown.
type conditions struct {
	target fleet.PlatformName
	rules  int64
}

// A ledger knows, from what was shown and pressed alone, what may be done.
type ledger struct {
	grants  map[fleet.PlanID]*grant
	acted   map[fleet.TaskID]bool
	mover   map[fleet.URI]fleet.TaskID // who moved a site last
	begun   int                        // sites that tasks of plans have begun to change
	moved   int
	frozen  map[fleet.DistName]time.Time // until when
	refuted *refutation
}

// A refutation is what should never be. Two are of a sort if they have the same
// format.
type refutation struct{ format, text string }

func (r *refutation) Error() string { return r.text }

func newGrant(s shownPlan) *grant {
	return &grant{shownPlan: s, agreed: map[conditions]bool{{s.aim, s.rules}: true}, done: map[fleet.URI]fleet.TaskID{}}
}

func newLedger() ledger {
	return ledger{grants: map[fleet.PlanID]*grant{}, acted: map[fleet.TaskID]bool{}, mover: map[fleet.URI]fleet.TaskID{},
		frozen: map[fleet.DistName]time.Time{}}
}

// shown takes a screenshot.
func (h *history) shown(p fleet.Plan) shownPlan {
	s := shownPlan{kind: p.Kind, of: p.Distribution, to: p.To, holds: h.holds(p.To), rules: p.Rules, aim: p.Aim, sites: map[fleet.URI]shownSite{}, state: p.State, live: p.State == fleet.PlanProposed}
	for _, x := range p.Sites {
		if x.Progress != fleet.SiteLeftOut {
			s.sites[x.URI] = shownSite{x.From, h.holds(x.From), x.Generation}
		}
	}
	return s
}

func (h *history) holds(name fleet.PlatformName) code {
	p := fleet.Platform{Name: name}
	_, err := h.mem.Read(h.ctx, &p)
	h.wentWrong("read platform", err)
	return code{p.Ref.Commit, p.LockDigest, p.TreeDigest}
}

// approved notes that a press on a revision was answered with Approved.
func (l *ledger) approved(h *history, id fleet.PlanID, pressed int) {
	on, seen := h.screens[id][pressed]
	if !seen || !on.live {
		l.refute("plan %s was approved by a press on revision %d, which nobody saw proposed", id, pressed)
		return
	}
	l.grants[id] = newGrant(on)
}

// holdsTrue wants what was approved to be as it was shown at that very moment.
func (l *ledger) holdsTrue(h *history, id fleet.PlanID) {
	g, d := l.grants[id], h.dist()
	if g == nil {
		return // it was refuted
	}
	if g.of == "atrium" && d.Rules != g.rules || g.kind == fleet.Upgrade && d.Target != g.aim || h.holds(g.to) != g.holds {
		l.refute("plan %s was approved under target %q, rules %d and %v, but %q, %d and %v were shown", id, d.Target, d.Rules, h.holds(g.to), g.aim, g.rules, g.holds)
	}
	for uri, s := range g.sites {
		if now := h.siteNow(uri); now.Platform != s.from || now.Generation != s.generation {
			l.refute("plan %s was approved when %s was on %s, generation %d, but %s, generation %d, was shown", id, uri, now.Platform, now.Generation, s.from, s.generation)
		}
	}
}

// freely notes that the policy let a plan begin without a press: one that it has
// offered itself.
func (l *ledger) freely(h *history, p fleet.Plan) {
	if l.grants[p.ID] == nil {
		if p.Requester.ID != fleet.System("policy").ID || p.Kind != fleet.Upgrade {
			l.refute("plan %s of %s began without a press", p.ID, p.Requester.Name)
		}
		l.grants[p.ID] = newGrant(h.shown(p))
	}
}

// resumed notes Continue, by which people agree to target and rules as they are
// now, or Stop.
func (l *ledger) resumed(p fleet.Plan, on bool, d fleet.Distribution) {
	g := l.grants[p.ID]
	if g == nil {
		l.refute("plan %s was continued or stopped and never approved", p.ID)
		return
	}
	if on {
		g.agreed[conditions{d.Target, d.Rules}], g.halted = true, false
		return
	}
	g.stopped, g.ordered = true, map[fleet.URI]bool{}
	for _, s := range p.Sites {
		g.ordered[s.URI] = s.Task != ""
	}
}

func (l *ledger) refute(format string, args ...any) {
	if l.refuted == nil {
		l.refuted = &refutation{format, fmt.Sprintf(format, args...)}
	}
}

// begins is asked when a task has taken the lock of its site for the first time
// and is about to act. before is the site as it was just then.
func (l *ledger) begins(h *history, t fleet.Task, before fleet.Site, d fleet.Distribution) {
	if l.acted[t.ID] {
		l.refute("task %s begins twice", t.ID)
	}
	l.acted[t.ID] = true
	l.begun++
	g := l.grants[t.Plan]
	if g == nil {
		l.refute("task %s acts for plan %s, which nobody approved", t.ID, t.Plan)
		return
	}
	uri := fleet.URI(t.About)
	site, covered := g.sites[uri]
	to := fleet.PlatformName(t.Params[fleet.ParamPlatform])
	switch {
	case !covered:
		l.refute("site %s is moved by plan %s, which was shown without it", uri, t.Plan)
	case g.stopped && !g.ordered[uri]:
		l.refute("site %s is moved by plan %s after it was stopped", uri, t.Plan)
	case g.halted && !g.ordered[uri]:
		l.refute("site %s is moved by plan %s, which a person paused", uri, t.Plan)
	case g.done[uri] != "":
		l.refute("site %s is moved twice by plan %s: tasks %s and %s", uri, t.Plan, g.done[uri], t.ID)
	case before.Platform != site.from || before.Generation != site.generation:
		l.refute("site %s is moved from %s, generation %d, but from %s, generation %d, was shown", uri, before.Platform, before.Generation, site.from, site.generation)
	case to != g.to:
		l.refute("site %s is moved to %s, but %s was shown", uri, to, g.to)
	case h.holds(to) != g.holds:
		l.refute("%s holds %v now, but %v was shown", to, h.holds(to), g.holds)
	case h.holds(before.Platform) != site.holds:
		l.refute("%s holds %v now, but %v was shown", before.Platform, h.holds(before.Platform), site.holds)
	case g.kind != fleet.Rollback && before.Pinned != "" && g.kind == fleet.Upgrade:
		l.refute("site %s is moved although it is pinned", uri)
	case g.kind == fleet.Upgrade && !g.agreed[conditions{d.Target, d.Rules}]:
		l.refute("site %s is moved under target %q and rules %d, but %v were agreed to", uri, d.Target, d.Rules, g.agreed)
	case g.kind == fleet.Rollback && before.From != g.to:
		l.refute("site %s goes back to %s, but %s was shown", uri, before.From, g.to)
	}
	l.halts(h, t, g)
	g.done[uri] = t.ID
}

// moves is asked when a task has recorded where its site is: it must be the site
// that it began with, which nobody else has moved since.
func (l *ledger) moves(t fleet.Task, before fleet.Site, from shownSite) {
	if (before.Platform != from.from || before.Generation != from.generation) && l.mover[before.URI] != t.ID {
		l.refute("task %s records a move of %s from %s, generation %d, but began with %s, generation %d", t.ID, t.About, before.Platform, before.Generation, from.from, from.generation)
	}
	l.mover[before.URI] = t.ID
	l.moved++
}
