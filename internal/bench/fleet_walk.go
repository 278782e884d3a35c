package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/distrobot/distrobot/cmd/distrobot/sample"
	"github.com/distrobot/distrobot/fleet"
)

// A fleetPlan is the plan as people see it and as it is stored.
type fleetPlan struct {
	id          fleet.PlanID
	channel, ts string
	pressed     string // the value of the button that was pressed last
}

// walk sets the target, confirms the plan that is offered, and goes on when it
// has paused, until all sites were walked.
func (w *fleetWorld) walk(ctx context.Context, b *B) (r fleetResult, err error) {
	if err := w.say(worldAdmin, "#sites", fmt.Sprintf("/distro target %s %s", sample.Distribution, fleetTo)); err != nil {
		return r, err
	}
	asked := time.Now()
	on, err := w.offered(ctx)
	if err != nil {
		return r, err
	}
	b.Note("fleet-1000 the plan could be confirmed after %.1f s", time.Since(asked).Seconds())
	before, err := w.used(ctx)
	if err != nil {
		return r, err
	}
	edits, err := w.edits()
	if err != nil {
		return r, err
	}
	r = fleetResult{sites: w.f.sites}
	if r.walking, err = w.conduct(ctx, b, on); err != nil {
		return r, err
	}
	if err := w.arrived(ctx, on.id); err != nil {
		return r, err
	}
	return r, w.account(ctx, b, &r, sofar{before, edits, on})
}

// offered waits for the plan that follows from the target.
func (w *fleetWorld) offered(ctx context.Context) (on fleetPlan, err error) {
	err = w.watch.await(ctx, setUpTime+time.Duration(w.f.sites)*100*time.Millisecond, func() (bool, string) {
		for _, m := range w.watch.shown {
			if c, ok := m.Button("Confirm"); ok {
				on = fleetPlan{id: planOf(c.Value), channel: m.channel, ts: m.TS}
				return true, ""
			}
		}
		return false, "no plan can be confirmed"
	})
	return on, err
}

// press presses a button of the plan's message that begins with a word.
func (w *fleetWorld) press(on *fleetPlan, word string) error {
	w.watch.mu.Lock()
	button, ok := w.watch.shown[on.ts].Button(word)
	words := w.watch.shown[on.ts].Words()
	w.watch.mu.Unlock()
	if !ok {
		return fmt.Errorf("the plan has no button %s: %s", word, words)
	}
	on.pressed = button.Value
	a, err := w.chat.Click(fleetPerson, on.channel, on.ts, button)
	if err == nil && a.Error != "" {
		err = fmt.Errorf("the press of %s was answered with %s", word, a.Error)
	}
	return err
}

// conduct confirms the plan and tells it to go on whenever it has paused; the
// first time, what was harmed until then is looked at, and any further failure
// is allowed. It gives how long the plan moved sites.
func (w *fleetWorld) conduct(ctx context.Context, b *B, on fleetPlan) (walking time.Duration, err error) {
	for word, pauses := "Confirm", 0; ; pauses++ {
		if err := w.press(&on, word); err != nil {
			return walking, err
		}
		began := time.Now()
		p, err := w.rests(ctx, on)
		if err != nil {
			return walking, err
		}
		walking += time.Since(began)
		if p.State.Final() {
			if pauses == 0 {
				return walking, fmt.Errorf("the plan tolerates no failure and did not pause")
			}
			return walking, nil
		}
		if pauses == 0 {
			if err := w.contained(b, p); err != nil {
				return walking, err
			}
			if err := w.say(worldAdmin, "#sites", fmt.Sprintf("/distro edit %s --failures -1", sample.Distribution)); err != nil {
				return walking, err
			}
		}
		word = "Continue"
	}
}

// rests waits until the plan's message says that it has paused or ended since the
// last press, and gives it as it is stored.
func (w *fleetWorld) rests(ctx context.Context, on fleetPlan) (fleet.Plan, error) {
	err := w.watch.await(ctx, w.f.limit, func() (bool, string) {
		m := w.watch.shown[on.ts]
		again, paused := m.Button("Continue")
		return paused && again.Value != on.pressed || m.Holds("Took "), m.Words()
	})
	p := fleet.Plan{ID: on.id}
	if err == nil {
		err = fleet.One(ctx, w.store, &p, "plan "+string(on.id))
	}
	return p, err
}

// contained checks the harm of a plan that has paused because a site failed: no
// site was touched but those of the canary and of one wave.
func (w *fleetWorld) contained(b *B, p fleet.Plan) error {
	touched, failed, most := 0, 0, 0
	for _, s := range p.Sites {
		if s.Wave <= 2 {
			most++
		}
		switch s.Progress {
		case fleet.SiteWaiting:
		case fleet.SiteBack, fleet.SiteBroken:
			failed++
			fallthrough
		default:
			touched++
		}
	}
	b.Note("fleet-1000 it paused in wave %d of %d: %d sites touched, %d of them failed, %d in the canary and the next wave",
		p.Wave, p.Waves, touched, failed, most)
	if p.State != fleet.PlanPaused || p.Wave != 2 || failed == 0 || touched > most {
		return fmt.Errorf("the plan is %s in wave %d: %d of %d sites touched, %d failed: %s", p.State, p.Wave, touched, most, failed, p.Reason)
	}
	return nil
}
