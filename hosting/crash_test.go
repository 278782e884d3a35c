package hosting_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/run"
	"github.com/distrobot/distrobot/store"
)

// A crash is what the test process tells a child that is going to die.
type crash struct {
	Dir, Redis, Prefix string
	Host               fleet.HostName // "" is the first
	Task               fleet.TaskRef
	Point              int64  // the child kills itself at its nth point; 0 is never
	Files              uint64 // no file of the child grows beyond this; 0 is any size
	Freeze             bool   // it waits there instead, to be frozen, and goes on when it may
	Lease              time.Duration
}

// pidFile is where a child that has come to its point says who it is, and
// goFile lets it go on.
func (c crash) pidFile() string { return filepath.Join(c.Dir, "pid-"+string(c.Task.ID)) }
func (c crash) goFile() string  { return filepath.Join(c.Dir, "go-"+string(c.Task.ID)) }

// wait is what a child does at its point when it is going to be frozen.
func (c crash) wait() {
	_ = os.WriteFile(c.pidFile(), []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600)
	for {
		if _, err := os.Stat(c.goFile()); err == nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
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
	if c.Host == "" {
		c.Host = host
	}
	w, err := wireHost(c.Dir, c.Host, store.Options{URL: c.Redis, Prefix: c.Prefix})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	w.runner.Lease = c.Lease
	if c.Files > 0 {
		if err := limitFiles(c.Files); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 2
		}
	}
	w.eyed()
	b := &bomb{}
	if c.Freeze {
		b.wait = c.wait
	}
	b.left.Store(c.Point)
	w.worker.Backend = explosive{Backend: w.backend, bomb: b}
	kept := mined{Store: w.store, bomb: b}
	w.worker.Store, w.worker.Sites, w.runner.Store = kept, &fleet.Sites{Store: kept}, kept
	w.worker.Transits = &fleet.Transits{Store: kept}
	w.worker.Builder, w.worker.Refreshes = &fleet.Builder{Store: kept, Default: host}, &fleet.Refreshes{Store: kept, Default: host}
	if err := w.runner.Run(context.Background(), c.Task, true); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
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
	err := w.spawn(c)
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
