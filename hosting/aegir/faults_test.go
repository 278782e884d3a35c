package aegir_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/run"
)

const site = fleet.URI("site1.example.com")

// publish builds a platform on the host.
func (h *host) publish(t *testing.T, name string, files map[string]string) hosting.Tree {
	t.Helper()
	stage, err := h.backend.Stage(t.Context(), fleet.PlatformName(name), 1)
	must(t, err)
	for file, text := range files {
		at := filepath.Join(stage, file)
		must(t, os.MkdirAll(filepath.Dir(at), 0o755))
		must(t, os.WriteFile(at, []byte(text), 0o644))
	}
	dir, err := h.backend.Publish(t.Context(), fleet.PlatformName(name), stage)
	must(t, err)
	return hosting.Tree{Dir: dir}
}

func generation(n int64, platform string, fence int64) hosting.Copy {
	return hosting.Copy{URI: site, ID: "01site", Kind: "generic", Platform: fleet.PlatformName(platform), Generation: n, From: n - 1, Fence: fence, Task: "01task"}
}

// live makes the site on platform one.
func (h *host) live(t *testing.T) {
	t.Helper()
	c := generation(1, "one", 1)
	must(t, h.backend.Lay(t.Context(), c))
	_, err := h.backend.Fill(t.Context(), c)
	must(t, err)
	must(t, h.backend.Switch(t.Context(), c))
}

func twoPlatforms(t *testing.T, two func(map[string]string)) *host {
	h := newHost(t)
	h.publish(t, "one", pages("one", ""))
	files := pages("two", "")
	if two != nil {
		two(files)
	}
	h.publish(t, "two", files)
	h.live(t)
	return h
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for over := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(over) {
			t.Fatalf("no %s", what)
		}
	}
}

// TestTaskThatNeverEnds holds the whole story of a hanging migrate: visitors see
// 503 throughout, the deadline asks a person and kills nothing, a worker that dies
// and the next one follow the same task, and there is exactly one.
func TestTaskThatNeverEnds(t *testing.T) {
	t.Parallel()
	h := twoPlatforms(t, nil)
	b, ctx := h.backend, t.Context()
	c := generation(2, "two", 2)
	must(t, b.Lay(ctx, c))
	_, err := b.Hold(ctx, c)
	must(t, err)
	must(t, b.Drain(ctx, c))
	_, err = b.Fill(ctx, c)
	must(t, err)
	h.fault(t, "hang")
	dying, die := context.WithCancel(ctx)
	ended := make(chan error, 1)
	var log []string
	go func() { ended <- b.Run(dying, c, nil, func(l string) { log = append(log, l) }) }()
	eventually(t, "migrate that hangs", func() bool {
		_, err := os.Stat(filepath.Join(b.Web.Dir, "vhost.d", string(site)))
		return os.IsNotExist(err) // Aegir deleted it
	})
	if a, err := b.Probe(ctx, site, "/"); err != nil || a.Status != 503 {
		t.Errorf("visitors get %d, %v", a.Status, err)
	}
	die()
	if err := <-ended; err == nil {
		t.Error("a dead worker's move succeeded")
	}
	b.Limit = time.Millisecond
	if err := b.Run(ctx, c, nil, func(string) {}); err == nil || fleet.CodeOf(err) != "" || !strings.Contains(err.Error(), "has not ended") {
		t.Errorf("after the deadline: %v", err)
	}
	if r, err := b.Live(ctx, site); err != nil || r.Generation != 1 {
		t.Errorf("while it moves: %+v, %v", r, err)
	}
	b.Limit = 0
	h.mend(t, "hang")
	log = nil
	must(t, b.Run(ctx, c, nil, func(l string) { log = append(log, l) }))
	if n := h.calls(t, "@hostmaster hosting-task @"+string(site)+" migrate"); n != 1 {
		t.Errorf("%d tasks of migrate", n)
	}
	all := strings.Join(log, "\n")
	if strings.Contains(all, "<em") || strings.Count(all, "ssl_enabled") != 1 {
		t.Errorf("the log is\n%s", all)
	}
	a, err := b.Check(ctx, c, "/")
	if err != nil || !strings.Contains(string(a.Body), "version two") {
		t.Errorf("the check got %d %s, %v", a.Status, a.Body, err)
	}
	if a, err := b.Probe(ctx, site, "/"); err != nil || a.Status != 503 {
		t.Errorf("visitors get %d, %v", a.Status, err)
	}
	must(t, b.Switch(ctx, c))
	_, err = b.Release(ctx, c)
	must(t, err)
	if a, err := b.Probe(ctx, site, "/"); err != nil || a.Status != 200 {
		t.Errorf("visitors get %d, %v", a.Status, err)
	}
}

// TestRefusals holds what Aegir's drush lets pass and we do not, before anything
// is done to the site.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		two  func(map[string]string)
		lock bool
		says string
	}{
		"a locked target":                   {lock: true, says: "is locked in Aegir"},
		"a schema downgrade":                {two: func(f map[string]string) { f["packages"] = "profile standard 7.101 0\nmodule system 7.101 7087\n" }, says: "schema 7088, newer than 7087"},
		"an enabled module that is missing": {two: func(f map[string]string) { f["packages"] = "profile standard 7.105 0\n" }, says: "system is enabled and not on the platform"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := twoPlatforms(t, c.two)
			if c.lock {
				h.drush(t, "@hostmaster", "hosting-task", "@platform_two", "lock", "--force")
			}
			err := h.backend.Lay(t.Context(), generation(2, "two", 2))
			if fleet.CodeOf(err) != fleet.Refused || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func (h *host) drush(t *testing.T, args ...string) {
	t.Helper()
	r, err := run.Run(t.Context(), run.Command{Program: filepath.Join(h.root, "bin", "drush"), Args: args, Env: run.Environ()})
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, r.Stderr)
	}
	must(t, err)
}

// TestBusyAndBlind holds that a host that is too busy is tried again, and that a
// database that is away fails a task before it begins, not one that runs.
func TestBusyAndBlind(t *testing.T) {
	t.Parallel()
	h := twoPlatforms(t, nil)
	b, ctx := h.backend, t.Context()
	h.fault(t, "heavy") // once
	c := generation(2, "two", 2)
	if _, err := b.Fill(ctx, c); err != nil {
		t.Errorf("a busy host: %v", err)
	}
	h.fault(t, "nodb")
	if _, err := b.Live(ctx, site); fleet.CodeOf(err) != fleet.Failed || !strings.Contains(err.Error(), "Query failed") {
		t.Errorf("without its database: %v", err)
	}
	h.mend(t, "nodb")
	h.fault(t, "hang")
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx, c, nil, func(string) {}) }()
	eventually(t, "vhost that is gone", func() bool {
		_, err := os.Stat(filepath.Join(b.Web.Dir, "vhost.d", string(site)))
		return os.IsNotExist(err)
	})
	h.fault(t, "nodb") // the task has its connection; who follows it has not
	seen := h.calls(t, "@hostmaster sql-query")
	eventually(t, "query that fails", func() bool { return h.calls(t, "@hostmaster sql-query") > seen+3 })
	h.mend(t, "nodb")
	h.mend(t, "hang")
	must(t, <-ended)
}

// TestOverSSH runs the same over a real sshd: the connection is cut in the middle
// of a task, which goes on.
func TestOverSSH(t *testing.T) {
	t.Parallel()
	h := twoPlatforms(t, nil)
	b, ctx := h.backend, t.Context()
	ssh := h.overSSH(t)
	b.Tasks.SSH = ssh
	t.Cleanup(ssh.Close)
	c := generation(2, "two", 2)
	must(t, b.Lay(ctx, c))
	_, err := b.Fill(ctx, c)
	must(t, err)
	h.fault(t, "hang")
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx, c, nil, func(string) {}) }()
	eventually(t, "vhost that is gone", func() bool {
		_, err := os.Stat(filepath.Join(b.Web.Dir, "vhost.d", string(site)))
		return os.IsNotExist(err)
	})
	ssh.Close()
	h.mend(t, "hang")
	must(t, <-ended)
	if n := h.calls(t, "@hostmaster hosting-task @"+string(site)+" migrate"); n != 1 {
		t.Errorf("%d tasks of migrate", n)
	}
	must(t, b.Switch(ctx, c))
	stranger := h.overSSH(t)
	stranger.KnownHosts = "/dev/null"
	b.Tasks.SSH = stranger
	if _, err := b.Live(ctx, site); fleet.CodeOf(err) != fleet.Later || !strings.Contains(err.Error(), "cannot be reached") {
		t.Errorf("a host whose key nobody knows: %v", err)
	}
}
