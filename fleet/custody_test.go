package fleet_test

import (
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/fleet/fleettest"
)

// TestCustody asserts that what is wrong with the storage is said once by any
// number of replicas, that its end is shown, and that the next trouble is a
// message of its own.
func TestCustody(t *testing.T) {
	m := fleettest.New()
	alarms := func() (open, over int) {
		t.Helper()
		seen := map[fleet.Subject]bool{}
		pending, err := m.Pending(t.Context(), fleet.Catalogue, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pending {
			if n := p.Effect.Notice; n != nil && !seen[n.Subject] {
				seen[n.Subject] = true
				a := fleet.Alarm{ID: n.Subject.ID()}
				if err := fleet.One(t.Context(), m, &a, "alarm"); err != nil || a.Channel != "#ops" {
					t.Fatalf("%+v, %v", a, err)
				}
				if a.Over {
					over++
				} else {
					open++
				}
			}
		}
		return open, over
	}
	a, b := fleet.Custody{Store: m, Channel: "#ops"}, fleet.Custody{Store: m, Channel: "#ops"}
	lossy := fleet.Errorf(fleet.Refused, "Redis would lose it.").WithHint("Set it right.")
	full := fleet.Errorf(fleet.Refused, "Redis is full.")
	for i, step := range []struct {
		tell       *fleet.Error
		open, over int
	}{{nil, 0, 0}, {lossy, 1, 0}, {full, 1, 1}, {nil, 0, 2}, {lossy, 1, 2}} {
		m.Pass(1)
		for _, c := range []fleet.Custody{a, b} {
			if err := c.Tell(t.Context(), step.tell); err != nil {
				t.Fatal(err)
			}
		}
		if open, over := alarms(); open != step.open || over != step.over {
			t.Errorf("step %d: %d open, %d over; want %+v", i, open, over, step)
		}
	}
	for range 2 {
		if err := a.Emptied(t.Context(), "then"); err != nil {
			t.Fatal(err)
		}
	}
	if open, over := alarms(); open != 2 || over != 2 {
		t.Errorf("%d open, %d over after it was emptied", open, over)
	}
}
