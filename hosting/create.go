package hosting

import (
	"time"

	"github.com/distrobot/distrobot/internal/job"
)

// create makes a new site: its first generation, with the data the platform
// ships.
func (w *Worker) create() job.Recipe {
	return job.Recipe{
		Steps: []job.Step{
			{Name: stepPreflight, Title: "check the platform", Do: w.preflightCreate, Repeatable: true, Limit: 2 * time.Minute},
			{Name: "prepare", Title: "prepare the site", Do: w.lay(w.next), Repeatable: true, Limit: 10 * time.Minute},
			{Name: "copy", Title: "put first data in", Do: w.fill(w.next), Repeatable: true, Limit: w.atLeast(time.Hour)},
			{Name: "install", Title: "install the application", Do: w.afresh("install", w.next, w.install), Repeatable: true, Limit: time.Hour},
			{Name: "check", Title: "check the site", Do: w.check(w.next), Repeatable: true, Limit: 5 * time.Minute},
			{Name: "switch", Title: "let visitors in", Do: w.switchOver, Done: w.switched, Publishes: true, Repeatable: true, Limit: time.Minute},
			{Name: "record", Title: "record the site", Do: w.recordMove, Repeatable: true, Limit: time.Minute},
		},
		Back: []job.Step{
			{Name: "back-remove", Title: "take the site away again", Do: w.backRemove, Repeatable: true, Limit: w.atLeast(10 * time.Minute)},
		},
		Last:  "switch",
		Beat:  w.beat,
		Ended: w.ended,
	}
}
