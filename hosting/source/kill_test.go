package source_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting/local"
	"github.com/distrobot/distrobot/hosting/source"
	"github.com/distrobot/distrobot/internal/mirror"
)

// A killing is a build that a child process does until it is killed.
type killing struct {
	Platform fleet.Platform
	Data     string
	Releases source.Releases
	At       int64 // it kills itself at its nth line of log; 0 is never
}

const killEnv = "DISTROBOT_TEST_KILLING"

// TestMain makes the test binary the child too.
func TestMain(m *testing.M) {
	if text := os.Getenv(killEnv); text != "" {
		var k killing
		if err := json.Unmarshal([]byte(text), &k); err != nil {
			panic(err)
		}
		if err := k.build(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// build does what the recipe does: stage, fetch, publish.
func (k killing) build() error {
	ctx, policy := context.Background(), mirror.Policy{AllowPrivate: true, AllowHTTP: true}
	b := &local.Backend{Data: k.Data, Host: "local"}
	stage, err := b.Stage(ctx, k.Platform.Name, 1)
	if err != nil {
		return err
	}
	lines := int64(0)
	for _, s := range source.All(source.Options{Mirrors: &mirror.Store{Dir: filepath.Join(k.Data, "mirrors"), Policy: policy},
		Lister: mirror.NewLister(policy), Files: mirror.NewDownloader(policy), Releases: k.Releases}) {
		if s.Type() != k.Platform.Source.Type {
			continue
		}
		err := s.Fetch(ctx, k.Platform, stage, func(string) {
			if lines++; lines == k.At {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			}
		})
		if err != nil {
			return err
		}
	}
	_, err = b.Publish(ctx, k.Platform.Name, stage)
	return err
}

// run starts the child and reports whether it was killed.
func (k killing) run(t *testing.T, started func(pid int)) bool {
	t.Helper()
	text, err := json.Marshal(k)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), killEnv+"="+string(text))
	var errs strings.Builder
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	started(cmd.Process.Pid)
	err = cmd.Wait()
	st, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if killed := ok && st.Signaled(); killed || err == nil {
		return killed
	}
	t.Fatalf("the build failed: %v\n%s", err, errs.String())
	return false
}

// TestKilledBuildsLeaveNothing ends a build with SIGKILL at every line it logs
// and at every request it makes. There is never a platform then that is not
// whole, and the next build makes the same tree and leaves nothing else.
func TestKilledBuildsLeaveNothing(t *testing.T) {
	s := newShop(t)
	for _, name := range []string{"views-7.x-3.24", "token-7.x-1.9"} {
		project, _, _ := strings.Cut(name, "-")
		s.release(name, map[string]string{project + ".module": name})
	}
	git, err := mirror.HTTPBackend(s.git.Root)
	if err != nil {
		t.Fatal(err)
	}
	var requests, killAt, child atomic.Int64
	releases := http.FileServer(http.Dir(s.releases))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n := requests.Add(1); n == killAt.Load() {
			for child.Load() == 0 { // 0 would be ourselves
				runtime.Gosched()
			}
			_ = syscall.Kill(int(child.Load()), syscall.SIGKILL)
			return
		}
		if strings.HasPrefix(r.URL.Path, "/git/") {
			http.StripPrefix("/git", git).ServeHTTP(w, r)
			return
		}
		releases.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	p := s.commit("x.make", map[string]string{"x.make": bare + "projects[views] = 3.24\nprojects[token] = 1.9\nprojects[token][patch][] = t.patch\n",
		"t.patch": "--- a/token.module\n+++ b/token.module\n@@ -1 +1 @@\n-token-7.x-1.9\n\\ No newline at end of file\n+patched\n"})
	p.URL = srv.URL + "/git/distro.git"
	k := killing{Platform: p, Releases: source.Releases{Archive: srv.URL + "/{name}-{release}.tar.gz"}}
	first, points := "", 0
	for _, mode := range []string{"line", "request"} {
		for at := int64(1); ; at++ {
			k.Data, k.At = t.TempDir(), 0
			requests.Store(0)
			killAt.Store(0)
			child.Store(0)
			if mode == "line" {
				k.At = at
			} else {
				killAt.Store(at)
			}
			killed := k.run(t, func(pid int) { child.Store(int64(pid)) })
			if killed {
				points++
				if _, err := os.Lstat(filepath.Join(k.Data, "platforms", string(p.Name))); !os.IsNotExist(err) {
					t.Fatalf("killed at %s %d, there is a platform", mode, at)
				}
				k.At = 0
				killAt.Store(0)
				if k.run(t, func(int) {}) {
					t.Fatal("the second build was killed")
				}
			}
			entries, err := os.ReadDir(filepath.Join(k.Data, "platforms"))
			if err != nil || len(entries) != 1 {
				t.Fatalf("after %s %d there are %v (%v)", mode, at, entries, err)
			}
			d := digest(t, filepath.Join(k.Data, "platforms", string(p.Name)))
			if first == "" {
				first = d
			}
			if d != first {
				t.Fatalf("after %s %d the tree is another", mode, at)
			}
			if !killed {
				break
			}
		}
	}
	if points < 6 {
		t.Errorf("killed at %d points only", points)
	}
	t.Logf("killed at %d points", points)
}

// TestKilledComposerLeavesNothing ends a build with composer with SIGKILL at
// every line that it logs: there is no half platform, composer itself ends with
// it, and the next build makes the same tree and clears away what was left.
func TestKilledComposerLeavesNothing(t *testing.T) {
	p := newProject(t)
	pl := p.platform(p.locked())
	pl.Name = "killed-composer"
	left := func() []string {
		out, err := filepath.Glob(filepath.Join(os.TempDir(), "distrobot-composer-*-"+string(pl.Name)))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	k := killing{Platform: pl, Data: opened(t, t.TempDir())}
	points := 0
	for at := int64(1); ; at++ {
		k.At = at
		if !k.run(t, func(int) {}) {
			break
		}
		points++
		if _, err := os.Lstat(filepath.Join(k.Data, "platforms", string(pl.Name))); !os.IsNotExist(err) {
			t.Fatalf("killed at line %d, there is a platform", at)
		}
	}
	if points < 3 {
		t.Errorf("killed at %d lines only", points)
	}
	entries, err := os.ReadDir(filepath.Join(k.Data, "platforms"))
	if err != nil || len(entries) != 1 || len(left()) > 0 {
		t.Errorf("after the last build there are %v and %v (%v)", entries, left(), err)
	}
	want(t, filepath.Join(k.Data, "platforms", string(pl.Name)), map[string]string{"vendor/acme/packed/packed.txt": "packed\n", "web/index.php": "<?php\n"})
	t.Logf("killed at %d lines", points)
}
