package bench

import (
	"slices"
	"testing"
	"time"
)

func TestPercentiles(t *testing.T) {
	var presses []*press
	for i := range 600 {
		presses = append(presses, &press{ack: time.Duration(600-i) * time.Millisecond})
	}
	got := percentiles(presses, func(p *press) time.Duration { return p.ack })
	for p, want := range map[int]time.Duration{50: 300, 90: 540, 99: 594, 100: 600} {
		if got.at(p) != want*time.Millisecond {
			t.Errorf("p%d is %v, want %d ms", p, got.at(p), want)
		}
	}
}

// TestSchedule: every plan is pressed by several different people, and some of
// them may confirm it.
func TestSchedule(t *testing.T) {
	presses := schedule(confirmPlans)
	if len(presses) != confirmPresses {
		t.Fatalf("%d presses", len(presses))
	}
	for plan := range confirmPlans {
		var who []int
		may := 0
		for _, p := range presses {
			if p.plan == plan {
				if !slices.Contains(who, p.person) {
					who = append(who, p.person)
				}
				if !isReader(p.person) {
					may++
				}
			}
		}
		if len(who) < confirmPresses/confirmPlans-1 || may == 0 {
			t.Errorf("plan %d is pressed by %v, of whom %d may", plan, who, may)
		}
	}
	for n := range confirmPlans {
		if isReader(maintainer(n)) {
			t.Errorf("maintainer %d is a reader", n)
		}
	}
}
