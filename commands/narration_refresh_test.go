package commands_test

import (
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// refreshCases are the states of an offer of newer packages.
func refreshCases() map[string]fleet.Message {
	moves := []fleet.Move{
		{Row: fleet.Row{Package: "views", Type: "module", From: "7.x-3.24", To: "7.x-3.25", Change: fleet.Upgraded}},
		{Row: fleet.Row{Package: "panels", Type: "module", From: "7.x-3.x-dev#1111111", To: "7.x-3.x-dev#2222222", Change: fleet.Changed}, Commits: 4},
		{Row: fleet.Row{Package: "entity", Type: "module", From: "7.x-1.9", To: "7.x-2.0", Change: fleet.Upgraded}, Major: true},
		{Row: fleet.Row{Package: "token", Type: "module", To: "7.x-1.9", Change: fleet.Added}},
	}
	for i := range 12 {
		moves = append(moves, fleet.Move{Row: fleet.Row{Package: fmt.Sprintf("acme/lib%d", i), From: "1.0.0", To: "1.1.0", Change: fleet.Upgraded}})
	}
	base := fleet.Refresh{ID: "atrium/2", Distribution: "atrium", Base: "atrium-1.0.0", Ref: tag("1.0.0", oldCommit), Moves: moves, Total: len(moves), Majors: 1,
		State: fleet.RefreshOpen, At: noon}
	tell := func(state fleet.PlatformState, change func(*fleet.RefreshView)) fleet.Message {
		v := fleet.RefreshView{Refresh: base, Distribution: fleet.Distribution{Name: "atrium", Target: "atrium-1.0.0"}, Counts: counts(3)}
		if state != "" {
			v.Refresh.State, v.Refresh.Platform, v.Refresh.By = fleet.RefreshOrdered, "atrium-1.0.0-b2", bob
			v.Platform = fleet.Platform{Name: "atrium-1.0.0-b2", Distribution: "atrium", State: state, Reason: "Composer could not install the packages", Task: "01task"}
		}
		change(&v)
		return fleet.TellRefresh(v)
	}
	return map[string]fleet.Message{
		"open": tell("", func(*fleet.RefreshView) {}),
		"one": tell("", func(v *fleet.RefreshView) {
			v.Refresh.Moves, v.Refresh.Total, v.Refresh.Majors = moves[:1], 1, 0
			v.Refresh.Note = "views: shop.make, line 5: The patch does not apply"
		}),
		"superseded": tell("", func(v *fleet.RefreshView) { v.Refresh.State = fleet.RefreshSuperseded }),
		"building": tell(fleet.PlatformBuilding, func(v *fleet.RefreshView) {
			v.Task = fleet.Task{ID: "01task", State: fleet.TaskRunning, Steps: []fleet.StepRecord{{Name: "fetch", Title: "fetch the code", State: fleet.StepStarted}}}
			v.Log = []fleet.LogLine{{Text: "- Installing acme/lib (1.1.0)"}}
		}),
		"built":  tell(fleet.PlatformReady, func(*fleet.RefreshView) {}),
		"failed": tell(fleet.PlatformFailed, func(*fleet.RefreshView) {}),
	}
}
