package commands_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// statsCases are the answers of stats: of a fleet that moves, of one that does
// not yet, and of one whose plans are forgotten sooner.
func statsCases() map[string]fleet.Message {
	trend := fleet.Trend{Days: []fleet.Day{{Date: "2026-10-23", Sites: 40, Behind: 20, Exposed: 5, Oldest: 20}, {Date: "2026-11-22", Sites: 40, Behind: 12, Exposed: 3, Oldest: 34}}}
	full := fleet.Stats{Distribution: "atrium", From: after(-90 * 24 * time.Hour), At: noon, Asked: 90 * 24 * time.Hour, Keep: 90 * 24 * time.Hour,
		Plans: 7, Done: 117, Back: 2, Broken: 1, Returned: 1}
	for i := range 117 {
		full.Windows = append(full.Windows, time.Duration(1200+i*40)*time.Millisecond)
	}
	for i, r := range []fleet.Rollout{
		{Sites: 40}, {Sites: 40, Done: after(-30 * time.Hour)}, {Sites: 38, Over: after(-9 * 24 * time.Hour)},
		{Sites: 38, Done: after(-300 * time.Hour), Over: after(-12 * 24 * time.Hour)}, {Over: after(-40 * 24 * time.Hour)}, {Sites: 2, Done: after(-60 * 24 * time.Hour)},
	} {
		r.Distribution, r.Platform, r.Announced = "atrium", fleet.PlatformName(fmt.Sprintf("atrium-1.%d.0", 9-i)), after(-time.Duration(i*i+1)*40*time.Hour)
		full.Rollouts = append(full.Rollouts, r)
	}
	short := fleet.Stats{From: after(-400 * 24 * time.Hour), At: noon, Asked: 400 * 24 * time.Hour, Keep: 24 * time.Hour, Left: 3, Plans: 500, Done: 1,
		Windows: []time.Duration{95 * time.Second}}
	return map[string]fleet.Message{
		"full":  fleet.TellStats(full, trend),
		"none":  fleet.TellStats(fleet.Stats{From: after(-24 * time.Hour), At: noon, Asked: 24 * time.Hour}, fleet.Trend{}),
		"short": fleet.TellStats(short, fleet.Trend{Days: trend.Days[1:]}),
	}
}

// The command answers for the fleet and for a distribution, whatever is known, and
// says what cannot be asked.
func TestStats(t *testing.T) {
	w := newWorld(t)
	w.says(w.ask(bob, "stats"), "No site was moved in the last 90 days.", "Counted: moves of 0 plans since")
	w.says(w.ask(bob, "stats nowhere"), "nowhere")
	for _, wrong := range []string{"0", "401", "-1", "many", "1e3", "99999999999999999999"} {
		w.says(w.ask(bob, "stats --days "+wrong), "is not a number of days")
	}
	w.says(w.ask(bob, "stats --days 1"), "in the last 1 day.")
}
