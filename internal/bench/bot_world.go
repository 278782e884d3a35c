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

// A botWorld is what the whole program runs in: Redis and the workspace as
// processes, the forge in ours, and whatever of the program is started.
type botWorld struct {
	dir, exe string
	env      []string // settings of the bot and the workers
	socket   string   // of Redis
	people   []workspace.Person
	releases []string // of the sample, that are published beyond its first ones
	chat     *chat.Client
	watch    *chatWatch
	store    *store.Store
	forge    *httptest.Server
	programs []*program // in the order in which they began
	closers  []func()
}

const (
	worldAdmin = "alice" // asks for everything
	worldKey   = "0123456789abcdef0123456789abcdef"
)

// begin starts what everything else needs, and then more.
func (w *botWorld) begin(ctx context.Context, more ...func(context.Context) error) error {
	w.people = append([]workspace.Person{{Name: worldAdmin, Groups: []string{"admins"}}}, w.people...)
	for _, start := range append([]func(context.Context) error{w.build, w.startRedis, w.startWorkspace, w.startForge}, more...) {
		if err := start(ctx); err != nil {
			w.end()
			return err
		}
	}
	return nil
}

func (w *botWorld) build(ctx context.Context) (err error) {
	w.exe, err = buildDistrobot(ctx, w.dir)
	return err
}

// startRedis starts the server that all of them share.
func (w *botWorld) startRedis(ctx context.Context) error {
	url, stop, err := launchRedis(ctx, w.dir)
	if err != nil {
		return err
	}
	w.closers = append(w.closers, stop)
	w.env = append(w.env, "DISTROBOT_REDIS_URL="+url, "DISTROBOT_KEY="+worldKey)
	w.socket = strings.TrimPrefix(url, "unix://")
	w.store, err = store.Open(ctx, store.Options{URL: url, Key: []byte(worldKey), Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		w.closers = append(w.closers, func() { _ = w.store.Close() })
	}
	return err
}

// startWorkspace starts the workspace with its people, and reads it from now on.
func (w *botWorld) startWorkspace(ctx context.Context) error {
	raw, err := json.Marshal(w.people)
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

// startForge serves the sample distribution with git's own server program.
func (w *botWorld) startForge(ctx context.Context) error {
	root := filepath.Join(w.dir, "forge")
	if err := sample.Make(ctx, filepath.Join(root, sample.Repository)); err != nil {
		return err
	}
	for _, tag := range w.releases {
		if err := sample.Publish(ctx, filepath.Join(root, sample.Repository), tag); err != nil {
			return err
		}
	}
	h, err := mirror.HTTPBackend(root)
	if err != nil {
		return err
	}
	w.forge = httptest.NewServer(h)
	w.closers = append(w.closers, w.forge.Close)
	return nil
}

// start starts the program with a data directory of its own.
func (w *botWorld) start(ctx context.Context, until *regexp.Regexp, args ...string) ([]string, error) {
	return w.launch(ctx, launch{until: until, argv: args})
}

// launch does the same as somebody else and with more settings, if l says so.
func (w *botWorld) launch(ctx context.Context, l launch) ([]string, error) {
	data := filepath.Join(w.dir, fmt.Sprintf("data%d", len(w.programs)))
	l.env = bareEnv(append(append([]string{"DISTROBOT_DATA=" + data}, w.env...), l.env...)...)
	l.argv = append([]string{w.exe}, l.argv...)
	if l.uid != 0 {
		if err := os.Mkdir(data, 0o700); err != nil {
			return nil, err
		}
		if err := os.Chown(data, int(l.uid), int(l.uid)); err != nil {
			return nil, err
		}
		l.env = append(l.env, "HOME="+data) // the last one counts
	}
	p, said, err := l.start(ctx)
	if err == nil {
		p.data = data
		w.programs = append(w.programs, p)
	}
	return said, err
}

// end ends everything, last begun first.
func (w *botWorld) end() {
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
func (w *botWorld) trouble() string {
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

// say types a command, and wants it acknowledged.
func (w *botWorld) say(user, channel, text string) error {
	a, err := w.chat.Say(user, channel, text)
	if err == nil && a.Error != "" {
		err = fmt.Errorf("%s: %s", text, a.Error)
	}
	return err
}
