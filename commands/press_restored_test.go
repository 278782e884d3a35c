package commands_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// TestPressesAfterARestore presses every button of a plan's message in a bot whose
// Redis was put back to an earlier time: the message is of a later revision than
// the stored plan, or of a plan that is not known any more. Each press is answered,
// and no vote counts for what was not shown.
func TestPressesAfterARestore(t *testing.T) {
	w := newWorld(t)
	w.table.Roles = crowd{}
	base, _ := w.offered(3)
	w.forget(base, false)
	votes := []string{fleet.ActConfirm, fleet.ActSchedule, fleet.ActCancel}
	deeds := append([]string{fleet.ActCompare, fleet.ActRehearse, fleet.ActContinue, fleet.ActStop, fleet.ActPause, fleet.ActRetry, fleet.ActUndo, fleet.ActUnmoved, fleet.ActWithout}, votes...)
	press := func(action string, id fleet.PlanID, rev int) commands.Reply {
		t.Helper()
		w.asked++
		r, err := w.table.Press(w.ctx, commands.Press{ID: fmt.Sprint("restored-", w.asked), Action: action, Value: fleet.PlanValue(id, rev), Who: alice, Channel: "C1",
			Subject: fleet.SubjectOf(fleet.AboutPlan, string(id))})
		w.ok(err)
		return r
	}
	for n, state := range []fleet.PlanState{fleet.PlanReading, fleet.PlanProposed, fleet.PlanPaused, fleet.PlanDone} {
		for i, action := range deeds {
			p := w.standing(base, cell{state: state}, 100*n+i)
			r := press(action, p.ID, p.Revision+3)
			w.answered(r, action)
			now := fleet.Plan{ID: p.ID}
			w.ok(fleet.One(w.ctx, w.store, &now, "plan"))
			if slices.Contains(append(votes, fleet.ActContinue, fleet.ActStop), action) && (now.State != state || len(now.Votes) != len(p.Votes)) {
				t.Errorf("%s on a later revision made a %s plan %s", action, state, now.State)
			}
			if action == fleet.ActConfirm && state == fleet.PlanProposed && !strings.Contains(plainText(r.Message), "out of date") {
				t.Errorf("it is told %q", plainText(r.Message))
			}
			w.forget(p, action == fleet.ActRetry)
		}
	}
	for _, action := range deeds {
		w.says(press(action, "01jd9999999999999999999999", 2), "I do not know this message any more", "/distro digest")
	}
}
