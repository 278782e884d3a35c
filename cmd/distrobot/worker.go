package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/sync/errgroup"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/kind"
	"github.com/distrobot/distrobot/hosting/local"
	"github.com/distrobot/distrobot/hosting/source"
	"github.com/distrobot/distrobot/hosting/web"
	"github.com/distrobot/distrobot/internal/job"
	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/internal/queue"
	"github.com/distrobot/distrobot/internal/transfer"
)

// workerCmd is a worker for one hosting machine.
type workerCmd struct {
	Host string `help:"Name of this hosting machine; default DISTROBOT_HOST."`
}

// Run implements the subcommand.
func (c workerCmd) Run(ctx context.Context) error {
	cfg, err := loadConfig()
	if err != nil {
		return err
	}
	if c.Host != "" {
		cfg.Host = c.Host
	}
	if len(cfg.Key) < 32 && cfg.RedisURL != "local" {
		return &exitError{code: exitUsage, text: "DISTROBOT_KEY is not set or shorter than 32 characters; it must be the bot's."}
	}
	a, err := openApp(ctx, cfg, appOptions{})
	if err != nil {
		return err
	}
	defer a.close()
	w, err := a.newWorker(nil)
	if err != nil {
		return err
	}
	w.runner.Hurry = secondSignal(ctx)
	w.ready = func() {
		tellSystemd("READY=1")
		fmt.Printf("ready: working for host %s\n", cfg.Host)
	}
	return runStages(ctx, a.log, []stage{{name: "work", grace: cfg.Grace + 15*time.Second,
		loops: map[string]func(context.Context) error{"worker": w.run, "epoch": a.mindEpoch, "alarms": a.tellTampered, "pulse": a.pulse.watchdog}}})
}

// A worker does the tasks of one host in this process.
type worker struct {
	app     *app
	host    fleet.HostName
	backend *local.Backend
	drives  hosting.Backend // the same, or what keeps its records in it
	web     *local.Web
	runner  *job.Runner
	recipes *hosting.Worker
	queue   *queue.Queue
	sweeper *job.Sweeper
	cron    *hosting.Cron
	upkeep  hosting.Upkeep
	strand  hosting.Strand
	end     func() // closes what the backend holds open
	seat    *job.Presence
	php     string       // version of PHP on this machine
	door    *door        // nil where nothing is to be fetched
	rate    atomic.Int64 // bytes a second of what was fetched last from another host
	ready   func()       // called when the host's seat is this worker's; nil does nothing
}

// newWorker wires the backend, the recipes, the runner and the queue. seed
// puts first data into new sites; nil does not.
func (a *app) newWorker(seed func(context.Context, fleet.URI, string) error) (*worker, error) {
	w := &worker{app: a, host: fleet.HostName(a.cfg.Host)}
	limits, err := a.cfg.limits()
	if err == nil {
		err = fleet.CheckHostName(w.host)
	}
	if err != nil {
		return nil, &exitError{code: exitUsage, text: err.Error()}
	}
	if a.builds, err = a.cfg.buildUser(); err != nil {
		return nil, &exitError{code: exitUsage, text: err.Error()}
	}
	if w.backend, w.end, err = a.cfg.machine(); err != nil {
		return nil, &exitError{code: exitUsage, text: err.Error()}
	}
	if w.drives, err = a.cfg.backend(w.backend); err != nil {
		return nil, &exitError{code: exitUsage, text: err.Error()}
	}
	w.backend.Seed = seed
	w.web = local.NewWeb(w.backend, "127.0.0.1")
	w.backend.Public = w.web.URL
	host := &hosting.Worker{
		Host: w.host, Store: a.store, Sites: a.sites, Builder: a.builder, Refreshes: a.refreshes, Backend: w.drives,
		Inventories: &fleet.Inventories{Store: a.store},
		Kinds:       kind.All(), Sources: source.All(a.sourceOptions()),
		Lease: siteLeases * a.cfg.Lease, Retry: a.cfg.CheckRetry, Soak: a.cfg.Soak,
		Eyes: a.cfg.eyes(a.builds), Looks: a.cfg.looksDir(),
		BuildAs: a.builds, BuildMemory: a.cfg.BuildMemory << 20,
		Transits: a.transits, Client: transfer.Client{Key: a.keys[0]}, Measured: w.rate.Store,
	}
	w.recipes = host
	w.upkeep = hosting.Upkeep{Worker: host, Orders: a.sites, Tasks: a.tasks, Log: a.log}
	w.cron = &hosting.Cron{Worker: host, Every: a.cfg.Cron, Log: a.log}
	w.runner = &job.Runner{Store: a.store, Logs: a.store, Recipe: host.Recipe, Owner: a.owner,
		Lease: a.cfg.Lease, Grace: a.cfg.Grace, Log: a.log, Epoch: a.store.Epoch(),
		Deadlines: map[fleet.TaskKind]time.Duration{"": a.cfg.TaskLimit}, Limits: limits, May: w.may}
	w.seat = &job.Presence{Hosts: a.hosts, Log: a.log, Look: w.look, Every: a.cfg.reportEvery(),
		Host: fleet.Host{Name: w.host, Backend: w.drives.Name(), Version: version(), Owner: a.owner}}
	w.strand = hosting.Strand{Host: w.host, Store: a.store, Sites: w.freer(), Works: w.runner.Works, Alarm: a.hosts, Log: a.log}
	w.queue = queue.New(a.store.Conn(), a.log)
	w.sweeper = &job.Sweeper{Store: a.store, Host: w.host, Log: a.log, Wake: func(ctx context.Context, t fleet.TaskRef, urgent bool) {
		w.notify(ctx, t, urgent, time.Time{})
	}}
	return w, nil
}

// sourceOptions are what builds need of this host.
func (a *app) sourceOptions() source.Options {
	return source.Options{
		Mirrors: a.mirrors, Lister: a.lister, Files: mirror.NewDownloader(a.policy),
		Releases: source.Releases{Archive: a.cfg.Releases, Git: a.cfg.ReleasesGit},
		Composer: source.Composer{Cache: filepath.Join(a.cfg.Data, "composer"), As: a.builds, Memory: a.cfg.BuildMemory << 20},
		Share:    a.share,
	}
}

// woken tells the queue of a task that was just created, for any host.
func (w *worker) woken(t fleet.TaskRef, urgent bool, at time.Time) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	w.notify(ctx, t, urgent, at)
}

// notify may fail: the sweep of the due set finds what the queue has lost.
func (w *worker) notify(ctx context.Context, t fleet.TaskRef, urgent bool, at time.Time) {
	if err := w.queue.Notify(ctx, t, urgent, at); err != nil && ctx.Err() == nil {
		w.app.log.Debug("a wake-up was not queued; the sweep will find the task", "task", t.ID, "err", err)
	}
}

// remoteWorkers lets a bot without a worker of its own wake those of others.
func (a *app) remoteWorkers(c *fleet.Carrier) error {
	w := &worker{app: a, queue: queue.New(a.store.Conn(), a.log)}
	c.Woken = w.woken
	return nil
}

// may is asked before each claim: the worker must be new enough, and the host's
// seat its own.
func (w *worker) may(tx fleet.Tx, t fleet.Task) error {
	if w.seat.TooOld() {
		return fleet.Errorf(fleet.Refused, "This worker is too old for the fleet.")
	}
	seat := fleet.Seat{Host: w.host}
	if _, err := tx.Get(&seat); err != nil {
		return err
	}
	return fleet.MayClaim(seat, t, w.app.owner)
}

// run works until ctx ends. It holds a lock on the data directory, so that
// tasks it left behind when it died can be taken up at once, and the seat of its
// host, so that no other directory works under its name. When ctx ends it says
// that it drains, until the running steps have ended.
func (w *worker) run(ctx context.Context) error {
	lock := flock.New(filepath.Join(w.app.cfg.Data, "worker.lock"))
	got, err := lock.TryLock()
	if err != nil {
		return fmt.Errorf("the data directory cannot be locked: %w", err)
	}
	if !got {
		return fmt.Errorf("another worker already works on %s", w.app.cfg.Data)
	}
	defer lock.Close()
	if w.runner.Ended, err = job.OpenEnded(filepath.Join(w.app.cfg.Data, "ended"), time.Now()); err != nil {
		return err
	}
	defer w.end()
	defer w.web.Close()
	if err := w.openDoor(ctx); err != nil {
		return err
	}
	if err := w.sit(ctx); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	life, over := context.WithCancel(context.WithoutCancel(ctx))
	defer over()
	reports := make(chan error, 1)
	go func() { reports <- w.seat.Run(life) }()
	g.Go(func() error { // the reports go on while the rest drains
		select {
		case err := <-reports:
			reports <- err
			return err
		case <-ctx.Done():
			tellSystemd("STOPPING=1")
			w.seat.Say(fleet.HostDraining)
			return nil
		}
	})
	w.loops(ctx, g)
	err = g.Wait()
	over()
	<-reports
	w.leave()
	return err
}

// sit takes the host's seat. A storage that is away is waited for by the loops;
// no task is claimed without the seat.
func (w *worker) sit(ctx context.Context) error {
	var err error
	if w.seat.Seat.Data, err = w.app.identity(); err != nil {
		return err
	}
	if w.seat.Seat.Place, err = w.app.place(); err != nil {
		return fmt.Errorf("the data directory: %w", err)
	}
	w.runner.Data, w.php = w.seat.Seat.Data, w.backend.PHP(ctx)
	err = w.seat.Report(ctx)
	switch code := fleet.CodeOf(err); {
	case code == fleet.Refused || code == fleet.TooOld:
		return err
	case err != nil:
		w.app.log.Warn("this host cannot be reported yet", "err", err)
	}
	if w.ready != nil {
		w.ready()
	}
	return nil
}

// leave says that the worker has ended in order.
func (w *worker) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	w.seat.Say(fleet.HostStopped)
	if err := w.seat.Report(ctx); err != nil {
		w.app.log.Warn("it could not be said that this worker has ended", "err", err)
	}
}

// loops starts what a worker does until ctx ends.
func (w *worker) loops(ctx context.Context, g *errgroup.Group) {
	g.Go(func() error { return w.resume(ctx) })
	g.Go(func() error { return w.sweeper.Run(ctx) })
	g.Go(func() error {
		return w.queue.Consume(ctx, w.host, queue.Options{Concurrency: w.app.cfg.Concurrency}, func(ctx context.Context, t fleet.TaskRef) error {
			return w.runner.Run(ctx, t, false)
		})
	})
	g.Go(func() error { return w.serveSites(ctx) })
	g.Go(func() error { return w.takeStock(ctx) })
	g.Go(func() error { return w.giveParcels(ctx) })
	g.Go(func() error { return w.app.tendMirrors(ctx) })
	g.Go(func() error { return w.mindStorage(ctx) })
	g.Go(func() error {
		return every(ctx, w.app.log, loop{name: "sites' upkeep", interval: 10 * time.Minute, run: w.keepUp})
	})
	g.Go(func() error {
		return every(ctx, w.app.log, loop{name: "sites' cron", interval: time.Minute, run: func(ctx context.Context) error {
			return w.cron.Due(ctx, time.Now())
		}})
	})
}

// resume takes up what a former process of this host left running.
func (w *worker) resume(ctx context.Context) error {
	left, err := w.sweeper.Interrupted(ctx)
	if err != nil {
		w.app.log.Warn("interrupted tasks cannot be listed; they are taken up when their leases end", "err", err)
		return nil
	}
	var g errgroup.Group
	g.SetLimit(max(w.app.cfg.Concurrency, 1))
	for _, t := range left {
		g.Go(func() error {
			if err := w.runner.Run(ctx, t, true); err != nil {
				w.app.log.Warn("an interrupted task ended badly", "task", t.ID, "err", err)
			}
			return nil
		})
	}
	return g.Wait()
}

// keepUp does what sites need from time to time. The web server's configuration
// is rendered again: certificates come and go, and a newer version of this
// program may have other templates.
func (w *worker) keepUp(ctx context.Context) error {
	if f, ok := w.backend.Front.(*web.Front); ok {
		if err := errors.Join(f.Refresh(ctx), f.RotateLogs()); err != nil {
			w.app.log.Warn("the web server's configuration cannot be renewed", "err", err)
		}
	}
	return w.upkeep.Due(ctx, time.Now())
}

// serveSites runs the built-in web server: on one address by Host header when
// it is set, and on a port of loopback for each site of this host, also for
// those that came while it runs.
func (w *worker) serveSites(ctx context.Context) error {
	if w.drives != hosting.Backend(w.backend) { // somebody else serves them
		<-ctx.Done()
		return nil
	}
	if addr := w.app.cfg.SitesListen; addr != "" {
		_, stop, err := listenAndServe(ctx, addr, w.web.Handler(), w.app.log)
		if err != nil {
			return fmt.Errorf("DISTROBOT_SITES_LISTEN: %w", err)
		}
		defer stop()
	}
	return every(ctx, w.app.log, loop{name: "sites' ports", interval: 5 * time.Second, run: func(ctx context.Context) error {
		records, err := w.backend.All(ctx)
		if err != nil {
			return err
		}
		for _, r := range records {
			if w.backend.Fronted(r.URI) {
				continue
			}
			if _, err := w.web.URL(r.URI); err != nil && fleet.CodeOf(err) != fleet.Later {
				return err
			}
		}
		return nil
	}})
}
