package hosting

import (
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

// Names of steps that others read: in journals they are never renamed.
const (
	stepPreflight = "preflight"
	stepHold      = "hold"
	stepRelease   = "release"
)

// tries reports whether a task tries the move on a copy first: its policy says
// so, or wants to know how that copy looks. A person who looks keeps no visitor
// waiting.
func tries(t fleet.Task) bool {
	return t.Params[fleet.ParamRehearse] != "" || t.Params[fleet.ParamLook] != ""
}

// migrate moves a site to another platform. Until "release" visitors cannot
// have written to the new copy, and the old one is untouched: whatever fails
// before, switching back loses nothing.
func (w *Worker) migrate(t fleet.Task) job.Recipe {
	steps := []job.Step{
		{Name: stepPreflight, Title: "check the site and its new platform", Do: w.preflightMigrate, Repeatable: true, Limit: 30 * time.Minute},
	}
	if tries(t) {
		steps = append(steps, w.trial(t)...)
	}
	return job.Recipe{
		Steps: append(steps,
			job.Step{Name: "prepare", Title: "prepare the new copy", Do: w.lay(w.next), Repeatable: true, Limit: w.atLeast(10 * time.Minute)},
			job.Step{Name: stepHold, Title: "ask visitors to wait", Do: w.hold, Repeatable: true, Limit: time.Minute},
			job.Step{Name: "drain", Title: "wait for visitors to finish", Do: w.drain, Repeatable: true, Limit: 2 * time.Minute},
			job.Step{Name: "copy", Title: "copy the site's data", Do: w.fill(w.next), Repeatable: true, Limit: w.atLeast(2 * time.Hour)},
			job.Step{Name: "update", Title: "run the updates", Do: w.afresh("update", w.next, w.update), Repeatable: true, Limit: 24 * time.Hour},
			job.Step{Name: "check", Title: "check the new copy", Do: w.check(w.next), Repeatable: true, Limit: 5 * time.Minute},
			job.Step{Name: "switch", Title: "switch to the new copy", Do: w.switchOver, Done: w.switched, Publishes: true, Repeatable: true, Limit: time.Minute},
			job.Step{Name: stepRelease, Title: "let visitors in", Do: w.release, Repeatable: true, Limit: 5 * time.Minute},
			job.Step{Name: "soak", Title: "watch the site", Do: w.soak, Repeatable: true, Limit: 10 * time.Minute},
			job.Step{Name: "record", Title: "record where the site is", Do: w.recordMove, Repeatable: true, Limit: 10 * time.Minute},
		),
		Back: []job.Step{
			{Name: "back-switch", Title: "switch back to the old copy", Do: w.backSwitch, Publishes: true, Repeatable: true, Limit: w.atLeast(5 * time.Minute)},
			{Name: "back-release", Title: "let visitors in again", Do: w.backRelease, Repeatable: true, Limit: time.Minute},
			{Name: "back-aside", Title: "put the new copy aside", Do: w.backAside, Repeatable: true, Limit: 10 * time.Minute},
			{Name: "back-record", Title: "pin the site", Do: w.backRecord, Repeatable: true, Limit: time.Minute},
		},
		Last:  stepHold,
		Beat:  w.beat,
		Ended: w.ended,
	}
}
