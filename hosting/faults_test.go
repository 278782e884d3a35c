package hosting_test

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// limitFiles makes every file of this process end at n bytes, which is how a
// full disk looks to whoever writes.
func limitFiles(n uint64) error {
	signal.Ignore(syscall.SIGXFSZ)
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n})
}

// A disk that is full while the data is copied leaves the old site, and says so.
func TestFullDisk(t *testing.T) {
	redis := startRedis(t)
	w := openWorld(t, t.TempDir(), redis)
	t.Cleanup(func() { makeWritable(w.dir) })
	w.publish("old", small("old", ":"))
	w.publish("new", small("new", ":"))
	w.create("a.example", "old")
	must(t, os.WriteFile(w.sitePath("a.example", "live/versioned/data/big"), make([]byte, 4<<20), 0o644))
	ref := w.order(migration(w.site("a.example"), "new"))
	if w.child(crash{Dir: w.dir, Redis: redis, Task: ref, Files: 1 << 20}) {
		t.Fatal("the worker died of a full disk")
	}
	task := w.want(w.task(ref), fleet.TaskFailed)
	if !strings.HasPrefix(task.Reason, "The disk is full on the hosting machine; it could not copy the site's data.") {
		t.Errorf("reason: %q", task.Reason)
	}
	w.onOld("a.example")
}

// onOld checks that a site is wholly as it was before.
func (w *world) onOld(uri fleet.URI) {
	w.t.Helper()
	if s := w.site(uri); s.Platform != "old" || s.Generation != 1 || s.State != fleet.SiteLive || s.Lock.Task != "" {
		w.t.Errorf("row: %+v", s)
	}
	if status, body := w.get(uri, "/"); status != 200 || !strings.HasPrefix(body, "version old ") {
		w.t.Errorf("visitors get %d %s", status, body)
	}
	w.notHeld(uri)
}

// A worker that dies while the update runs takes it with it, and the next one
// begins with a fresh copy: nothing of the half update is left.
func TestKilledInTheUpdate(t *testing.T) {
	redis := startRedis(t)
	w := openWorld(t, t.TempDir(), redis)
	t.Cleanup(func() { makeWritable(w.dir) })
	mark := filepath.Join(w.dir, "mark")
	must(t, os.WriteFile(mark, nil, 0o644))
	w.publish("old", small("old", ":"))
	// The first time, half the work is done when the worker is killed.
	w.publish("new", small("new", "echo half >> \"$SITE_ROOT/data/log\"\n"+
		"if [ -e '"+mark+"' ]; then rm '"+mark+"'; kill -9 $PPID; while :; do :; done; fi\n"+
		"echo whole >> \"$SITE_ROOT/data/log\""))
	w.create("a.example", "old")
	ref := w.order(migration(w.site("a.example"), "new"))
	if !w.child(crash{Dir: w.dir, Redis: redis, Task: ref}) {
		t.Fatal("the worker was not killed")
	}
	if status, _ := w.get("a.example", "/"); status != 503 {
		t.Errorf("visitors get %d while the data is updated", status)
	}
	w.want(w.finish(ref), fleet.TaskDone)
	if got := w.read("a.example", "live/versioned/data/log"); got != "begin\nhalf\nwhole" {
		t.Errorf("data %q", got)
	}
	w.notHeld("a.example")
}

// What makes a migration impossible is told before anything is done.
func TestRefusals(t *testing.T) {
	cases := []struct {
		name, want string
		change     func(w *world, t *fleet.Task)
	}{
		{"drifted", "It is at generation 1 now, not 7", func(_ *world, t *fleet.Task) { t.Params[fleet.ParamGeneration] = "7" }},
		{"moved", "is on platform old now, not on elsewhere", func(_ *world, t *fleet.Task) { t.Params[fleet.ParamFrom] = "elsewhere" }},
		{"already there", "is on platform old already", func(_ *world, t *fleet.Task) { t.Params[fleet.ParamPlatform] = "old" }},
		{"no tree", "has no tree of platform nowhere", func(_ *world, t *fleet.Task) { t.Params[fleet.ParamPlatform] = "nowhere" }},
		{"a path", "cannot be the name of a platform", func(_ *world, t *fleet.Task) { t.Params[fleet.ParamPlatform] = "../../etc" }},
		{"no room", "The disk is full on local", func(w *world, _ *fleet.Task) { w.worker.Backend = noRoom{w.backend} }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := openWorld(t, t.TempDir(), "memory")
			t.Cleanup(func() { makeWritable(w.dir) })
			w.publish("old", small("old", ":"))
			w.publish("new", small("new", ":"))
			w.create("a.example", "old")
			task := migration(w.site("a.example"), "new")
			c.change(w, &task)
			got := w.want(w.run(task), fleet.TaskFailed)
			if !strings.Contains(strings.ToLower(got.Reason), strings.ToLower(c.want)) {
				t.Errorf("reason %q, want %q", got.Reason, c.want)
			}
			w.onOld("a.example")
			if pin := w.site("a.example").Pinned; pin != "" {
				t.Errorf("pinned: %s", pin)
			}
		})
	}
}

type noRoom struct{ hosting.Backend }

func (noRoom) Room(context.Context) (int64, error) { return 1 << 20, nil }

// A broken update leaves the old site, and its last words are the reason.
func TestFailedUpdate(t *testing.T) {
	w := openWorld(t, t.TempDir(), "memory")
	t.Cleanup(func() { makeWritable(w.dir) })
	w.publish("old", small("old", ":"))
	w.publish("new", small("new", "echo one >> \"$SITE_ROOT/data/log\"; echo 'no such table' >&2; exit 3"))
	w.create("a.example", "old")
	got := w.want(w.migrate("a.example", "new"), fleet.TaskFailed)
	if got.Reason != "The command ./update.sh failed (no such table)." {
		t.Errorf("reason %q", got.Reason)
	}
	w.onOld("a.example")
}

// A build that fails says why, and leaves nothing that could be taken for a
// platform.
func TestFailedBuilds(t *testing.T) {
	w := newWorld(t)
	cases := []struct {
		name, want string
		change     func(p *fleet.Platform)
	}{
		{"source", `cannot build from "svn"; it knows composer, git`, func(p *fleet.Platform) { p.Source.Type = "svn" }},
		{"makefile", "names no makefile", func(p *fleet.Platform) { p.Source.Type = "makefile" }},
		{"userinfo", "user name or a password", func(p *fleet.Platform) { p.URL = "https://user:secret@example.org/x.git" }},
		{"scheme", "transport helper", func(p *fleet.Platform) { p.URL = "ext::sh -c id" }},
		{"commit", "does not have that commit", func(p *fleet.Platform) { p.Ref.Commit = strings.Repeat("1", 40); p.Ref.Hash = p.Ref.Commit }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			name := fleet.PlatformName("broken-" + c.name)
			p := w.queued(name, "1.0.0")
			c.change(p)
			w.put(p, &fleet.Platform{Name: name})
			task := w.want(w.run(fleet.Task{Kind: fleet.TaskBuild, About: string(name)}), fleet.TaskFailed)
			must(t, fleet.One(t.Context(), w.store, p, "platform"))
			if p.State != fleet.PlatformFailed || !strings.Contains(p.Reason, c.want) || strings.Contains(p.Reason, "secret") {
				t.Errorf("platform is %s: %q (task: %q)", p.State, p.Reason, task.Reason)
			}
			if left, _ := filepath.Glob(filepath.Join(w.dir, "platforms", "*"+string(name)+"*")); left != nil {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// A tree whose own verification says no never becomes a platform.
func TestFailedVerification(t *testing.T) {
	w := openWorld(t, t.TempDir(), "memory")
	t.Cleanup(func() { makeWritable(w.dir) })
	w.worker.Sources = []hosting.Source{files{small("new", ":").edit("distrobot.yml", "check:", "verify:\n  - [sh, -c, 'echo 3 tests failed >&2; exit 1']\ncheck:")}}
	p := &fleet.Platform{Name: "new", Kind: "generic", Source: fleet.Source{Type: "files"}, State: fleet.PlatformQueued, Hosts: []fleet.HostName{host}, By: alice}
	w.put(p, &fleet.Platform{Name: "new"})
	w.want(w.run(fleet.Task{Kind: fleet.TaskBuild, About: "new"}), fleet.TaskFailed)
	must(t, fleet.One(t.Context(), w.store, p, "platform"))
	if p.State != fleet.PlatformFailed || !strings.Contains(p.Reason, "The verification sh failed") || !strings.Contains(p.Reason, "3 tests failed") {
		t.Errorf("platform is %s: %q", p.State, p.Reason)
	}
	if left, _ := os.ReadDir(filepath.Join(w.dir, "platforms")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// files is a source that needs no repository.
type files struct{ tree }

func (files) Type() string { return "files" }

func (f files) Fetch(_ context.Context, _ fleet.Platform, dir string, _ func(string)) error {
	for name, content := range f.tree {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(at, []byte(content), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// An emptied store is filled again from what is on the machine.
func TestAdopt(t *testing.T) {
	w := openWorld(t, t.TempDir(), "memory")
	t.Cleanup(func() { makeWritable(w.dir) })
	w.publish("old", small("old", ":"))
	w.publish("new", small("new", ":"))
	for _, uri := range []fleet.URI{"a.example", "b.example:8080/shop"} {
		w.create(uri, "old")
	}
	w.want(w.migrate("a.example", "new"), fleet.TaskDone)
	before := w.site("a.example")

	v := openWorld(t, w.dir, "memory")
	for _, name := range []fleet.PlatformName{"old", "new"} {
		p := fleet.Platform{Name: name}
		must(t, fleet.One(t.Context(), w.store, &p, "platform"))
		v.put(&p, &fleet.Platform{Name: name})
	}
	v.want(v.run(fleet.Task{Kind: fleet.TaskAdopt}), fleet.TaskDone)
	after := v.site("a.example")
	if after.ID != before.ID || after.Platform != "new" || after.Generation != 2 || after.Previous != 1 || after.From != "old" {
		t.Errorf("adopted %+v, was %+v", after, before)
	}
	if v.site("b.example:8080/shop").Platform != "old" {
		t.Error("the second site was not adopted")
	}
	// The adopted site can be moved: its fence is above the one on the machine.
	v.want(v.run(fleet.Task{Kind: fleet.TaskRollback, About: "a.example"}), fleet.TaskDone)
}

func TestRetireVerifyInspect(t *testing.T) {
	w := openWorld(t, t.TempDir(), "memory")
	t.Cleanup(func() { makeWritable(w.dir) })
	w.publish("old", small("old", ":"))
	w.publish("new", small("new", ":"))
	w.create("a.example", "old")
	w.want(w.migrate("a.example", "new"), fleet.TaskDone)

	w.want(w.run(fleet.Task{Kind: fleet.TaskInspect, Sites: []fleet.URI{"a.example", "gone.example"}}), fleet.TaskDone)
	facts := fleet.SiteFacts{URI: "a.example"}
	must(t, fleet.One(t.Context(), w.store, &facts, "facts"))
	if facts.Generation != 2 || facts.Data["files"] != "1" {
		t.Errorf("facts: %+v", facts)
	}
	what := func(s string) map[string]string { return map[string]string{fleet.ParamWhat: s} }
	w.want(w.run(fleet.Task{Kind: fleet.TaskVerify, About: "a.example", Params: what(fleet.WhatSite)}), fleet.TaskDone)
	w.want(w.run(fleet.Task{Kind: fleet.TaskVerify, About: "new", Params: what(fleet.WhatPlatform)}), fleet.TaskDone)

	refusal := w.want(w.run(fleet.Task{Kind: fleet.TaskRetire, About: "old", Params: what(fleet.WhatPlatform)}), fleet.TaskFailed)
	if !strings.Contains(refusal.Reason, "still needed by a.example") {
		t.Errorf("reason %q", refusal.Reason)
	}
	w.want(w.run(fleet.Task{Kind: fleet.TaskRetire, About: "a.example", Params: what(fleet.WhatGeneration)}), fleet.TaskDone)
	if s := w.site("a.example"); s.Previous != 0 || s.State != fleet.SiteLive {
		t.Errorf("after the old copy was deleted: %+v", s)
	}
	if gens, _ := filepath.Glob(w.sitePath("a.example", "gen", "*")); len(gens) != 1 {
		t.Errorf("copies left: %v", gens)
	}
	w.want(w.run(fleet.Task{Kind: fleet.TaskRetire, About: "a.example", Params: what(fleet.WhatSite)}), fleet.TaskDone)
	if found, _ := w.store.Read(t.Context(), &fleet.Site{URI: "a.example"}); found[0] {
		t.Error("the row is still there")
	}
	if _, err := os.Stat(w.sitePath("a.example")); !os.IsNotExist(err) {
		t.Errorf("the site is still there (%v)", err)
	}
	w.want(w.run(fleet.Task{Kind: fleet.TaskRetire, About: "new", Params: what(fleet.WhatPlatform)}), fleet.TaskDone)
	if _, err := w.backend.Tree(t.Context(), "new"); fleet.CodeOf(err) != fleet.NotFound {
		t.Errorf("the tree is still there (%v)", err)
	}
}

// A site that cannot be created leaves nothing but a row that says so.
func TestFailedCreate(t *testing.T) {
	w := openWorld(t, t.TempDir(), "memory")
	t.Cleanup(func() { makeWritable(w.dir) })
	files := small("old", ":")
	files["data/bad"] = ""
	w.publish("old", files)
	_, task, err := w.sites.Create(t.Context(), fleet.NewSite{URI: "a.example", Platform: "old"}, alice)
	must(t, err)
	got := w.want(w.run(task), fleet.TaskFailed)
	if !strings.Contains(got.Reason, "answers 500") {
		t.Errorf("reason %q", got.Reason)
	}
	if s := w.site("a.example"); s.State != fleet.SiteFailed || s.Lock.Task != "" {
		t.Errorf("row: %+v", s)
	}
	if _, err := os.Stat(w.sitePath("a.example")); !os.IsNotExist(err) {
		t.Errorf("left behind (%v)", err)
	}
}

// A worker that lost the site's lock can neither write to it nor switch it.
func TestTwoWorkers(t *testing.T) {
	w := openWorld(t, t.TempDir(), "memory")
	t.Cleanup(func() { makeWritable(w.dir) })
	w.publish("old", small("old", ":"))
	w.publish("new", small("new", ":"))
	w.create("a.example", "old")
	slow := openWorld(t, w.dir, "memory") // its own store is not asked
	reached, goOn := make(chan struct{}), make(chan struct{})
	slow.store, slow.sites = w.store, w.sites
	slow.worker.Store, slow.worker.Sites, slow.runner.Store, slow.runner.Logs = w.store, w.sites, w.store, w.store
	slow.runner.Lease = time.Hour
	slow.worker.Backend = beforeSwitch{Backend: slow.backend, do: func() { close(reached); <-goOn }}
	ref := w.order(migration(w.site("a.example"), "new"))
	lost := make(chan error, 1)
	go func() { lost <- slow.runner.Run(context.Background(), ref, false) }()
	<-reached
	task := w.finish(ref) // taken over, as after a restart
	w.want(task, fleet.TaskDone)
	before := w.site("a.example")
	w.want(w.run(fleet.Task{Kind: fleet.TaskRollback, About: "a.example"}), fleet.TaskDone)
	close(goOn)
	if err := <-lost; fleet.CodeOf(err) != fleet.Stale {
		t.Errorf("the late worker ended with %v", err)
	}
	r, err := w.backend.Live(t.Context(), "a.example")
	if err != nil || r.Platform != "old" || r.Generation != before.Generation+1 {
		t.Errorf("the late worker changed the site: %+v %v", r, err)
	}
	w.notHeld("a.example")
}

// beforeSwitch does something before each switch.
type beforeSwitch struct {
	hosting.Backend
	do func()
}

func (b beforeSwitch) Switch(ctx context.Context, c hosting.Copy) error {
	b.do()
	return b.Backend.Switch(ctx, c)
}
