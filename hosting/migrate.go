package hosting

import (
	"time"

	"github.com/distrobot/distrobot/internal/job"
)

// Names of steps that others read: in journals they are never renamed.
const (
	stepPreflight = "preflight"
	stepHold      = "hold"
	stepRelease   = "release"
)

// migrate moves a site to another platform. Until "release" visitors cannot
// have written to the new copy, and the old one is untouched: whatever fails
// before, switching back loses nothing.
func (w *Worker) migrate() job.Recipe {
	return job.Recipe{
		Steps: []job.Step{
			{Name: stepPreflight, Title: "check the site and its new platform", Do: w.preflightMigrate, Repeatable: true, Limit: 2 * time.Minute},
			{Name: "prepare", Title: "prepare the new copy", Do: w.lay, Repeatable: true, Limit: 10 * time.Minute},
			{Name: stepHold, Title: "ask visitors to wait", Do: w.hold, Repeatable: true, Limit: time.Minute},
			{Name: "drain", Title: "wait for visitors to finish", Do: w.drain, Repeatable: true, Limit: 2 * time.Minute},
			{Name: "copy", Title: "copy the site's data", Do: w.fill, Repeatable: true, Limit: 2 * time.Hour},
			{Name: "update", Title: "run the updates", Do: w.update, Repeatable: true, Limit: 24 * time.Hour},
			{Name: "check", Title: "check the new copy", Do: w.check, Repeatable: true, Limit: 5 * time.Minute},
			{Name: "switch", Title: "switch to the new copy", Do: w.switchOver, Done: w.switched, Repeatable: true, Limit: time.Minute},
			{Name: stepRelease, Title: "let visitors in", Do: w.release, Repeatable: true, Limit: 5 * time.Minute},
			{Name: "soak", Title: "watch the site", Do: w.soak, Repeatable: true, Limit: 10 * time.Minute},
			{Name: "record", Title: "record where the site is", Do: w.recordMove, Repeatable: true, Limit: 10 * time.Minute},
		},
		Back: []job.Step{
			{Name: "back-switch", Title: "switch back to the old copy", Do: w.backSwitch, Repeatable: true, Limit: 5 * time.Minute},
			{Name: "back-release", Title: "let visitors in again", Do: w.backRelease, Repeatable: true, Limit: time.Minute},
			{Name: "back-aside", Title: "put the new copy aside", Do: w.backAside, Repeatable: true, Limit: 10 * time.Minute},
			{Name: "back-record", Title: "pin the site", Do: w.backRecord, Repeatable: true, Limit: time.Minute},
		},
		Last:  stepHold,
		Beat:  w.beat,
		Ended: w.ended,
	}
}
