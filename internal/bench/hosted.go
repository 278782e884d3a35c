package bench

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/kind"
	"github.com/distrobot/distrobot/hosting/local"
	"github.com/distrobot/distrobot/hosting/web"
	"github.com/distrobot/distrobot/internal/job"
	"github.com/distrobot/distrobot/internal/lamp"
	"github.com/distrobot/distrobot/store"
	"github.com/distrobot/distrobot/store/storetest"
)

// A hosted is a hosting machine with everything that a task of a real site goes
// through: Redis that writes its file out before each reply, the runner with its
// journal, the recipes, the local backend, nginx, PHP-FPM and MariaDB.
type hosted struct {
	dir     string
	db      *mariaDB
	store   *store.Store
	backend *local.Backend
	runner  *job.Runner
	tasks   int
	closers []func()
}

const hostedName = fleet.HostName("local")

var hostedAdmin = fleet.Actor{ID: "U1", Name: "alice", Team: "T1"}

// startHosted starts the machine in dir, which the sites' users are let pass.
func startHosted(ctx context.Context, dir string) (*hosted, error) {
	h := &hosted{dir: dir}
	for _, start := range []func(context.Context) error{h.startDatabase, h.startWeb, h.startWorker} {
		if err := start(ctx); err != nil {
			h.end()
			return nil, err
		}
	}
	return h, nil
}

// end ends the servers, the last one first.
func (h *hosted) end() {
	for i := len(h.closers) - 1; i >= 0; i-- {
		h.closers[i]()
	}
}

func (h *hosted) data() string { return filepath.Join(h.dir, "data") }

func (h *hosted) startDatabase(ctx context.Context) (err error) {
	at := filepath.Join(h.dir, "db")
	for _, dir := range []string{h.data(), at} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	if err := os.Chmod(h.dir, 0o755); err != nil {
		return err
	}
	if h.db, err = startMariaDB(ctx, at); err == nil {
		h.closers = append(h.closers, h.db.stop)
	}
	return err
}

// startWeb starts nginx and PHP-FPM, and the backend that configures them.
func (h *hosted) startWeb(context.Context) error {
	port, err := lamp.FreePort()
	if err != nil {
		return err
	}
	front := &web.Front{Dir: filepath.Join(h.data(), "web"), Listen: []string{fmt.Sprintf("127.0.0.1:%d", port)}, Children: 2}
	nginx, err := lamp.StartNginx(front.Dir)
	if err != nil {
		return err
	}
	h.closers = append(h.closers, nginx.Stop)
	fpm, err := lamp.StartFPM(filepath.Join(front.Dir, "pools"))
	if err != nil {
		return err
	}
	h.closers = append(h.closers, fpm.Stop)
	front.Nginx = web.Server{Test: nginx.Test, Reload: nginx.Reload}
	front.FPM = web.Server{Test: fpm.Test, Reload: fpm.Reload}
	h.backend = &local.Backend{
		Data: h.data(), Host: hostedName, Front: front,
		Server: &local.Server{Store: h.db.engine, Accounts: h.db.engine, Prefix: "bot_", Socket: h.db.socket},
	}
	if os.Geteuid() == 0 {
		h.backend.Users = local.IDs{First: 60100, Last: 60199}
	}
	return nil
}

// startWorker starts Redis and puts the runner together as the program does. Its
// times are those of production.
func (h *hosted) startWorker(ctx context.Context) (err error) {
	h.store, err = store.Open(ctx, store.Options{URL: "local", DataDir: h.data(), Key: []byte("bench"), Start: storetest.Launch, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	h.closers = append(h.closers, func() { _ = h.store.Close() })
	w := &hosting.Worker{Host: hostedName, Store: h.store, Sites: &fleet.Sites{Store: h.store}, Backend: h.backend, Kinds: kind.All()}
	h.runner = &job.Runner{Store: h.store, Logs: h.store, Recipe: w.Recipe, Owner: "bench", Log: slog.New(slog.DiscardHandler)}
	return nil
}

// run does a task of a kind to its end, as a worker that has just been woken.
func (h *hosted) run(ctx context.Context, t fleet.Task) (fleet.Task, error) {
	if t.ID == "" {
		h.tasks++
		t.ID = fleet.TaskID(fmt.Sprintf("01bench%04d", h.tasks))
	}
	t.Host, t.State, t.By, t.Created = hostedName, fleet.TaskQueued, hostedAdmin, time.Now()
	if err := h.put(ctx, &t, &fleet.Task{Host: t.Host, ID: t.ID}); err != nil {
		return t, err
	}
	if err := h.runner.Run(ctx, t.Ref(), false); err != nil {
		return t, err
	}
	done := fleet.Task{Host: t.Host, ID: t.ID}
	if _, err := h.store.Read(ctx, &done); err != nil {
		return t, err
	}
	if done.State != fleet.TaskDone {
		return done, fmt.Errorf("%s of %s is %s: %s", done.Kind, done.About, done.State, done.Reason)
	}
	return done, nil
}

// put writes a row as it is; have is an empty one of the same key.
func (h *hosted) put(ctx context.Context, r, have fleet.Record) error {
	return h.store.Update(ctx, r.Key().Family, func(tx fleet.Tx) error {
		if _, err := tx.Get(have); err != nil {
			return err
		}
		tx.Put(r)
		return nil
	})
}
