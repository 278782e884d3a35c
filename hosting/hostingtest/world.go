package hostingtest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/fleet/fleettest"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/kind"
	"github.com/distrobot/distrobot/internal/job"
)

const testHost = fleet.HostName("local")

// A fleetWorld is a worker with its backend over a store in memory.
type fleetWorld struct {
	*testing.T
	store   *fleettest.Memory
	backend hosting.Backend
	code    func(name, breaks string) map[string]string
	logs    *memoryLogs

	mu    sync.Mutex
	tasks int
}

func newFleetWorld(t *testing.T, m Machine) *fleetWorld {
	return &fleetWorld{T: t, store: fleettest.New(), backend: m.Backend, code: m.Code, logs: &memoryLogs{lines: map[fleet.TaskID][]string{}}}
}

// runner is a worker process's; its times are short.
func (w *fleetWorld) runner(owner string) *job.Runner { return w.runnerOver(owner, w.backend) }

func (w *fleetWorld) runnerOver(owner string, b hosting.Backend) *job.Runner {
	worker := &hosting.Worker{
		Host: testHost, Store: w.store, Sites: &fleet.Sites{Store: w.store}, Builder: &fleet.Builder{Store: w.store, Default: testHost},
		Backend: b, Kinds: kind.All(), Sources: []hosting.Source{w}, Retry: time.Millisecond, Soak: time.Millisecond,
	}
	return &job.Runner{Store: w.store, Logs: w.logs, Recipe: worker.Recipe, Owner: owner, Grace: time.Millisecond, Log: slog.New(slog.DiscardHandler)}
}

// Type and Fetch make the world a source: a platform's ref says what breaks.
func (w *fleetWorld) Type() string { return "files" }

// Fetch implements hosting.Source.
func (w *fleetWorld) Fetch(_ context.Context, p fleet.Platform, dir string, _ func(string)) error {
	for name, content := range w.code(string(p.Name), p.Ref.Name) {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return err
		}
		mode := os.FileMode(0o644)
		if strings.HasPrefix(content, "#!") {
			mode = 0o755
		}
		if err := os.WriteFile(at, []byte(content), mode); err != nil {
			return err
		}
	}
	return nil
}

func (w *fleetWorld) build(name, breaks string) {
	w.Helper()
	p := &fleet.Platform{
		Name: fleet.PlatformName(name), Kind: "generic", Source: fleet.Source{Type: "files"}, State: fleet.PlatformQueued,
		Hosts: []fleet.HostName{testHost}, Created: time.Now(), Ref: fleet.Ref{Name: breaks, Commit: strings.Repeat("1", 40)},
	}
	w.put(p, &fleet.Platform{Name: p.Name})
	w.want(w.run(fleet.Task{Kind: fleet.TaskBuild, About: name}), fleet.TaskDone)
}

func (w *fleetWorld) put(r, have fleet.Record) {
	w.Helper()
	err := w.store.Update(context.Background(), r.Key().Family, func(tx fleet.Tx) error {
		if _, err := tx.Get(have); err != nil {
			return err
		}
		tx.Put(r)
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
}

func (w *fleetWorld) create(uri fleet.URI, p fleet.PlatformName) {
	w.Helper()
	sites := fleet.Sites{Store: w.store}
	_, task, err := sites.Create(context.Background(), fleet.NewSite{URI: uri, Platform: p}, fleet.Actor{ID: "U1", Team: "T1", Name: "alice"})
	if err != nil {
		w.Fatal(err)
	}
	w.want(w.run(task), fleet.TaskDone)
}

func (w *fleetWorld) migration(uri fleet.URI, to fleet.PlatformName) fleet.Task {
	w.Helper()
	s := w.site(uri)
	return fleet.Task{Kind: fleet.TaskMigrate, About: string(uri), Params: map[string]string{
		fleet.ParamPlatform: string(to), fleet.ParamFrom: string(s.Platform), fleet.ParamGeneration: fmt.Sprint(s.Generation),
	}}
}

func (w *fleetWorld) migrate(uri fleet.URI, to fleet.PlatformName) fleet.TaskRef {
	w.Helper()
	return w.run(w.migration(uri, to))
}

// order records a task.
func (w *fleetWorld) order(t fleet.Task) fleet.TaskRef {
	w.Helper()
	w.mu.Lock()
	w.tasks++
	t.ID = fleet.TaskID(fmt.Sprintf("01%s%04d", t.Kind, w.tasks))
	w.mu.Unlock()
	t.Host, t.State, t.Created = testHost, fleet.TaskQueued, time.Now()
	w.put(&t, &fleet.Task{Host: t.Host, ID: t.ID})
	return t.Ref()
}

// run does a task to its end.
func (w *fleetWorld) run(t fleet.Task) fleet.TaskRef {
	w.Helper()
	ref := w.order(t)
	if err := w.runner("worker").Run(context.Background(), ref, true); err != nil {
		w.Fatalf("task %s: %v", ref.ID, err)
	}
	return ref
}

func (w *fleetWorld) task(ref fleet.TaskRef) fleet.Task {
	w.Helper()
	t := fleet.Task{Host: ref.Host, ID: ref.ID}
	if _, err := w.store.Read(context.Background(), &t); err != nil {
		w.Fatal(err)
	}
	return t
}

func (w *fleetWorld) want(ref fleet.TaskRef, state fleet.TaskState) fleet.Task {
	w.Helper()
	t := w.task(ref)
	if t.State != state {
		w.Fatalf("task %s is %s, want %s\n%s", t.ID, t.State, state, w.log(ref))
	}
	return t
}

func (w *fleetWorld) site(uri fleet.URI) fleet.Site {
	w.Helper()
	s := fleet.Site{URI: uri}
	if err := fleet.One(context.Background(), w.store, &s, "site "+string(uri)); err != nil {
		w.Fatal(err)
	}
	return s
}

// page is what visitors get.
func (w *fleetWorld) page(uri fleet.URI) hosting.Answer {
	w.Helper()
	a, err := w.backend.Probe(context.Background(), uri, "/")
	if err != nil {
		w.Fatal(err)
	}
	return a
}

// serves checks the row, the record and the page of a site.
func (w *fleetWorld) serves(uri fleet.URI, on fleet.PlatformName, generation int64) {
	w.Helper()
	if s := w.site(uri); s.Platform != on || s.Generation != generation || s.State != fleet.SiteLive || s.Lock.Task != "" {
		w.Errorf("row of %s: %+v", uri, s)
	}
	if r, err := w.backend.Live(context.Background(), uri); err != nil || r.Platform != on || r.Generation != generation {
		w.Errorf("record of %s: %+v, %v", uri, r, err)
	}
	if a := w.page(uri); a.Status != 200 || !strings.Contains(string(a.Body), "version "+string(on)+" ") {
		w.Errorf("visitors of %s get %d %s", uri, a.Status, a.Body)
	}
}

func (w *fleetWorld) log(ref fleet.TaskRef) string {
	t := w.task(ref)
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", t.ID, t.Reason)
	for _, s := range t.Steps {
		fmt.Fprintf(&b, "  step %s %s %s %v\n", s.Name, s.State, s.Error, s.Result)
	}
	w.logs.mu.Lock()
	defer w.logs.mu.Unlock()
	return b.String() + "  " + strings.Join(w.logs.lines[ref.ID], "\n  ")
}

// memoryLogs keeps the output of tasks.
type memoryLogs struct {
	mu    sync.Mutex
	lines map[fleet.TaskID][]string
}

// Append implements fleet.Logs.
func (m *memoryLogs) Append(_ context.Context, task fleet.TaskID, _ fleet.HostName, lines ...fleet.LogLine) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range lines {
		m.lines[task] = append(m.lines[task], l.Step+": "+l.Text)
	}
	return nil
}

// Lines implements fleet.Logs; nobody reads them.
func (m *memoryLogs) Lines(context.Context, fleet.TaskID, fleet.HostName, string, int) ([]fleet.LogLine, string, error) {
	return nil, "", nil
}
