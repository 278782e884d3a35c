package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/distrobot/distrobot/advisories"
	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/internal/run"
	"github.com/distrobot/distrobot/store"
	"github.com/distrobot/distrobot/watcher"
)

// An app is the parts that every long-running subcommand shares: the store,
// the services of fleet over it, and the table of commands. It has no loops.
type app struct {
	cfg   Config
	log   *slog.Logger
	owner string // of leases: unique for this process, over restarts too
	store *store.Store
	keys  [][]byte // the present key, then former ones

	catalog    *fleet.Catalog
	targets    *fleet.Targets
	sites      *fleet.Sites
	transits   *fleet.Transits
	builder    *fleet.Builder
	planner    *fleet.Planner
	decider    *fleet.Decider
	conductor  *fleet.Conductor
	tasks      *fleet.Tasks
	news       *fleet.News
	digests    *fleet.Digests
	advisories *fleet.Advisories
	trends     *fleet.Trends
	reader     *advisories.Reader
	refreshes  *fleet.Refreshes
	hosts      *fleet.Hosts
	narrator   *fleet.Narrator

	policy  mirror.Policy
	share   mirror.Share
	lister  *mirror.Lister
	mirrors *mirror.Store
	poller  *watcher.Poller

	builds *run.User // that foreign programs of builds run as; nil is ourselves

	roles *roles
	table *commands.Table
	pages *fleet.Pages
	shown atomic.Pointer[http.Handler] // the pages, once they are served
	nudge chan struct{}                // an effect was committed by this process

	pulse    pulse // of this process, for a service manager's watchdog
	tampered tampering
	outlived chan struct{} // closed when the data was restored or migrated under this process
}

// appOptions are what differs between subcommands.
type appOptions struct {
	sandbox  bool // try: people may confirm their own requests
	maintain bool // data of an older schema is opened too, to migrate it
}

// openApp opens the store and wires the services.
func openApp(ctx context.Context, cfg Config, opts appOptions) (*app, error) {
	if err := cfg.ensureData(); err != nil {
		return nil, err
	}
	key, err := cfg.secretKey()
	if err != nil {
		return nil, err
	}
	old, err := cfg.oldKeys()
	if err != nil {
		return nil, err
	}
	a := &app{cfg: cfg, log: newLogger(os.Stderr, cfg.LogLevel, cfg.LogFormat, cfg.secrets()...), nudge: make(chan struct{}, 1), outlived: make(chan struct{}), tampered: make(tampering, 100)}
	a.keys = append([][]byte{key}, old...)
	a.owner = fmt.Sprintf("%s/%d/%s", cfg.Host, os.Getpid(), a.newID())
	a.store, err = store.Open(ctx, store.Options{
		URL: cfg.RedisURL, DataDir: cfg.Data, Key: key, OldKeys: old, Maintain: opts.maintain, Start: startRedis(a.log), Log: a.log,
		TLS:   store.TLSFiles{CA: cfg.RedisCA, Cert: cfg.RedisCert, Key: cfg.RedisCertKey},
		Trial: cfg.Trial, Trusted: cfg.RedisTrusted,
		OnEffects: func(fleet.Family) { a.wake() }, OnOutlived: func() { close(a.outlived) }, OnTampered: a.tampered.tell,
	})
	if err != nil {
		return nil, err
	}
	a.wireServices()
	if err := a.wireWatcher(); err != nil {
		_ = a.store.Close() // nothing was done with it
		return nil, err
	}
	a.wireTable(opts)
	a.table.Second = commands.Second{URL: cfg.PublicURL, Key: key}
	a.pages = &fleet.Pages{Store: a.store, URL: cfg.PublicURL, Key: key}
	a.table.Pages = a.pages
	return a, nil
}

// wake makes the carrier look at once.
func (a *app) wake() {
	select {
	case a.nudge <- struct{}{}:
	default:
	}
}

func (a *app) wireServices() {
	s := a.store
	host := fleet.HostName(a.cfg.Host)
	a.catalog = &fleet.Catalog{Store: s}
	a.targets = &fleet.Targets{Store: s}
	a.sites = &fleet.Sites{Store: s}
	a.transits = &fleet.Transits{Store: s, Silent: a.cfg.HostSilent}
	a.builder = &fleet.Builder{Store: s, Default: host, ID: a.newID}
	a.planner = &fleet.Planner{Store: s, ID: a.newID}
	a.decider = &fleet.Decider{Store: s, Planner: a.planner}
	a.conductor = &fleet.Conductor{Store: s, Planner: a.planner, ID: a.newID}
	a.tasks = &fleet.Tasks{Store: s}
	a.news = &fleet.News{Store: s, Settle: min(a.cfg.PollInterval, time.Minute)}
	a.digests = &fleet.Digests{Store: s, Clock: watcher.Clock{}}
	a.advisories = &fleet.Advisories{Store: s}
	a.trends = &fleet.Trends{Store: s, Keep: a.cfg.History}
	a.refreshes = &fleet.Refreshes{Store: s, Default: host, ID: a.newID, Every: a.cfg.Outdated}
	a.hosts = &fleet.Hosts{Store: s, ID: a.newID, Silent: a.cfg.HostSilent}
	a.narrator = &fleet.Narrator{Store: s, Logs: s, Chart: drawTrend}
}

// wireWatcher makes what reads repositories; it polls only when it is run.
func (a *app) wireWatcher() error {
	credentials, err := mirror.ParseCredentials(a.cfg.Credentials)
	if err != nil {
		return fmt.Errorf("DISTROBOT_GIT_CREDENTIALS: %w", err)
	}
	kinds, err := watcher.ParseForges(a.cfg.Forges)
	if err != nil {
		return fmt.Errorf("DISTROBOT_FORGES: %w", err)
	}
	ssh, err := mirror.ParseSSHKeys(a.cfg.SSHKeys, a.cfg.KnownHosts)
	if err != nil {
		return fmt.Errorf("DISTROBOT_SSH_KEYS, DISTROBOT_KNOWN_HOSTS: %w", err)
	}
	a.policy = mirror.Policy{
		AllowPrivate: a.cfg.AllowPrivate, AllowHTTP: a.cfg.AllowPrivate, Hosts: a.cfg.GitHosts, Credentials: credentials,
		AllowSSH: len(ssh.Keys) > 0, SSH: ssh,
	}
	if a.share, err = mirror.ParseShare(a.cfg.Share); err != nil {
		return fmt.Errorf("DISTROBOT_SHARE: %w", err)
	}
	sources, err := advisories.Parse(a.cfg.Advisories, a.cfg.AdvisoriesToken)
	if err != nil {
		return fmt.Errorf("DISTROBOT_ADVISORIES: %w", err)
	}
	// The servers that the operator names may be in-house ones, whatever the list of git hosts says.
	sourcePolicy := mirror.Policy{AllowPrivate: a.cfg.AllowPrivate, AllowHTTP: a.cfg.AllowPrivate}
	a.reader = &advisories.Reader{Advisories: a.advisories, Sources: sources, Client: sourcePolicy.Client(),
		Interval: a.cfg.AdvisoriesRefresh, Agent: "distrobot/" + version(), Log: a.log}
	a.lister = mirror.NewLister(a.policy)
	a.mirrors = &mirror.Store{Dir: filepath.Join(a.cfg.Data, "mirrors"), Policy: a.policy}
	a.poller = &watcher.Poller{
		Store: a.store, News: a.news, Refs: a.lister, History: a.mirrors, Builder: a.builder,
		Forges: &watcher.Forges{Client: a.policy.Client(), Credential: a.policy.CredentialFor, Kinds: kinds, Log: a.log},
		Log:    a.log, Interval: a.cfg.PollInterval, Owner: a.owner,
	}
	return nil
}

func (a *app) wireTable(opts appOptions) {
	a.roles = &roles{}
	a.table = &commands.Table{
		Store: a.store, Catalog: a.catalog, Targets: a.targets, Sites: a.sites, Transits: a.transits, Builder: a.builder,
		Planner: a.planner, Decider: a.decider, Conductor: a.conductor, Tasks: a.tasks, News: a.news,
		Digests: a.digests, Refreshes: a.refreshes, Hosts: a.hosts, Trends: a.trends, Narrator: a.narrator, Trail: a.store, Logs: a.store,
		Roles: a.roles, Prober: a.poller, Poller: a.poller,
		Hooks:   commands.Hooks{URL: a.cfg.URL, Secrets: a.cfg.hookSecrets()},
		Auditor: &fleet.Auditor{Store: a.store}, Unrecorded: func(e fleet.AuditEvent, err error) {
			a.log.Error("a request could not be recorded", "what", e.What, "who", e.Who.ID, "request", e.Request, "err", err)
		},
		Version: version(), DefaultChannel: a.cfg.Channel, Sandbox: opts.sandbox, Patience: 20 * time.Second,
	}
}

// newID makes a ULID in lower case: ids sort by the time they were made.
func (a *app) newID() string {
	return strings.ToLower(ulid.MustNew(ulid.Now(), rand.Reader).String())
}

// close ends what openApp began; the store comes last.
func (a *app) close() {
	a.lister.Close()
	if err := a.store.Close(); err != nil {
		a.log.Warn("the store did not close", "err", err)
	}
}
