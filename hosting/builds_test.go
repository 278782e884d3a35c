package hosting_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/kind"
	"github.com/distrobot/distrobot/hosting/local"
	"github.com/distrobot/distrobot/hosting/source"
	"github.com/distrobot/distrobot/internal/job"
	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/internal/mirror/mirrortest"
	"github.com/distrobot/distrobot/internal/run"
)

// A shop is a distribution in a real repository whose verification does its worst
// to the tree it runs in.
type shop struct {
	*world
	repo *mirrortest.Repo
}

const shopSpec = `version: 1
kind: generic
verify:
  - [sh, -c, 'chmod -R u+w . && echo spoiled >> index.html && echo spoiled >> lib/a && rm lib/b && mkdir -p cache/x && date > cache/x/now']
check: {path: /index.html}
`

func newShop(t *testing.T, dir, redis string) *shop {
	s := &shop{world: openWorld(t, dir, redis), repo: mirrortest.Serve(t).Repo(t, "shop")}
	t.Cleanup(func() { makeWritable(dir) })
	d := &fleet.Distribution{Name: "shop", Kind: "generic", URL: s.repo.URL, Source: fleet.Source{Type: "git"}}
	s.put(d, &fleet.Distribution{Name: "shop"})
	s.repo.CommitFiles("main", "First", map[string]mirrortest.File{
		"distrobot.yml": {Content: shopSpec}, "index.html": {Content: "<h1>shop</h1>\n"}, "version": {Content: "0"},
		"lib/a": {Content: "a"}, "lib/b": {Content: "b"}, "bin/tool": {Mode: "100755", Content: "#!/bin/sh\n"}, "latest": {Mode: "120000", Content: "lib/a"},
	})
	return s
}

// release commits a version and records the platform that is to be built of it.
func (s *shop) release(version string, hosts ...fleet.HostName) fleet.PlatformName {
	s.t.Helper()
	commit := s.repo.Commit("main", version, map[string]string{"version": version})
	s.repo.Tag(version, commit)
	p := &fleet.Platform{
		Name: fleet.PlatformName("shop-" + version), Distribution: "shop", Kind: "generic", Source: fleet.Source{Type: "git"}, URL: s.repo.URL,
		State: fleet.PlatformQueued, Hosts: hosts, Created: time.Now(), By: alice,
		Ref: fleet.Ref{Name: "refs/tags/" + version, Hash: commit, Commit: commit, Version: version},
	}
	s.put(p, &fleet.Platform{Name: p.Name})
	return p.Name
}

// build builds a platform on a host with its worker's runner.
func (s *shop) buildOn(r *job.Runner, on fleet.HostName, p fleet.PlatformName) fleet.Task {
	s.t.Helper()
	s.tasks++
	task := fleet.Task{
		ID: fleet.TaskID(fmt.Sprintf("01build%04d", s.tasks)), Kind: fleet.TaskBuild, About: string(p),
		Host: on, State: fleet.TaskQueued, By: alice, Created: time.Now(),
	}
	s.put(&task, &fleet.Task{Host: on, ID: task.ID})
	if err := r.Run(context.Background(), task.Ref(), true); err != nil {
		s.t.Fatal(err)
	}
	return s.task(task.Ref())
}

func (s *shop) platform(name fleet.PlatformName) fleet.Platform {
	s.t.Helper()
	p := fleet.Platform{Name: name}
	must(s.t, fleet.One(context.Background(), s.store, &p, "platform"))
	return p
}

// stat tells two files of trees apart.
func stat(t *testing.T, path ...string) *syscall.Stat_t {
	t.Helper()
	info, err := os.Lstat(filepath.Join(path...))
	must(t, err)
	return info.Sys().(*syscall.Stat_t)
}

// other is a second machine over the same store.
func (s *shop) other(as *run.User, change func(*hosting.Worker)) (string, *job.Runner) {
	s.t.Helper()
	dir := s.t.TempDir()
	s.t.Cleanup(func() { makeWritable(dir) })
	for d := dir; d != os.TempDir(); d = filepath.Dir(d) {
		must(s.t, os.Chmod(d, 0o755))
	}
	mirrors := &mirror.Store{Dir: filepath.Join(dir, "mirrors"), Policy: mirror.Policy{AllowPrivate: true, AllowHTTP: true}, As: as}
	w := &hosting.Worker{
		Host: "other", Store: s.store, Sites: s.sites, Builder: s.builder, Backend: &local.Backend{Data: dir, Host: "other"},
		Kinds: kind.All(), Sources: source.All(source.Options{Mirrors: mirrors}),
	}
	if change != nil {
		change(w)
	}
	return dir, &job.Runner{Store: s.store, Logs: s.store, Recipe: w.Recipe, Owner: "other", Log: slog.New(slog.DiscardHandler)}
}

// One commit gives one tree on hosts that differ in where, with which umask and
// as which user they build.
func TestOneCommitIsOneTreeOnEveryHost(t *testing.T) {
	users := map[string]*run.User{"another umask": nil}
	if os.Getuid() == 0 { // else there is one user only
		users["another user"] = &run.User{UID: 65534, GID: 65534}
	}
	for what, as := range users {
		t.Run(what, func(t *testing.T) {
			s := newShop(t, t.TempDir(), "memory")
			dir, runner := s.other(as, nil)
			name := s.release("1.0", host, "other")
			s.want(s.buildOn(s.runner, host, name), fleet.TaskDone)
			if p := s.platform(name); p.State == fleet.PlatformReady {
				t.Fatal("ready before the second host has it")
			}
			umask := 0o077
			if as != nil {
				umask = 0o002
			}
			old := syscall.Umask(umask)
			task := s.buildOn(runner, "other", name)
			syscall.Umask(old)
			s.want(task, fleet.TaskDone)
			p := s.platform(name)
			if p.State != fleet.PlatformReady || len(p.Paths) != 2 {
				t.Fatalf("the platform is %s: %s", p.State, p.Reason)
			}
			for _, file := range []string{"", "lib", "lib/a", "bin/tool", "index.html"} {
				a, b := stat(t, s.dir, "platforms", string(name), file), stat(t, dir, "platforms", string(name), file)
				if a.Mode != b.Mode {
					t.Errorf("%q has the modes %o and %o", file, a.Mode, b.Mode)
				}
				if as != nil && b.Uid != as.UID {
					t.Errorf("%q belongs to user %d", file, b.Uid)
				}
			}
		})
	}
}

// A host that builds something else has failed, and keeps nothing of it.
func TestAnotherTreeOnTheSecondHostFailsThere(t *testing.T) {
	s := newShop(t, t.TempDir(), "memory")
	dir, runner := s.other(nil, func(w *hosting.Worker) {
		w.Sources = []hosting.Source{careless{w.Sources[0]}}
	})
	name := s.release("1.0", host, "other")
	s.want(s.buildOn(s.runner, host, name), fleet.TaskDone)
	task := s.want(s.buildOn(runner, "other", name), fleet.TaskFailed)
	const reason = "This host built another tree of the same commit than the host before it."
	if p := s.platform(name); p.State != fleet.PlatformReady || p.Paths[host] == "" || p.Paths["other"] != "" || p.Missing["other"] != reason || task.Reason != reason {
		t.Errorf("the platform is %s, missing %q; the task says %q", p.State, p.Missing, task.Reason)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "platforms")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// careless adds to a tree what no other host has.
type careless struct{ hosting.Source }

func (c careless) Fetch(ctx context.Context, p fleet.Platform, dir string, log func(string)) error {
	if err := c.Source.Fetch(ctx, p, dir, log); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "built-at"), []byte(time.Now().String()), 0o644)
}

// The second platform shares its unchanged files with the first, and neither what
// verification does to files nor the end of the first platform changes any.
func TestSecondBuildSharesFiles(t *testing.T) {
	s := newShop(t, t.TempDir(), "memory")
	tree := func(p fleet.PlatformName, file string) string {
		return filepath.Join(s.dir, "platforms", string(p), file)
	}
	one, two := s.release("1.0", host), fleet.PlatformName("")
	s.want(s.buildOn(s.runner, host, one), fleet.TaskDone)
	first := s.platform(one).TreeDigest
	two = s.release("1.1", host)
	task := s.want(s.buildOn(s.runner, host, two), fleet.TaskDone)
	if !strings.Contains(s.log(task), "5 of 7 files are those of shop-1.0.") {
		t.Error(s.log(task))
	}
	for file, shared := range map[string]bool{"index.html": true, "lib/a": true, "lib/b": true, "bin/tool": true, "distrobot.yml": true, "version": false, "latest": false} {
		if same := stat(t, tree(one, file)).Ino == stat(t, tree(two, file)).Ino; same != shared {
			t.Errorf("%s is shared: %t", file, same)
		}
	}
	for _, p := range []fleet.PlatformName{one, two} {
		b, err := os.ReadFile(tree(p, "index.html"))
		if err != nil || string(b) != "<h1>shop</h1>\n" {
			t.Errorf("%s has %q, %v", p, b, err)
		}
		if _, err := os.Lstat(tree(p, "cache")); !os.IsNotExist(err) {
			t.Errorf("what verification left is in %s: %v", p, err)
		}
		digest, _, err := hosting.TreeDigest(tree(p, ""))
		if err != nil || digest != s.platform(p).TreeDigest {
			t.Errorf("%s is not what was built: %v", p, err)
		}
	}
	second := s.platform(two).TreeDigest
	must(t, s.backend.Discard(t.Context(), one))
	if digest, _, err := hosting.TreeDigest(tree(two, "")); err != nil || digest != second || digest == first {
		t.Errorf("without the first platform the second is %s, %v", digest, err)
	}
	if left, _ := filepath.Glob(filepath.Join(s.dir, "platforms", ".*")); left != nil {
		t.Errorf("left behind: %v", left)
	}
}

// A build killed with -9 after every commit and every effect on the machine
// leaves no platform that is not whole; the next worker ends it, with the same
// tree, and leaves nothing else. The platform before it stays as it is.
func TestBuildKilledAnywhere(t *testing.T) {
	redis := startRedis(t)
	s := newShop(t, t.TempDir(), redis)
	before := s.release("1.0", host)
	s.want(s.buildOn(s.runner, host, before), fleet.TaskDone)
	whole := s.platform(before).TreeDigest
	points := 0
	for point := int64(1); ; point++ {
		s.tasks++
		name := s.release(fmt.Sprintf("2.%d", point), host)
		ref := s.order(fleet.Task{Kind: fleet.TaskBuild, About: string(name)})
		killed := s.child(crash{Dir: s.dir, Redis: redis, Task: ref, Point: point})
		dir := filepath.Join(s.dir, "platforms", string(name))
		early, _, earlyErr := hosting.TreeDigest(dir)
		s.want(s.finish(ref), fleet.TaskDone)
		p := s.platform(name)
		digest, _, err := hosting.TreeDigest(dir)
		if p.State != fleet.PlatformReady || err != nil || digest != p.TreeDigest || earlyErr == nil && early != digest {
			t.Fatalf("point %d: the platform is %s, its tree %.8s, %v, was %.8s", point, p.State, digest, err, early)
		}
		if left, _ := filepath.Glob(filepath.Join(s.dir, "platforms", ".*")); left != nil {
			t.Fatalf("point %d: left behind: %v", point, left)
		}
		if digest, _, err := hosting.TreeDigest(filepath.Join(s.dir, "platforms", string(before))); err != nil || digest != whole {
			t.Fatalf("point %d: the earlier platform was changed: %v", point, err)
		}
		if !killed {
			break
		}
		points++
	}
	t.Logf("killed at %d points", points)
	if points < 10 {
		t.Errorf("killed at %d points only", points)
	}
}
