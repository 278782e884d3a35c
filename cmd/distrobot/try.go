package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/distrobot/distrobot/bot/workspace"
	"github.com/distrobot/distrobot/cmd/distrobot/sample"
	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/mirror"
)

// tryCmd runs everything on this machine: Redis in memory, the local
// workspace, a sample distribution and three sites of it.
type tryCmd struct {
	Listen string `default:"127.0.0.1:8765" help:"Loopback address of the workspace page."`
	Token  string `help:"Opens the page; random when empty."`
	Data   string `help:"Empty directory for mirrors, platforms and sites; a temporary one, removed at the end, when not given." type:"path" env:"DISTROBOT_DATA"`
	Repo   string `help:"Track this repository instead of the sample." placeholder:"URL"`
	Tags   string `help:"With --repo: expression of the tags to track." default:"v?\\d+\\.\\d+(\\.\\d+)*"`
}

// A trial is one run of try.
type trial struct {
	cmd  tryCmd
	app  *app
	ws   *workspace.Server
	repo string // directory of the sample's repository
	url  string // where the tracked repository is read
	work *worker
}

// Run implements the subcommand.
func (c tryCmd) Run(ctx context.Context) error {
	if err := loopbackOnly(c.Listen); err != nil {
		return err
	}
	cfg, err := loadConfig()
	if err != nil {
		return err
	}
	if os.Getenv("DISTROBOT_LOG_LEVEL") == "" {
		cfg.LogLevel = "warn" // the page tells the story
	}
	cleanup, err := c.directory(ctx, &cfg)
	if err != nil {
		return err
	}
	defer cleanup()
	t := &trial{cmd: c}
	t.ws = workspace.New(workspace.Options{Token: c.Token, Try: c.Repo == "",
		Banner: "This is a trial on your own machine: nothing is kept after it ends."})
	defer t.ws.Close()
	stop, err := t.listen(ctx, &cfg)
	if err != nil {
		return err
	}
	defer stop()
	if t.app, err = openApp(ctx, cfg, appOptions{sandbox: true}); err != nil {
		return err
	}
	defer t.app.close()
	// The workspace's sockets end first, so that nothing waits for them.
	defer t.ws.Close()
	return t.app.serve(ctx, serveOptions{
		worker: true, seed: sample.Seed, setUp: t.setUp,
		started:  func(w *worker) { t.work = w },
		announce: func(string) { fmt.Printf("Workspace: %s\n", t.ws.PageURL()) },
	})
}

// listen opens the page's listener and, for the sample, its git server, and
// turns the settings into those of a trial.
func (t *trial) listen(ctx context.Context, cfg *Config) (stop func(), err error) {
	log := newLogger(os.Stderr, cfg.LogLevel, cfg.LogFormat, cfg.secrets()...)
	mux := http.NewServeMux()
	mux.Handle("POST /try/publish", t.ws.Guard(t.ws.RequireToken(http.HandlerFunc(t.publish))))
	mux.Handle("GET /try/sites", t.ws.Guard(t.ws.RequireToken(http.HandlerFunc(t.sites))))
	mux.Handle("GET /try/releases", t.ws.Guard(t.ws.RequireToken(http.HandlerFunc(t.releases))))
	mux.Handle(commands.SecondPath, t.ws.Guard(http.HandlerFunc(t.second))) // its token is in the link
	mux.Handle(fleet.PagePath, t.ws.Guard(http.HandlerFunc(t.page)))        // its own sessions let people in
	mux.Handle("/", t.ws.Handler())
	addr, stopPage, err := listenAndServe(ctx, t.cmd.Listen, mux, log)
	if err != nil {
		return nil, fmt.Errorf("--listen: %w; choose another with --listen 127.0.0.1:0", err)
	}
	base := "http://" + addr.String()
	t.ws.SetBaseURL(base)
	cfg.SlackAPIURL, cfg.SlackBotToken, cfg.SlackAppToken, cfg.SlackSigningSecret = base+"/api/", t.ws.BotToken(), t.ws.AppToken(), ""
	cfg.Trial, cfg.PublicURL = true, base
	cfg.RedisURL, cfg.Key, cfg.Listen, cfg.Host, cfg.Backend = "memory", "", "127.0.0.1:0", "local", "local"
	cfg.Admins, cfg.Maintainers, cfg.Channel = []string{"@admins"}, []string{"@release-managers"}, "#sites"
	cfg.Soak, cfg.CheckRetry, cfg.Lease, cfg.SitesListen = 2*time.Second, 2*time.Second, 5*time.Second, ""
	if t.cmd.Repo != "" {
		t.url = t.cmd.Repo
		return stopPage, nil
	}
	cfg.AllowPrivate, cfg.PollInterval = true, 2*time.Second
	stopGit, err := t.serveSample(ctx, cfg)
	if err != nil {
		stopPage()
		return nil, err
	}
	return func() { stopPage(); stopGit() }, nil
}

// serveSample makes the sample's repository and serves it with git's own
// server program, as a forge would.
func (t *trial) serveSample(ctx context.Context, cfg *Config) (stop func(), err error) {
	root := filepath.Join(cfg.Data, "sample")
	t.repo = filepath.Join(root, sample.Repository)
	if err := sample.Make(ctx, t.repo); err != nil {
		return nil, fmt.Errorf("the sample repository cannot be made (is git installed?): %w", err)
	}
	h, err := mirror.HTTPBackend(root)
	if err != nil {
		return nil, err
	}
	var addr net.Addr
	addr, stop, err = listenAndServe(ctx, "127.0.0.1:0", h, newLogger(os.Stderr, cfg.LogLevel, cfg.LogFormat, cfg.secrets()...))
	if err != nil {
		return nil, err
	}
	t.url = "http://" + addr.String() + "/" + sample.Repository
	return stop, nil
}

// publish adds a release to the sample repository: {"tag":"1.2.0"}.
func (t *trial) publish(w http.ResponseWriter, r *http.Request) {
	var in struct{ Tag string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&in); err != nil || in.Tag == "" {
		answerJSON(w, http.StatusBadRequest, map[string]string{"error": `send {"tag":"1.2.0"}`})
		return
	}
	if t.repo == "" {
		answerJSON(w, http.StatusNotFound, map[string]string{"error": "there is no sample repository in this trial"})
		return
	}
	if err := sample.Publish(r.Context(), t.repo, in.Tag); err != nil {
		answerJSON(w, http.StatusConflict, map[string]string{"error": err.Error()})
		return
	}
	// The poll would find it within two seconds; a person should not wait.
	if err := t.app.poller.Poll(r.Context(), sample.Distribution); err != nil {
		t.app.log.Warn("the sample cannot be polled at once", "err", err)
	}
	answerJSON(w, http.StatusOK, map[string]string{"tag": in.Tag})
}

func (t *trial) releases(w http.ResponseWriter, r *http.Request) {
	if t.repo == "" {
		answerJSON(w, http.StatusOK, []sample.Release{})
		return
	}
	list, err := sample.Releases(r.Context(), t.repo)
	if err != nil {
		answerJSON(w, http.StatusInternalServerError, map[string]string{"error": err.Error()})
		return
	}
	answerJSON(w, http.StatusOK, list)
}

// A trialSite is one line of GET /try/sites.
type trialSite struct {
	URI      fleet.URI          `json:"uri"`
	URL      string             `json:"url"`
	Platform fleet.PlatformName `json:"platform"`
	Version  string             `json:"version"`
	State    fleet.SiteState    `json:"state"`
	Pinned   string             `json:"pinned,omitempty"`
}

func (t *trial) sites(w http.ResponseWriter, r *http.Request) {
	out := []trialSite{}
	if t.app == nil || t.work == nil {
		answerJSON(w, http.StatusOK, out)
		return
	}
	list, _, err := t.app.catalog.Sites(r.Context(), fleet.SiteQuery{})
	if err != nil {
		answerJSON(w, http.StatusServiceUnavailable, map[string]string{"error": "the sites cannot be read now"})
		return
	}
	for _, s := range list {
		line := trialSite{URI: s.URI, Platform: s.Platform, State: s.State, Pinned: s.Pinned}
		if p, err := t.app.catalog.Platform(r.Context(), s.Platform); err == nil {
			line.Version = p.Version()
		}
		if url, err := t.work.web.URL(s.URI); err == nil {
			line.URL = url + "/"
		}
		out = append(out, line)
	}
	answerJSON(w, http.StatusOK, out)
}

func answerJSON(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	if err := json.NewEncoder(w).Encode(v); err != nil && !errors.Is(err, net.ErrClosed) {
		return
	}
}

// second serves the page of the second factor beside the workspace, whose
// address people have open anyway.
func (t *trial) second(w http.ResponseWriter, r *http.Request) {
	if t.app == nil {
		http.NotFound(w, r)
		return
	}
	t.app.secondFactor().ServeHTTP(w, r)
}

// page serves the pages beside the workspace, too.
func (t *trial) page(w http.ResponseWriter, r *http.Request) {
	if t.app == nil {
		http.NotFound(w, r)
		return
	}
	site := t.app.shown.Load()
	if site == nil {
		http.NotFound(w, r)
		return
	}
	(*site).ServeHTTP(w, r)
}
