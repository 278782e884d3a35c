package hosting

import (
	"time"

	"github.com/distrobot/distrobot/internal/job"
)

// rollback returns a site to the generation that was kept. It is a move of its
// own and gets a generation of its own: a fresh view of the old platform, into
// which the kept data is moved (not copied: it takes the same time for 1 MB and
// for 500 MB). The generation that is left stays as the one kept now, so that a
// rollback can be rolled back; what was written to it is not carried over.
func (w *Worker) rollback() job.Recipe {
	return job.Recipe{
		Steps: []job.Step{
			{Name: stepPreflight, Title: "check the site and its old copy", Do: w.preflightRollback, Repeatable: true, Limit: 2 * time.Minute},
			{Name: "prepare", Title: "prepare the old platform", Do: w.lay(w.next), Repeatable: true, Limit: w.atLeast(10 * time.Minute)},
			{Name: stepHold, Title: "ask visitors to wait", Do: w.hold, Repeatable: true, Limit: time.Minute},
			{Name: "drain", Title: "wait for visitors to finish", Do: w.drain, Repeatable: true, Limit: 2 * time.Minute},
			{Name: "take", Title: "take the old data over", Do: w.take, Repeatable: true, Limit: w.atLeast(time.Minute)},
			{Name: "check", Title: "check the old copy", Do: w.check(w.next), Repeatable: true, Limit: 5 * time.Minute},
			{Name: "switch", Title: "switch to the old copy", Do: w.switchOver, Done: w.switched, Publishes: true, Repeatable: true, Limit: time.Minute},
			{Name: stepRelease, Title: "let visitors in", Do: w.release, Repeatable: true, Limit: 5 * time.Minute},
			{Name: "record", Title: "record where the site is and pin it", Do: w.recordRollback, Repeatable: true, Limit: 10 * time.Minute},
		},
		Back: []job.Step{
			{Name: "back-switch", Title: "switch back", Do: w.backSwitch, Publishes: true, Repeatable: true, Limit: w.atLeast(5 * time.Minute)},
			{Name: "back-return", Title: "give the old data back", Do: w.backReturn, Repeatable: true, Limit: time.Minute},
			{Name: "back-release", Title: "let visitors in again", Do: w.backRelease, Repeatable: true, Limit: time.Minute},
			{Name: "back-aside", Title: "put the copy aside", Do: w.backAside, Repeatable: true, Limit: 10 * time.Minute},
		},
		Last:  stepHold,
		Beat:  w.beat,
		Ended: w.ended,
	}
}
