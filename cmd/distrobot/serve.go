package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/distrobot/distrobot/bot"
	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/watcher"
)

// serveCmd is the bot: Slack, watcher, webhooks, schedules and, unless told
// otherwise, a worker for this host.
type serveCmd struct {
	NoWorker bool `name:"no-worker" help:"Only the bot; hosting machines run distrobot worker."`
}

// Run implements the subcommand.
func (c serveCmd) Run(ctx context.Context) error {
	cfg, err := loadConfig()
	if err != nil {
		return err
	}
	if err := cfg.checkServe(); err != nil {
		return &exitError{code: exitUsage, text: err.Error()}
	}
	a, err := openApp(ctx, cfg, appOptions{})
	if err != nil {
		return err
	}
	defer a.close()
	return a.serve(ctx, serveOptions{worker: !c.NoWorker, hurry: secondSignal(ctx), announce: func(addr string) {
		tellSystemd("READY=1")
		fmt.Printf("ready on http://%s\n", addr)
	}})
}

// serveOptions are what serve and try do differently.
type serveOptions struct {
	worker   bool
	seed     func(ctx context.Context, uri fleet.URI, tree string) error
	setUp    func(ctx context.Context) error // after the loops have begun; nil does nothing
	announce func(addr string)               // when everything is ready
	started  func(w *worker)                 // the worker of this process, before its loops
	hurry    <-chan struct{}                 // closed when running steps shall not be waited for; nil never
}

// serve runs the bot until ctx ends, then ends its parts in order: what takes
// in work first, then the worker, then what sends messages; close ends Redis.
func (a *app) serve(ctx context.Context, opts serveOptions) error {
	if err := a.hosts.RaiseFloor(ctx, fleet.Floor{Protocol: fleet.WorkerFloor, Version: version()}); err != nil {
		return err
	}
	m := newMetrics()
	m.registry.MustRegister(&fleetMetrics{store: a.store, outbox: a.store, standing: a.catalog.Standing})
	b, err := a.newBot(m)
	if err != nil {
		return err
	}
	stopSocket, err := a.serveSocket(ctx, a.cfg.socketPath())
	if err != nil {
		return err
	}
	defer os.Remove(a.cfg.socketPath())
	defer stopSocket()
	routes, err := a.routes(ctx, b)
	if err != nil {
		return err
	}
	proxies, err := parseProxies(a.cfg.Proxies)
	if err != nil {
		return err
	}
	addr, stopHTTP, err := listenAndServe(ctx, a.cfg.Listen, behind(proxies, operations(m.registry, a.checks(b), routes)), a.log)
	if err != nil {
		return fmt.Errorf("DISTROBOT_LISTEN: %w", err)
	}
	defer stopHTTP()
	m.gauge("slack_connected", "1 when requests from Slack reach this process.", func() float64 {
		if b.Health().Ready {
			return 1
		}
		return 0
	})
	stages, err := a.stages(b, m, opts, func() { opts.announce(addr.String()) })
	if err != nil {
		return err
	}
	return runStages(ctx, a.log, stages)
}

// newBot connects the table of commands with Slack.
func (a *app) newBot(m *metrics) (*bot.Bot, error) {
	b, err := bot.New(bot.Config{
		Tokens: bot.Tokens{Bot: a.cfg.SlackBotToken, App: a.cfg.SlackAppToken, Signing: a.cfg.SlackSigningSecret, APIURL: a.cfg.SlackAPIURL},
		Desk:   a.table, Store: a.store, Narrate: a.narrator.Message,
		Roles: bot.RoleConfig{Admins: a.cfg.Admins, Maintainers: a.cfg.Maintainers, Shell: shellRole},
		Owner: a.owner, Meter: m, Log: a.log, Sockets: a.cfg.Sockets,
	})
	if err != nil {
		return nil, err
	}
	a.roles.slack, a.table.Rooms = b, b
	a.table.Members, a.table.Directory = b.Members(), b
	return b, nil
}

// routes are the addresses beside health and metrics.
func (a *app) routes(ctx context.Context, b *bot.Bot) (map[string]http.Handler, error) {
	routes := map[string]http.Handler{}
	if a.pages.Offered() {
		site, err := a.site(ctx, b)
		if err != nil {
			return nil, err
		}
		routes[fleet.PagePath] = site
		a.shown.Store(&site)
	}
	if h := b.Handler(); h != nil {
		routes["/slack/"] = h
	}
	if a.table.Second.Offered() {
		routes[commands.SecondPath] = a.secondFactor()
	}
	for forge, secrets := range a.cfg.hookSecrets() {
		if len(secrets) == 0 {
			continue
		}
		hook, err := watcher.NewHooks(forge, secrets, a.poller, a.log)
		if err != nil {
			return nil, err
		}
		routes["/hooks/"+forge] = hook
	}
	return routes, nil
}

// secondFactor is the page on which people confirm once more.
func (a *app) secondFactor() http.Handler {
	return a.table.SecondFactor(func(err error) { a.log.Error("the page of the second factor failed", "err", err) })
}

// checks are what /readyz asks.
func (a *app) checks(b *bot.Bot) []readiness {
	return []readiness{
		{"slack", func(context.Context) string {
			if h := b.Health(); !h.Ready {
				return strings.Join(append([]string{"not connected"}, h.Notes...), " ")
			}
			return ""
		}},
		{"redis", func(ctx context.Context) string {
			if _, err := a.store.Count(ctx, fleet.AllDistributions); err != nil {
				return "it does not answer"
			}
			return ""
		}},
	}
}

// stages are the loops of a bot, in the order in which they end.
func (a *app) stages(b *bot.Bot, m *metrics, opts serveOptions, ready func()) ([]stage, error) {
	watch := &watcher.Watcher{Poller: a.poller, News: a.news, Digests: a.digests, Refreshes: a.refreshes,
		Chores:  a.chores(),
		Retirer: &fleet.Retirer{Store: a.store, Builder: a.builder}, Hosts: a.hosts, Builder: a.builder, Log: a.log,
		Forgetter: &fleet.Forgetter{Store: a.store, Keep: a.cfg.History}}
	carrier, isSetUp := a.newCarrier(b), make(chan struct{})
	intake := stage{name: "intake", grace: 10 * time.Second, loops: map[string]func(context.Context) error{
		// After the set-up, so that the first announcement of a trial finds its sites.
		"watcher": func(ctx context.Context) error {
			select {
			case <-isSetUp:
				watch.Run(ctx)
			case <-ctx.Done():
			}
			return nil
		},
		"set-up": func(ctx context.Context) error {
			if opts.setUp != nil {
				if err := opts.setUp(ctx); err != nil {
					return err
				}
			}
			close(isSetUp)
			ready()
			return nil
		},
	}}
	work := stage{name: "work", grace: a.cfg.Grace + 15*time.Second, loops: map[string]func(context.Context) error{}}
	if opts.worker {
		w, err := a.newWorker(opts.seed)
		if err != nil {
			return nil, err
		}
		if opts.started != nil {
			opts.started(w)
		}
		carrier.Woken = w.woken
		m.gauge("tasks_running", "Tasks this process works on now.", func() float64 { return float64(w.runner.Running()) })
		w.runner.Hurry = opts.hurry
		work.loops["worker"] = w.run
	} else {
		if err := a.remoteWorkers(carrier); err != nil {
			return nil, err
		}
		work.loops["mirrors"] = a.tendMirrors
	}
	state := stage{name: "state", grace: 15 * time.Second, loops: map[string]func(context.Context) error{
		"slack":   b.Run,
		"epoch":   a.mindEpoch,
		"alarms":  a.tellTampered,
		"storage": a.mindStorage,
		"pulse":   a.pulse.watchdog,
		"carrier": func(ctx context.Context) error {
			return every(ctx, a.log, loop{name: "carrier", interval: 200 * time.Millisecond, nudge: a.nudge, run: func(ctx context.Context) error {
				n, err := carrier.Carry(ctx)
				m.carried.Add(float64(n))
				if n > 0 {
					b.Wake()
				}
				return err
			}})
		},
		"conductor": func(ctx context.Context) error {
			return every(ctx, a.log, loop{name: "conductor", interval: time.Second, run: func(ctx context.Context) error {
				_, err := a.conductor.Sweep(ctx)
				a.pulse.beat("conductor")
				return err
			}})
		},
	}}
	return []stage{intake, work, state}, nil
}

// newCarrier makes what carries effects; names of channels are resolved by the
// bot.
func (a *app) newCarrier(b *bot.Bot) *fleet.Carrier {
	return &fleet.Carrier{Store: a.store, Outbox: a.store, Trail: a.store, Planner: a.planner,
		Conductor: a.conductor, Channel: a.cfg.Channel, Resolve: b.Resolve}
}
