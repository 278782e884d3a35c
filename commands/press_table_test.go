package commands_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store/storetest"
)

var dave = fleet.Actor{ID: "U0DAVE", Name: "dave", Team: "T1"}

// crowd are people with dave as another maintainer.
type crowd struct{ people }

func (c crowd) Role(ctx context.Context, who fleet.Actor) (fleet.Role, error) {
	if who.ID == dave.ID {
		return fleet.Maintainer, nil
	}
	return c.people.Role(ctx, who)
}

// restart makes every service anew, as a bot does that was started again over
// the same store.
func (w *world) restart() {
	t := *w.table
	s := w.store
	t.Planner = &fleet.Planner{Store: s}
	t.Decider, t.Conductor = &fleet.Decider{Store: s, Planner: t.Planner}, &fleet.Conductor{Store: s, Planner: t.Planner}
	t.Catalog, t.Tasks, t.Narrator, t.Sites = &fleet.Catalog{Store: s}, &fleet.Tasks{Store: s}, &fleet.Narrator{Store: s}, &fleet.Sites{Store: s}
	w.table = &t
}

// A cell is one press of the table: on a plan in a state, by somebody, on the
// message as it is or as it was before, on this side of a restart or the other.
type cell struct {
	state   fleet.PlanState
	late    bool // proposed, and past its expiry
	who     fleet.Actor
	action  string
	old     bool
	restart bool
}

func (c cell) String() string {
	return fmt.Sprintf("%s late=%v %s %s old=%v restart=%v", c.state, c.late, c.who.Name, c.action, c.old, c.restart)
}

// want is what a cell must answer, and how the plan must stand afterwards. The
// answers "message" (the message itself changes), "sheet" and "form" stand for
// themselves; all others are words of a private answer.
func (c cell) want() (answer string, next fleet.PlanState) {
	reads := slices.Contains([]string{fleet.ActCompare, fleet.ActSheet}, c.action)
	votes := slices.Contains([]string{fleet.ActConfirm, fleet.ActSchedule, fleet.ActCancel}, c.action)
	switch {
	case c.who == stranger:
		return "You are not among the people who may use distrobot here.", c.state
	case reads && c.state == fleet.PlanReading:
		return "still being read", c.state
	case reads:
		return "sheet", c.state
	case votes:
		return c.wantVote()
	case c.who == carol:
		return "You may not ", c.state
	}
	return c.wantDeed()
}

// decided is how a plan that waits for nobody answers.
var decided = map[fleet.PlanState]string{
	fleet.PlanApproved: "Already confirmed by alice", fleet.PlanRunning: "Already confirmed by alice", fleet.PlanPaused: "Already confirmed by alice",
	fleet.PlanDone: "it is done", fleet.PlanFailed: "it ended with failures", fleet.PlanCancelled: "cancelled by alice",
	fleet.PlanExpired: "has expired", fleet.PlanSuperseded: "replaced by a fresh one",
}

func (c cell) wantVote() (string, fleet.PlanState) {
	confirm := c.action != fleet.ActCancel
	switch {
	case c.state == fleet.PlanReading:
		return "still being read", c.state
	case c.state != fleet.PlanProposed:
		return decided[c.state], c.state
	case c.late:
		return "has expired", fleet.PlanExpired
	case c.who == carol:
		return "You may not decide this plan", c.state
	case c.old:
		return "out of date", c.state
	case !confirm:
		return "message", fleet.PlanCancelled
	case c.who == bob:
		return "somebody else has to confirm it", c.state
	}
	return "message", fleet.PlanApproved
}

func (c cell) wantDeed() (string, fleet.PlanState) {
	running := slices.Contains([]fleet.PlanState{fleet.PlanApproved, fleet.PlanRunning}, c.state)
	switch c.action {
	case fleet.ActRehearse:
		if c.state == fleet.PlanProposed {
			return "being rehearsed on copies", c.state
		}
		return "Only what waits for a decision is rehearsed", c.state
	case fleet.ActWithout:
		switch {
		case c.state == fleet.PlanReading:
			return "still being read", c.state
		case c.state != fleet.PlanProposed:
			return decided[c.state], c.state
		case c.old:
			return "out of date", c.state
		}
		return "form", c.state
	case fleet.ActPause:
		switch {
		case running:
			return "message", fleet.PlanPaused
		case c.state.Undecided():
			return "not confirmed", c.state
		}
		return "cannot be paused", c.state
	case fleet.ActContinue:
		switch {
		case c.state != fleet.PlanPaused:
			return "not paused", c.state
		case c.old:
			return "out of date", c.state
		}
		return "message", fleet.PlanRunning
	case fleet.ActStop:
		switch {
		case c.state.Final():
			return "has ended", c.state
		case c.old:
			return "out of date", c.state
		case c.state.Undecided():
			return "not confirmed", c.state
		}
		return "message", fleet.PlanRunning
	}
	return c.wantAfter()
}

// wantAfter is what the buttons of an ended plan answer.
func (c cell) wantAfter() (string, fleet.PlanState) {
	switch {
	case c.action == fleet.ActUnmoved:
		return "No site of this plan waits for that", c.state
	case c.action == fleet.ActUndo && (c.state == fleet.PlanDone || c.state == fleet.PlanFailed || c.state == fleet.PlanRunning || c.state == fleet.PlanPaused):
		return "has an earlier copy to return to", c.state
	case c.action == fleet.ActUndo:
		return "moved no site", c.state
	case !c.state.Final() && c.state != fleet.PlanPaused:
		return "nothing to try again yet", c.state
	case c.state == fleet.PlanFailed:
		return "Reading the facts of 1 site", c.state
	case c.state == fleet.PlanDone || c.state == fleet.PlanPaused:
		return "No site of plan", c.state
	}
	return "Reading the facts of 3 sites", c.state
}

// standing puts a plan into the store as it stands in a cell.
func (w *world) standing(from fleet.Plan, c cell, n int) fleet.Plan {
	w.t.Helper()
	p := from
	p.ID, p.State, p.Requester, p.Revision = fleet.PlanID(fmt.Sprintf("01jd%022d", n)), c.state, bob, 5
	p.Sites = slices.Clone(from.Sites)
	all := func(states ...fleet.SiteProgress) {
		for i := range p.Sites {
			p.Sites[i].Progress = states[i]
		}
	}
	switch c.state {
	case fleet.PlanRunning, fleet.PlanPaused:
		all(fleet.SiteDone, fleet.SiteWaiting, fleet.SiteWaiting)
	case fleet.PlanDone:
		all(fleet.SiteDone, fleet.SiteDone, fleet.SiteDone)
	case fleet.PlanFailed:
		all(fleet.SiteDone, fleet.SiteBack, fleet.SiteUntested)
	case fleet.PlanSuperseded:
		p.Reason = "The target moved."
	case fleet.PlanCancelled:
		p.By = alice
	}
	if !c.state.Undecided() && c.state != fleet.PlanCancelled && c.state != fleet.PlanExpired && c.state != fleet.PlanSuperseded {
		p.Votes = []fleet.Approval{{Who: alice, At: p.Proposed, Fingerprint: p.Fingerprint}}
	}
	if c.state.Final() {
		p.Ended = p.Proposed.Add(time.Minute)
	}
	if c.late {
		p.Expires = p.Created.Add(-time.Second)
	}
	w.keep(p)
	return p
}

func (w *world) keep(p fleet.Plan) {
	w.t.Helper()
	w.ok(w.store.Update(w.ctx, fleet.PlanFamily(p.ID), func(tx fleet.Tx) error {
		was := fleet.Plan{ID: p.ID}
		if _, err := tx.Get(&was); err != nil {
			return err
		}
		tx.Put(&p)
		return nil
	}))
}

// forget drops the plan of a cell, and what a fresh one left, so that no cell
// knows of another.
func (w *world) forget(p fleet.Plan, more bool) {
	w.t.Helper()
	gone := []fleet.PlanID{p.ID}
	if more {
		for _, x := range w.plans(fleet.PlanReading) {
			gone = append(gone, x.ID)
		}
	}
	for _, id := range gone {
		w.ok(w.store.Update(w.ctx, fleet.PlanFamily(id), func(tx fleet.Tx) error {
			p := fleet.Plan{ID: id}
			if _, err := tx.Get(&p); err != nil {
				return err
			}
			tx.Delete(&p)
			return nil
		}))
	}
}

// TestEveryPressOnEveryPlan is the table of what a press answers: state of the
// plan, right of the presser, revision of the message, restart of the bot in
// between, for every button that the message of a plan ever had. Each cell has
// its answer, and none does what it must not.
func TestEveryPressOnEveryPlan(t *testing.T) {
	for _, part := range parts(cells()) {
		t.Run(fmt.Sprintf("%s late=%v", part[0].state, part[0].late), func(t *testing.T) {
			w := newWorldAt(t, storetest.Start(t).URL())
			w.table.Roles = crowd{}
			base, _ := w.offered(3)
			w.forget(base, false)
			for n, c := range part {
				w.pressCell(base, c, n)
				if t.Failed() {
					t.Fatalf("cell %d: %s", n, c)
				}
			}
		})
	}
}

// parts divides the table by state, a store of its own for each.
func parts(all []cell) [][]cell {
	var out [][]cell
	for len(all) > 0 {
		n := 0
		for n < len(all) && all[n].state == all[0].state && all[n].late == all[0].late {
			n++
		}
		out, all = append(out, all[:n]), all[n:]
	}
	return out
}

// pressCell makes the press of a cell and looks at what came of it.
func (w *world) pressCell(base fleet.Plan, c cell, n int) {
	w.t.Helper()
	p := w.standing(base, c, n)
	rev := p.Revision
	if c.old {
		rev--
	}
	if c.restart {
		w.restart()
	}
	value := fleet.PlanValue(p.ID, rev)
	if c.action == fleet.ActSheet {
		value = fleet.PlanValue(p.ID+".p0.0", rev)
	}
	r, err := w.table.Press(w.ctx, commands.Press{ID: fmt.Sprint("cell-", n), Action: c.action, Value: value, Who: c.who, Channel: "C1", Subject: fleet.SubjectOf(fleet.AboutPlan, string(p.ID))})
	w.ok(err)
	w.answered(r, c.String())
	w.inCell(c, p, r)
	w.forget(p, c.action == fleet.ActRetry)
}

// cells lists the table.
func cells() []cell {
	states := []fleet.PlanState{fleet.PlanReading, fleet.PlanProposed, fleet.PlanApproved, fleet.PlanRunning, fleet.PlanPaused, fleet.PlanDone,
		fleet.PlanFailed, fleet.PlanCancelled, fleet.PlanExpired, fleet.PlanSuperseded}
	deeds := []string{fleet.ActConfirm, fleet.ActSchedule, fleet.ActCancel, fleet.ActCompare, fleet.ActSheet, fleet.ActRehearse, fleet.ActWithout,
		fleet.ActContinue, fleet.ActStop, fleet.ActPause, fleet.ActRetry, fleet.ActUndo, fleet.ActUnmoved}
	var out, late []cell
	turn := 0
	for _, state := range states {
		for _, who := range []fleet.Actor{stranger, carol, bob, dave, alice} {
			for _, action := range deeds {
				turn++
				for i := range 4 {
					if os.Getenv("DISTROBOT_TEST_THOROUGH") == "" && i != turn%4 {
						continue // one of the four circumstances, by turns; the thorough form has all
					}
					c := cell{state: state, who: who, action: action, old: i&1 != 0, restart: i&2 != 0}
					out = append(out, c)
					c.late = true
					if state == fleet.PlanProposed {
						late = append(late, c)
					}
				}
			}
		}
	}
	return append(out, late...)
}

// inCell holds an answer to what the cell wants.
func (w *world) inCell(c cell, p fleet.Plan, r commands.Reply) {
	w.t.Helper()
	answer, next := c.want()
	text := plainText(r.Message)
	switch {
	case answer == "message" && (!r.None || r.Refresh == nil):
		w.t.Errorf("the message itself should change; it says %q", text)
	case answer == "sheet" && r.Message.Sheet == nil, answer == "form" && r.Message.Form == nil:
		w.t.Errorf("no %s: %q", answer, text)
	case !slices.Contains([]string{"message", "sheet", "form"}, answer) && (r.None || r.Public || !strings.Contains(text, answer)):
		w.t.Errorf("want %q, private; got %q (public %v)", answer, text, r.Public)
	}
	now := fleet.Plan{ID: p.ID}
	w.ok(fleet.One(w.ctx, w.store, &now, "plan"))
	if now.State != next {
		w.t.Errorf("the plan is %s now, want %s", now.State, next)
	}
	if votes := len(now.Votes) - len(p.Votes); votes != 0 && next != fleet.PlanApproved {
		w.t.Errorf("%d votes were added", votes)
	}
	if strings.Contains(answer, "You may not") && !strings.Contains(text, "Who can: ") {
		w.t.Errorf("it does not say who can: %q", text)
	}
}
