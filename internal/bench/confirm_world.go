package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/distrobot/distrobot/bot/workspace"
	"github.com/distrobot/distrobot/cmd/distrobot/sample"
	"github.com/distrobot/distrobot/internal/chat"
	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/store"
)

// A confirmWorld is everything that runs: Redis, the workspace, the replicas
// and one worker as processes, the forge in ours.
type confirmWorld struct {
	dir, exe string
	env      []string // settings of the bot and the worker
	chat     *chat.Client
	watch    *chatWatch
	store    *store.Store
	forge    *httptest.Server
	worker   *program
	programs []*program // in the order in which they began
	closers  []func()
}

const (
	confirmAdmin = "alice" // asks for everything, and presses nothing
	confirmKey   = "0123456789abcdef0123456789abcdef"
)

func startConfirmWorld(ctx context.Context, dir string) (*confirmWorld, error) {
	w := &confirmWorld{dir: dir}
	for _, start := range []func(context.Context) error{w.build, w.startRedis, w.startWorkspace, w.startForge, w.startBots} {
		if err := start(ctx); err != nil {
			w.end()
			return nil, err
		}
	}
	return w, nil
}

func (w *confirmWorld) build(ctx context.Context) (err error) {
	w.exe, err = buildDistrobot(ctx, w.dir)
	return err
}

// startRedis starts the server that all of them share.
func (w *confirmWorld) startRedis(ctx context.Context) error {
	url, stop, err := launchRedis(ctx, w.dir)
	if err != nil {
		return err
	}
	w.closers = append(w.closers, stop)
	w.env = append(w.env, "DISTROBOT_REDIS_URL="+url, "DISTROBOT_KEY="+confirmKey)
	w.store, err = store.Open(ctx, store.Options{URL: url, Key: []byte(confirmKey), Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		w.closers = append(w.closers, func() { _ = w.store.Close() })
	}
	return err
}

// startWorkspace starts the workspace with its people, and reads it from now on.
func (w *confirmWorld) startWorkspace(ctx context.Context) error {
	people := []workspace.Person{{Name: confirmAdmin, Groups: []string{"admins"}}}
	for i := range confirmPeople {
		p := workspace.Person{Name: personName(i)}
		if !isReader(i) {
			p.Groups = []string{"release-managers"}
		}
		people = append(people, p)
	}
	raw, err := json.Marshal(people)
	if err != nil {
		return err
	}
	file := filepath.Join(w.dir, "people.json")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		return err
	}
	said, err := w.start(ctx, regexp.MustCompile(`(?s)Workspace: (\S+).*?(SLACK_API_URL=\S+)\s+(SLACK_BOT_TOKEN=\S+)\s+(SLACK_APP_TOKEN=\S+)`),
		"workspace", "--listen", "127.0.0.1:0", "--people", file)
	if err != nil {
		return err
	}
	w.env = append(w.env, said[2:]...)
	if w.chat, err = chat.New(said[1]); err != nil {
		return err
	}
	w.watch = watchChat(ctx, w.chat)
	return nil
}

func personName(i int) string { return fmt.Sprintf("p%03d", i) }
func personID(i int) string   { return strings.ToUpper("u0" + personName(i)) }
func isReader(i int) bool     { return i%3 == 2 }
func maintainer(n int) int    { return n/2*3 + n%2 }

// startForge serves the sample distribution with git's own server program.
func (w *confirmWorld) startForge(ctx context.Context) error {
	root := filepath.Join(w.dir, "forge")
	if err := sample.Make(ctx, filepath.Join(root, sample.Repository)); err != nil {
		return err
	}
	if err := sample.Publish(ctx, filepath.Join(root, sample.Repository), "1.2.0"); err != nil {
		return err
	}
	h, err := mirror.HTTPBackend(root)
	if err != nil {
		return err
	}
	w.forge = httptest.NewServer(h)
	w.closers = append(w.closers, w.forge.Close)
	return nil
}

// connected is what a replica has said when presses reach it.
var connected = regexp.MustCompile(`(?s)ready on .*connected to slack|connected to slack.*ready on `)

// startBots starts the replicas and the worker, each with data of its own.
func (w *confirmWorld) startBots(ctx context.Context) error {
	w.env = append(w.env, "DISTROBOT_ADMINS=U0"+strings.ToUpper(confirmAdmin), "DISTROBOT_MAINTAINERS=@release-managers",
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

// start starts the program with a data directory of its own.
func (w *confirmWorld) start(ctx context.Context, until *regexp.Regexp, args ...string) ([]string, error) {
	data := filepath.Join(w.dir, fmt.Sprintf("data%d", len(w.programs)))
	p, said, err := startProgram(ctx, until, bareEnv(append(w.env[:len(w.env):len(w.env)], "DISTROBOT_DATA="+data)...), append([]string{w.exe}, args...)...)
	if err == nil {
		w.programs = append(w.programs, p)
	}
	return said, err
}

// end ends everything, last begun first.
func (w *confirmWorld) end() {
	if w.watch != nil {
		w.watch.end()
	}
	for i := len(w.programs) - 1; i >= 0; i-- {
		w.programs[i].end()
	}
	for i := len(w.closers) - 1; i >= 0; i-- {
		w.closers[i]()
	}
}

// trouble is what the programs have warned of, for a measurement that failed.
func (w *confirmWorld) trouble() string {
	var out strings.Builder
	for _, p := range w.programs {
		n := 0
		for line := range strings.Lines(p.screen.text()) {
			if n < 10 && (strings.Contains(line, "level=WARN") || strings.Contains(line, "level=ERROR")) {
				fmt.Fprintf(&out, "%s: %s", p.name, line)
				n++
			}
		}
	}
	return out.String()
}
