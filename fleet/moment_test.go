package fleet_test

import (
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// TestMoments finds what Moment wrote, wherever it stands, and nothing else; no
// letter of the text is lost.
func TestMoments(t *testing.T) {
	at := time.Date(2026, 11, 2, 9, 5, 0, 0, time.FixedZone("", 3600))
	stands := fleet.Moment(at)
	for text, moments := range map[string]int{
		"": 0, "no moment": 0, stands: 1, "from " + stands + " to " + stands + ".": 2, stands + stands: 0, "x" + stands: 0,
		"31 Feb 2026 10:00 UTC": 0, "12 Nov 2026 12:00 CET": 0, "2026-11-02 08:05": 0, "102 Nov 2026 08:05 UTC": 0,
	} {
		got, whole := 0, ""
		for _, s := range fleet.Moments(fleet.Bold(text)) {
			whole += s.Text
			if !s.Bold {
				t.Errorf("%q: %q lost its look", text, s.Text)
			}
			if !s.Time.IsZero() {
				got++
				if !s.Time.Equal(at) {
					t.Errorf("%q means %s", text, s.Time)
				}
			}
		}
		if got != moments || whole != text {
			t.Errorf("%q has %d moments and reads %q", text, got, whole)
		}
	}
	if s := fleet.Moments(fleet.Mono(stands)); len(s) != 1 || !s[0].Time.IsZero() {
		t.Errorf("code is divided: %+v", s)
	}
}
