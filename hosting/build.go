package hosting

import (
	"time"

	"github.com/distrobot/distrobot/internal/job"
)

// build makes a platform's tree on this host.
func (w *Worker) build() job.Recipe {
	return job.Recipe{
		Steps: []job.Step{
			{Name: stepFetch, Title: "fetch the code", Do: w.fetch, Repeatable: true, Interrupt: true, Limit: time.Hour},
			{Name: "verify", Title: "run its verification", Do: w.verifyStage, Repeatable: true, Interrupt: true, Limit: 24 * time.Hour},
			{Name: "publish", Title: "publish the platform", Do: w.publish, Repeatable: true, Limit: w.atLeast(30 * time.Minute)},
			{Name: "smoke", Title: "try it with a scratch site", Do: w.smokeTest, Repeatable: true, Limit: time.Hour},
			{Name: "record", Title: "read its packages", Do: w.recordBuild, Repeatable: true, Limit: 10 * time.Minute},
		},
		Back: []job.Step{
			{Name: "back-discard", Title: "clear what was built", Do: w.discardBuild, Repeatable: true, Limit: 10 * time.Minute},
		},
		Last:  "publish",
		Live:  true,
		Ended: w.buildEnded,
	}
}
