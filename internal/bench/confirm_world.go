package bench

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/distrobot/distrobot/bot/workspace"
)

// A confirmWorld has many people, the replicas and one worker.
type confirmWorld struct {
	botWorld
	worker *program
}

func startConfirmWorld(ctx context.Context, dir string) (*confirmWorld, error) {
	w := &confirmWorld{botWorld: botWorld{dir: dir, releases: []string{"1.2.0"}}}
	for i := range confirmPeople {
		p := workspace.Person{Name: personName(i)}
		if !isReader(i) {
			p.Groups = []string{"release-managers"}
		}
		w.people = append(w.people, p)
	}
	return w, w.begin(ctx, w.startBots)
}

func personName(i int) string { return fmt.Sprintf("p%03d", i) }
func personID(i int) string   { return strings.ToUpper("u0" + personName(i)) }
func isReader(i int) bool     { return i%3 == 2 }
func maintainer(n int) int    { return n/2*3 + n%2 }

// connected is what a replica has said when presses reach it.
var connected = regexp.MustCompile(`(?s)ready on .*connected to slack|connected to slack.*ready on `)

// startBots starts the replicas and the worker, each with data of its own.
func (w *confirmWorld) startBots(ctx context.Context) error {
	w.env = append(w.env, "DISTROBOT_ADMINS=U0"+strings.ToUpper(worldAdmin), "DISTROBOT_MAINTAINERS=@release-managers",
		"DISTROBOT_CHANNEL=#sites", "DISTROBOT_ALLOW_PRIVATE=true", "DISTROBOT_LISTEN=127.0.0.1:0", "DISTROBOT_CONCURRENCY=8")
	if _, err := w.start(ctx, regexp.MustCompile(`(?m)^ready`), "worker", "--host", "local"); err != nil {
		return err
	}
	w.worker = w.programs[len(w.programs)-1]
	for range confirmReplicas {
		if _, err := w.start(ctx, connected, "serve", "--no-worker"); err != nil {
			return err
		}
	}
	return nil
}
