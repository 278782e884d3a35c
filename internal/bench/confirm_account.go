package bench

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// answerTime bounds how long an answer is waited for. One that takes longer has
// failed, as has one that never comes.
const answerTime = 20 * time.Second

// account finds the answer to every press, and fails unless all were answered,
// each plan was approved by one press, once, and nothing was refused.
func (w *confirmWorld) account(ctx context.Context, b *B, plans []proposedPlan, presses []*press) error {
	if err := w.watch.await(ctx, answerTime, func() (bool, string) { return w.allDecided(plans) }); err != nil {
		return fmt.Errorf("%w; people were told: %v", err, w.told())
	}
	approvers, err := w.approvers(ctx, plans)
	if err != nil {
		return err
	}
	byPerson := map[string][]*press{}
	for _, p := range presses {
		if id := personID(p.person); approvers[p.plan] != id {
			byPerson[id] = append(byPerson[id], p)
		}
	}
	if err := w.watch.await(ctx, answerTime, func() (bool, string) { return w.answered(byPerson) }); err != nil {
		return err
	}
	outcomes := map[string]int{}
	b.Note("confirm all was as it should be on every screen %.1f s after the last press", time.Since(presses[len(presses)-1].due).Seconds())
	w.watch.mu.Lock()
	for id, list := range byPerson {
		for i, p := range list {
			p.seen = w.watch.private[id][i].at
			outcomes[outcomeOf(w.watch.private[id][i].Words())]++
		}
	}
	for _, p := range presses {
		if approvers[p.plan] == personID(p.person) {
			p.seen = w.watch.shown[plans[p.plan].ts].decided
			outcomes["confirmed"]++
		}
	}
	w.watch.mu.Unlock()
	b.Note("confirm %d presses: %v", len(presses), outcomes)
	return w.tally(ctx, b)
}

// told counts the private answers by their kind.
func (w *confirmWorld) told() map[string]int {
	w.watch.mu.Lock()
	defer w.watch.mu.Unlock()
	out := map[string]int{}
	for _, list := range w.watch.private {
		for _, m := range list {
			out[outcomeOf(m.Words())]++
		}
	}
	return out
}

// outcomeOf is the kind of a private answer.
func outcomeOf(words string) string {
	for part, kind := range map[string]string{"Already confirmed": "already", "You may not": "not allowed", "cannot be asked": "cannot be asked"} {
		if strings.Contains(words, part) {
			return kind
		}
	}
	return words
}

// approvers gives the user id of the one whose press approved each plan.
func (w *confirmWorld) approvers(ctx context.Context, plans []proposedPlan) ([]string, error) {
	var out []string
	for _, on := range plans {
		id, _, _ := strings.Cut(on.confirm.Value, "|")
		p := fleet.Plan{ID: fleet.PlanID(id)}
		if err := fleet.One(ctx, w.store, &p, "plan "+id); err != nil {
			return nil, err
		}
		if len(p.Votes) != 1 || p.State != fleet.PlanApproved && p.State != fleet.PlanRunning {
			return nil, fmt.Errorf("plan %s is %s with %d votes", id, p.State, len(p.Votes))
		}
		out = append(out, p.Votes[0].Who.ID)
	}
	return out, nil
}

// allDecided reports whether every plan shows that it was decided, and none was
// drawn back to Confirm by an answer that came late. Called with the watch's mu
// held.
func (w *confirmWorld) allDecided(plans []proposedPlan) (bool, string) {
	for _, on := range plans {
		m := w.watch.shown[on.ts]
		if _, live := m.Button("Confirm"); live || m.decided.IsZero() {
			return false, "a plan that was pressed still shows Confirm: " + m.Words()
		}
	}
	return true, ""
}

// answered reports whether everybody was told. Called with the watch's mu held.
func (w *confirmWorld) answered(byPerson map[string][]*press) (bool, string) {
	for id, list := range byPerson {
		if n := len(w.watch.private[id]); n != len(list) {
			return false, fmt.Sprintf("%s pressed %d times and was answered %d times", id, len(list), n)
		}
	}
	return true, ""
}

// tally wants one approval in the audit trail for each plan, and nothing that
// the workspace had to refuse or wait for in vain.
func (w *confirmWorld) tally(ctx context.Context, b *B) error {
	var confirmed map[string]int
	for end := time.Now().Add(answerTime); len(confirmed) < confirmPlans; {
		if confirmed != nil && time.Now().After(end) {
			return fmt.Errorf("the audit trail knows of %d confirmed plans", len(confirmed))
		}
		var err error
		if confirmed, err = w.audited(ctx); err != nil {
			return err
		}
	}
	for id, n := range confirmed {
		if n != 1 {
			return fmt.Errorf("plan %s was confirmed %d times", id, n)
		}
	}
	s, err := w.chat.State()
	if err != nil {
		return err
	}
	if s.Counters.Unacknowledged != 0 || s.Counters.Rejected != 0 {
		return fmt.Errorf("%d payloads were not acknowledged, %d calls were refused", s.Counters.Unacknowledged, s.Counters.Rejected)
	}
	b.Note("confirm %d plans were approved once each; unacknowledged 0, rejected 0, rate limited %d (Slack's limits are on)", len(confirmed), s.Counters.RateLimited)
	return nil
}

// audited counts how often each plan was confirmed, by the audit trail.
func (w *confirmWorld) audited(ctx context.Context) (map[string]int, error) {
	confirmed := map[string]int{}
	for cursor := ""; ; {
		events, next, err := w.store.Events(ctx, cursor, 500)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			if e.What == "plan.confirmed" {
				confirmed[e.About]++
			}
		}
		if cursor = next; len(events) == 0 || next == "" {
			return confirmed, nil
		}
	}
}
