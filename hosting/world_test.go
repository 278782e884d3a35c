package hosting_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/cmd/distrobot/sample"
	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/kind"
	"github.com/distrobot/distrobot/hosting/local"
	"github.com/distrobot/distrobot/hosting/source"
	"github.com/distrobot/distrobot/internal/job"
	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/internal/mirror/mirrortest"
	"github.com/distrobot/distrobot/internal/transfer"
	"github.com/distrobot/distrobot/store"
)

const host = fleet.HostName("local")

var alice = fleet.Actor{ID: "U1", Name: "alice", Team: "T1"}

// A world is one hosting machine with everything real but the chat: git over
// HTTP, the store, the runner, the backend and its web server.
type world struct {
	t       testing.TB
	dir     string
	host    fleet.HostName
	store   *store.Store
	sites   *fleet.Sites
	builder *fleet.Builder
	backend *local.Backend
	web     *local.Web
	worker  *hosting.Worker
	runner  *job.Runner
	repo    string // directory of the sample repository
	url     string
	tasks   int
}

func newWorld(t testing.TB) *world {
	t.Helper()
	server := mirrortest.Serve(t)
	w := openWorld(t, t.TempDir(), "memory")
	w.repo, w.url = filepath.Join(server.Root, sample.Repository), server.URL+"/"+sample.Repository
	if err := sample.Make(t.Context(), w.repo); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { makeWritable(w.dir) })
	return w
}

// openWorld starts a worker over a data directory and a store.
func openWorld(t testing.TB, dir, redis string) *world {
	t.Helper()
	w, err := wire(dir, store.Options{URL: redis})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.web.Close)
	t.Cleanup(func() { _ = w.store.Close() })
	w.t = t
	return w
}

// wire puts a worker together as the program does.
func wire(dir string, o store.Options) (*world, error) { return wireHost(dir, host, o) }

// wireHost puts the worker of a host of another name together.
func wireHost(dir string, host fleet.HostName, o store.Options) (*world, error) {
	o.Key, o.Trial = []byte(strings.Repeat("k", 32)), true // its Redis is never restarted
	s, err := store.Open(context.Background(), o)
	if err != nil {
		return nil, err
	}
	w := &world{dir: dir, host: host, store: s, sites: &fleet.Sites{Store: s}, builder: &fleet.Builder{Store: s, Default: host}}
	w.backend = &local.Backend{Data: dir, Host: host, Seed: sample.Seed}
	w.web = local.NewWeb(w.backend, "")
	w.backend.Public = w.web.URL
	mirrors := &mirror.Store{Dir: filepath.Join(dir, "mirrors"), Policy: mirror.Policy{AllowPrivate: true, AllowHTTP: true}}
	kinds := kind.All()
	w.worker = &hosting.Worker{
		Host: host, Store: s, Sites: w.sites, Builder: w.builder, Backend: w.backend,
		Transits: &fleet.Transits{Store: s}, Client: transfer.Client{Key: o.Key},
		Refreshes: &fleet.Refreshes{Store: s, Default: host}, Retry: time.Millisecond, Soak: time.Millisecond,
		Kinds:   append([]hosting.Kind{tenant{kinds[len(kinds)-1]}}, kinds...),
		Sources: append([]hosting.Source{locker{}}, source.All(source.Options{Mirrors: mirrors, Share: mirror.ShareFiles})...),
	}
	w.runner = &job.Runner{
		Store: s, Logs: s, Recipe: w.worker.Recipe, Owner: fmt.Sprint("worker-", os.Getpid()), Log: slog.New(slog.DiscardHandler),
	}
	return w, nil
}

func makeWritable(dir string) {
	_ = filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			_ = os.Chmod(p, 0o700)
		}
		return nil
	})
}

// put writes a row as it is.
func (w *world) put(r, have fleet.Record) {
	w.t.Helper()
	err := w.store.Update(context.Background(), r.Key().Family, func(tx fleet.Tx) error {
		if _, err := tx.Get(have); err != nil {
			return err
		}
		tx.Put(r)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// run does a task to its end and gives it.
func (w *world) run(t fleet.Task) fleet.Task {
	w.t.Helper()
	return w.finish(w.order(t))
}

// order records a task.
func (w *world) order(t fleet.Task) fleet.TaskRef {
	w.t.Helper()
	w.tasks++
	if t.ID == "" {
		t.ID = fleet.TaskID(fmt.Sprintf("01%s%04d", t.Kind, w.tasks))
	}
	t.Host, t.State, t.By, t.Created = w.host, fleet.TaskQueued, alice, time.Now()
	w.put(&t, &fleet.Task{Host: t.Host, ID: t.ID})
	return t.Ref()
}

func (w *world) finish(ref fleet.TaskRef) fleet.Task {
	w.t.Helper()
	if err := w.runner.Run(context.Background(), ref, true); err != nil {
		w.t.Fatalf("task %s: %v", ref.ID, err)
	}
	return w.task(ref)
}

func (w *world) task(ref fleet.TaskRef) fleet.Task {
	w.t.Helper()
	t := fleet.Task{Host: ref.Host, ID: ref.ID}
	if _, err := w.store.Read(context.Background(), &t); err != nil {
		w.t.Fatal(err)
	}
	return t
}

// log gives the output of a task, for failures.
func (w *world) log(t fleet.Task) string {
	lines, _, err := w.store.Lines(context.Background(), t.ID, t.Host, "", 200)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s\n", t.ID, t.State, t.Reason)
	for _, s := range t.Steps {
		fmt.Fprintf(&b, "  step %s %s %s %v\n", s.Name, s.State, s.Error, s.Result)
	}
	for _, l := range lines {
		fmt.Fprintf(&b, "  [%s] %s\n", l.Step, l.Text)
	}
	return b.String()
}

func (w *world) want(t fleet.Task, state fleet.TaskState) fleet.Task {
	w.t.Helper()
	if t.State != state {
		w.t.Fatalf("task %s is %s, want %s\n%s", t.ID, t.State, state, w.log(t))
	}
	return t
}

// build makes a platform of a tag.
func (w *world) build(tag string) fleet.PlatformName {
	w.t.Helper()
	name := fleet.PlatformName("atrium-" + tag)
	w.put(w.queued(name, tag), &fleet.Platform{Name: name})
	w.want(w.run(fleet.Task{Kind: fleet.TaskBuild, About: string(name)}), fleet.TaskDone)
	return name
}

// queued is the row of a platform that is to be built.
func (w *world) queued(name fleet.PlatformName, tag string) *fleet.Platform {
	w.t.Helper()
	rev := func(spec string) string {
		return strings.TrimSpace(mirrortest.Git(w.t, w.repo, "", "rev-parse", spec))
	}
	return &fleet.Platform{
		Name: name, Kind: "generic", Source: fleet.Source{Type: "git"}, URL: w.url, State: fleet.PlatformQueued,
		Hosts: []fleet.HostName{host}, Created: time.Now(), By: alice,
		Ref: fleet.Ref{Name: "refs/tags/" + tag, Hash: rev("refs/tags/" + tag), Commit: rev("refs/tags/" + tag + "^{}"), Version: tag},
	}
}

func (w *world) create(uri fleet.URI, p fleet.PlatformName) {
	w.t.Helper()
	_, task, err := w.sites.Create(context.Background(), fleet.NewSite{URI: uri, Platform: p}, alice)
	if err != nil {
		w.t.Fatal(err)
	}
	w.want(w.run(task), fleet.TaskDone)
}

func migration(site fleet.Site, to fleet.PlatformName) fleet.Task {
	return fleet.Task{Kind: fleet.TaskMigrate, About: string(site.URI), Params: map[string]string{
		fleet.ParamPlatform: string(to), fleet.ParamFrom: string(site.Platform), fleet.ParamGeneration: fmt.Sprint(site.Generation),
	}}
}

func (w *world) migrate(uri fleet.URI, to fleet.PlatformName) fleet.Task {
	w.t.Helper()
	return w.run(migration(w.site(uri), to))
}

func (w *world) site(uri fleet.URI) fleet.Site {
	w.t.Helper()
	s := fleet.Site{URI: uri}
	if err := fleet.One(context.Background(), w.store, &s, "site "+string(uri)); err != nil {
		w.t.Fatal(err)
	}
	return s
}

// sitePath is a path below the directory of a site.
func (w *world) sitePath(uri fleet.URI, parts ...string) string {
	return filepath.Join(append([]string{w.dir, "sites", string(uri)}, parts...)...)
}

// book reads the guest book of a site as it is on the disk.
func (w *world) book(uri fleet.URI) (schema, entries string) {
	w.t.Helper()
	return w.read(uri, "live/versioned/data/schema"), w.read(uri, "live/versioned/data/guestbook.tsv")
}

func (w *world) read(uri fleet.URI, path string) string {
	w.t.Helper()
	b, err := os.ReadFile(w.sitePath(uri, path))
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

func (w *world) get(uri fleet.URI, path string) (int, string) {
	w.t.Helper()
	return do(w.t, http.MethodGet, w.address(uri)+path, nil)
}

func (w *world) address(uri fleet.URI) string {
	w.t.Helper()
	u, err := w.web.URL(uri)
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

// sign writes into the guest book through the site and gives the status.
func (w *world) sign(uri fleet.URI, name, text string) int {
	w.t.Helper()
	form := url.Values{"name": {name}, "text": {text}}
	status, _ := do(w.t, http.MethodPost, w.address(uri)+"/guestbook.cgi", form)
	return status
}

// do makes one request and does not follow redirects; status 0 is no answer.
func do(t testing.TB, method, address string, form url.Values) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(body)
}
