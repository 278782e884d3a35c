package hosting_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/run"
	"github.com/distrobot/distrobot/store"
)

// A crash is what the test process tells a child that is going to die.
type crash struct {
	Dir, Redis, Prefix string
	Task               fleet.TaskRef
	Point              int64  // the child kills itself at its nth point; 0 is never
	Files              uint64 // no file of the child grows beyond this; 0 is any size
}

const crashEnv = "DISTROBOT_TEST_CRASH"

func TestMain(m *testing.M) {
	if text := os.Getenv(crashEnv); text != "" {
		os.Exit(crashChild(text))
	}
	os.Exit(m.Run())
}

// crashChild works on a task until it kills itself.
func crashChild(text string) int {
	var c crash
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return 2
	}
	w, err := wire(c.Dir, store.Options{URL: c.Redis, Prefix: c.Prefix})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	if c.Files > 0 {
		if err := limitFiles(c.Files); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 2
		}
	}
	b := &bomb{}
	b.left.Store(c.Point)
	w.worker.Backend = explosive{Backend: w.backend, bomb: b}
	kept := mined{Store: w.store, bomb: b}
	w.worker.Store, w.worker.Sites, w.runner.Store = kept, &fleet.Sites{Store: kept}, kept
	if err := w.runner.Run(context.Background(), c.Task, true); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// A bomb kills this process, as nothing can be caught of, at a point.
type bomb struct{ left atomic.Int64 }

func (b *bomb) tick() {
	if b.left.Add(-1) == 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

// around has a point after an effect, which is the one before the next.
func (b *bomb) around(effect func() error) error {
	err := effect()
	b.tick()
	return err
}

// mined has a point after every commit.
type mined struct {
	fleet.Store
	*bomb
}

func (m mined) Update(ctx context.Context, f fleet.Family, rule func(fleet.Tx) error) error {
	return m.around(func() error { return m.Store.Update(ctx, f, rule) })
}

// explosive has a point after everything that changes the machine.
type explosive struct {
	hosting.Backend
	*bomb
}

func (e explosive) Lay(ctx context.Context, c hosting.Copy) error {
	return e.around(func() error { return e.Backend.Lay(ctx, c) })
}

func (e explosive) Fill(ctx context.Context, c hosting.Copy) (a hosting.Amount, err error) {
	err = e.around(func() error { a, err = e.Backend.Fill(ctx, c); return err })
	return a, err
}

func (e explosive) Take(ctx context.Context, c hosting.Copy) error {
	return e.around(func() error { return e.Backend.Take(ctx, c) })
}

func (e explosive) Return(ctx context.Context, c hosting.Copy) error {
	return e.around(func() error { return e.Backend.Return(ctx, c) })
}

func (e explosive) Run(ctx context.Context, c hosting.Copy, programs func(hosting.Place) []hosting.Program, log func(string)) error {
	return e.around(func() error { return e.Backend.Run(ctx, c, programs, log) })
}

func (e explosive) Abandon(ctx context.Context, c hosting.Copy) error {
	return e.around(func() error { return e.Backend.Abandon(ctx, c) })
}

func (e explosive) Tidy(ctx context.Context, c hosting.Copy) error {
	return e.around(func() error { return e.Backend.Tidy(ctx, c) })
}

func (e explosive) Hold(ctx context.Context, c hosting.Copy) (at time.Time, err error) {
	err = e.around(func() error { at, err = e.Backend.Hold(ctx, c); return err })
	return at, err
}

func (e explosive) Drain(ctx context.Context, c hosting.Copy) error {
	return e.around(func() error { return e.Backend.Drain(ctx, c) })
}

func (e explosive) Switch(ctx context.Context, c hosting.Copy) error {
	return e.around(func() error { return e.Backend.Switch(ctx, c) })
}

func (e explosive) Release(ctx context.Context, c hosting.Copy) (d time.Duration, err error) {
	err = e.around(func() error { d, err = e.Backend.Release(ctx, c); return err })
	return d, err
}

func (e explosive) Pin(ctx context.Context, c hosting.Copy, reason string) error {
	return e.around(func() error { return e.Backend.Pin(ctx, c, reason) })
}

// A scenario is a task that is killed at every point.
type scenario struct {
	name string
	task func(w *world, uri fleet.URI) fleet.Task
	end  fleet.TaskState
	on   fleet.PlatformName // where the site is in the end
	gen  int64
	log  string // its data in the end
	pin  string // begin of why it is pinned
}

func scenarios() []scenario {
	migrate := func(to fleet.PlatformName) func(*world, fleet.URI) fleet.Task {
		return func(w *world, uri fleet.URI) fleet.Task { return migration(w.site(uri), to) }
	}
	return []scenario{
		{"upgrade", migrate("good"), fleet.TaskDone, "good", 3, "begin\nmiddle\ngood", ""},
		{"upgrade that fails", migrate("bad"), fleet.TaskFailed, "middle", 2, "begin\nmiddle", "rolled back: "},
		{"rollback", func(w *world, uri fleet.URI) fleet.Task {
			return fleet.Task{Kind: fleet.TaskRollback, About: string(uri)}
		}, fleet.TaskDone, "old", 3, "begin", "rolled back by alice"},
	}
}

// A worker killed with -9 after every commit and every effect, and
// started again, ends with the site wholly old or wholly new, and visitors let
// in.
func TestKilledAnywhere(t *testing.T) {
	w, redis := crashWorld(t)
	for _, sc := range scenarios() {
		t.Run(sc.name, func(t *testing.T) {
			var points atomic.Int64
			var all sync.WaitGroup
			var finished atomic.Bool
			for range 3 {
				all.Go(func() {
					for !finished.Load() && !t.Failed() {
						if !w.killAt(t, sc, redis, points.Add(1)) {
							finished.Store(true)
						}
					}
				})
			}
			all.Wait()
			t.Logf("killed at %d points", points.Load()-3)
			t.Attr("trials", fmt.Sprint(points.Load()-3))
			if points.Load() < 25 {
				t.Errorf("only %d points were tried", points.Load())
			}
		})
	}
}

// crashWorld has three platforms and a real Redis that outlives its clients.
func crashWorld(t *testing.T) (*world, string) {
	redis := startRedis(t)
	w := openWorld(t, t.TempDir(), redis)
	t.Cleanup(func() { makeWritable(w.dir) })
	w.publish("old", small("old", ":"))
	w.publish("middle", small("middle", `echo middle >> "$SITE_ROOT/data/log"`))
	w.publish("good", small("good", `echo good >> "$SITE_ROOT/data/log"`))
	w.publish("bad", small("bad", `echo bad >> "$SITE_ROOT/data/log"; touch "$SITE_ROOT/data/bad"`))
	return w, redis
}

// killAt runs a scenario on a site of its own; false when the child ended
// before it came to the point.
func (w *world) killAt(t *testing.T, sc scenario, redis string, point int64) bool {
	v := *w // other sites are worked on at the same time
	v.t, v.tasks = t, int(point)*1000+len(sc.name)
	uri := fleet.URI(fmt.Sprintf("p%d-%d.example", point, len(sc.name)))
	v.create(uri, "old")
	v.want(v.migrate(uri, "middle"), fleet.TaskDone)
	ref := v.order(sc.task(&v, uri))
	killed := v.child(crash{Dir: v.dir, Redis: redis, Task: ref, Point: point})
	if killed {
		v.neverNeither(uri, point)
	}
	v.settled(uri, v.finish(ref), sc, point)
	return killed
}

// child runs a process of its own on a task and reports whether it was killed.
func (w *world) child(c crash) bool {
	w.t.Helper()
	text, err := json.Marshal(c)
	must(w.t, err)
	program, err := os.Executable()
	must(w.t, err)
	_, err = run.Run(context.Background(), run.Command{
		Program: program, Env: run.Environ(crashEnv + "=" + string(text)), Timeout: time.Minute,
	})
	var failed *run.Error
	switch {
	case err == nil:
		return false
	case errors.As(err, &failed) && strings.Contains(err.Error(), "killed"):
		return true
	}
	w.t.Errorf("point %d: the child ended otherwise: %v", c.Point, err)
	return false
}

// neverNeither checks what visitors get while no worker is there: a whole
// version, or the request to wait.
func (w *world) neverNeither(uri fleet.URI, point int64) {
	status, body := w.get(uri, "/")
	if status == 503 || status == 200 && strings.Contains(body, "all is well") {
		return
	}
	w.t.Errorf("point %d: visitors get %d %s", point, status, body)
}

// settled checks the site when the task was finished by another process.
func (w *world) settled(uri fleet.URI, task fleet.Task, sc scenario, point int64) {
	fail := func(format string, args ...any) {
		w.t.Errorf("point %d: %s\n%s", point, fmt.Sprintf(format, args...), w.log(task))
	}
	if task.State != sc.end {
		fail("task is %s", task.State)
		return
	}
	s := w.site(uri)
	if s.Platform != sc.on || s.Generation != sc.gen || s.State != fleet.SiteLive || s.Lock.Task != "" || !strings.HasPrefix(s.Pinned, sc.pin) {
		fail("row: %+v", s)
	}
	r, err := w.backend.Live(context.Background(), uri)
	if err != nil || r.Platform != sc.on || r.Generation != sc.gen || !strings.HasPrefix(r.Pinned, sc.pin) {
		fail("record: %+v %v", r, err)
	}
	if got := w.read(uri, "live/versioned/data/log"); got != sc.log {
		fail("data %q, want %q", got, sc.log)
	}
	if status, body := w.get(uri, "/"); status != 200 || !strings.Contains(body, "version "+string(sc.on)+" ") {
		fail("visitors get %d %s", status, body)
	}
	w.notHeld(uri)
	for _, pattern := range []string{".live-*", "gen/*/versioned.tmp", "gen/*/.*"} {
		if left, _ := filepath.Glob(w.sitePath(uri, pattern)); left != nil {
			fail("left behind: %v", left)
		}
	}
}

// startRedis starts a server on a socket of its own and gives its URL.
func startRedis(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "redis") // sockets have short names
	must(t, err)
	sock := filepath.Join(dir, "s")
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		_, err := run.Run(ctx, run.Command{
			Program: "redis-server", Dir: dir, Env: run.Environ(),
			Args: []string{"--port", "0", "--unixsocket", sock, "--save", "", "--appendonly", "no"},
		})
		ended <- err
	}()
	t.Cleanup(func() {
		stop()
		<-ended
		_ = os.RemoveAll(dir)
	})
	for {
		s, err := store.Open(context.Background(), store.Options{URL: "unix://" + sock, Key: []byte(strings.Repeat("k", 32))})
		if err == nil {
			_ = s.Close()
			return "unix://" + sock
		}
		select {
		case err := <-ended:
			t.Fatalf("redis-server: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
