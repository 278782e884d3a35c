package bench

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/distrobot/distrobot/bot/workspace"
	"github.com/distrobot/distrobot/fleet"
)

// fleetWorkers share the sites; together they work on fleetAtOnce of them.
const (
	fleetWorkers = 3
	fleetAtOnce  = 50
	fleetUsers   = 60301 // of the first worker; the others have the next ones
	fleetPerson  = "bob" // confirms what alice asks for
)

// A fleetWorld is a bot and its hosting machines.
type fleetWorld struct {
	botWorld
	f       fleetRun
	bot     *program
	workers []*program // by host
}

func fleetHost(i int) fleet.HostName { return fleet.HostName(fmt.Sprintf("web%d", i+1)) }

func startFleetWorld(ctx context.Context, dir string, f fleetRun) (*fleetWorld, error) {
	w := &fleetWorld{botWorld: botWorld{dir: dir, releases: []string{"1.2.0", "1.3.0"}}, f: f}
	w.people = []workspace.Person{{Name: fleetPerson, Groups: []string{"release-managers"}}}
	if err := os.Chmod(dir, 0o711); err != nil { // the workers' users must get through
		return nil, err
	}
	return w, w.begin(ctx, w.startMachines)
}

// startMachines starts the bot, which runs no task, and the workers.
func (w *fleetWorld) startMachines(ctx context.Context) error {
	w.env = append(w.env, "DISTROBOT_ADMINS=U0"+strings.ToUpper(worldAdmin), "DISTROBOT_MAINTAINERS=@release-managers",
		"DISTROBOT_CHANNEL=#sites", "DISTROBOT_ALLOW_PRIVATE=true", "DISTROBOT_LISTEN=127.0.0.1:0", "DISTROBOT_LOG_LEVEL=warn")
	for i := range fleetWorkers {
		share := (fleetAtOnce + i) / fleetWorkers // 16, 17 and 17
		l := launch{until: regexp.MustCompile(`(?m)^ready`), argv: []string{"worker", "--host", string(fleetHost(i))},
			env: []string{fmt.Sprintf("DISTROBOT_CONCURRENCY=%d", share)}}
		if os.Geteuid() == 0 {
			l.uid = uint32(fleetUsers + i)
		}
		if _, err := w.launch(ctx, l); err != nil {
			return err
		}
		w.workers = append(w.workers, w.programs[len(w.programs)-1])
	}
	if _, err := w.start(ctx, regexp.MustCompile(`(?m)^ready`), "serve", "--no-worker"); err != nil {
		return err
	}
	w.bot = w.programs[len(w.programs)-1]
	return nil
}
