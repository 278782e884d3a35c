package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/kind"
	"github.com/distrobot/distrobot/internal/run"
)

// A byHand upgrades a copy of a site with nothing but its bare steps, as an
// administrator does at a shell who has prepared the new code base: the database
// is dumped and loaded, php updates it, a link is renamed. Nothing is fenced,
// journaled, compared, synced or checked.
type byHand struct {
	*hosted
	source string // the site's database
	place  hosting.Place
	app    hosting.App
}

const handDatabase = "hand"

// newByHand lays the new code out with its settings.
func (h *hosted) newByHand(ctx context.Context, p hostedPlatforms, source string) (*byHand, error) {
	dir, err := h.backend.Tree(ctx, p.new)
	if err != nil {
		return nil, err
	}
	spec, err := hosting.ReadSpec(dir)
	if err != nil {
		return nil, err
	}
	m := &byHand{hosted: h, source: source}
	tree := hosting.Tree{Dir: dir, Spec: spec}
	for _, k := range kind.All() {
		if k.Name() == "wordpress" {
			m.app = k.App(tree)
		}
	}
	m.place = hosting.Place{
		Copy: hosting.Copy{URI: "hand.example", Kind: "wordpress", Platform: p.new, Tree: tree, App: m.app, Generation: 2},
		Root: filepath.Join(h.dir, "hand", "new"), Shared: filepath.Join(h.dir, "hand", "shared"),
		Database: &hosting.Access{Engine: "mysql", Name: handDatabase, User: "root", Socket: h.db.socket},
		Secret:   func(name string) (string, error) { return strings.Repeat(name, 64)[:64], nil },
	}
	if err := os.MkdirAll(filepath.Dir(m.place.Root), 0o755); err != nil {
		return nil, err
	}
	if _, err := run.Run(ctx, run.Command{Program: "cp", Args: []string{"-a", dir, m.place.Root}, Env: run.Environ()}); err != nil {
		return nil, err
	}
	return m, m.settings()
}

func (m *byHand) settings() error {
	files, err := m.app.Settings(m.place)
	if err != nil {
		return err
	}
	for _, f := range files {
		at := filepath.Join(m.place.Root, f.Path)
		if err := os.Chmod(filepath.Dir(at), 0o755); err != nil { // a platform is read-only
			return err
		}
		if err := os.WriteFile(at, f.Content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// prepare removes what the last round made.
func (m *byHand) prepare(ctx context.Context) error {
	return m.db.client(ctx, "DROP DATABASE IF EXISTS "+handDatabase)
}

// bare is how long each of the steps took.
type bare struct{ clone, update, switched time.Duration }

func (b bare) sum() time.Duration { return b.clone + b.update + b.switched }

func (m *byHand) upgrade(ctx context.Context) (b bare, err error) {
	for _, step := range []struct {
		took *time.Duration
		do   func(context.Context) error
	}{{&b.clone, m.clone}, {&b.update, m.update}, {&b.switched, m.switchOver}} {
		begin := time.Now()
		if err := step.do(ctx); err != nil {
			return b, err
		}
		*step.took = time.Since(begin)
	}
	return b, nil
}

func (m *byHand) clone(ctx context.Context) error {
	connect := run.Quote("--no-defaults", "-uroot", "-S", m.db.socket)
	line := fmt.Sprintf("set -e; mariadb %[1]s -e 'CREATE DATABASE %[2]s CHARACTER SET utf8mb4'; mariadb-dump %[1]s --single-transaction --quick %[3]s | mariadb %[1]s %[2]s",
		connect, handDatabase, m.source)
	_, err := run.Run(ctx, run.Command{Program: "sh", Args: []string{"-c", line}, Env: run.Environ()})
	return err
}

func (m *byHand) update(ctx context.Context) error {
	for _, p := range m.app.Update(m.place) {
		_, err := run.Run(ctx, run.Command{Program: p.Argv[0], Args: p.Argv[1:], Dir: m.place.Root, Stdin: strings.NewReader(p.Stdin), Env: run.Environ(p.Env...)})
		if err != nil {
			return fmt.Errorf("update by hand: %w", err)
		}
	}
	return nil
}

func (m *byHand) switchOver(context.Context) error {
	at := filepath.Join(m.dir, "hand", "live")
	if err := os.Symlink("new", at+".tmp"); err != nil {
		return err
	}
	return os.Rename(at+".tmp", at)
}
