package aegir_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/aegir"
	"github.com/distrobot/distrobot/internal/run"
)

// kill ends the drush of a task with -9, and with it what has started it if all.
func (h *host) kill(t *testing.T, all bool) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(h.root, ".distrobot", "*-migrate-*", "pid"))
	must(t, err)
	if len(found) != 1 {
		t.Fatalf("%d migrates were started", len(found))
	}
	text, err := os.ReadFile(found[0])
	must(t, err)
	starter, err := strconv.Atoi(strings.TrimSpace(string(text)))
	must(t, err)
	text, err = os.ReadFile("/proc/" + strconv.Itoa(starter) + "/task/" + strconv.Itoa(starter) + "/children")
	must(t, err)
	drush, err := strconv.Atoi(strings.TrimSpace(string(text)))
	must(t, err)
	if all {
		must(t, syscall.Kill(starter, syscall.SIGKILL))
	}
	must(t, syscall.Kill(drush, syscall.SIGKILL))
}

// TestDrushKilled holds what becomes of a migrate whose drush is killed with -9,
// here or at the far end of SSH: it stays "processing" in Aegir for ever, nobody can
// tell how far it came, so a person is asked; visitors stay out, nothing is started
// a second time, and once the person has run the same task again in Aegir, ours
// goes on to its end.
func TestDrushKilled(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ all, ssh bool }{
		"here": {}, "with what started it": {all: true}, "at the far end of SSH": {ssh: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := twoPlatforms(t, nil)
			b, ctx := h.backend, t.Context()
			if c.ssh {
				b.Tasks.SSH = h.overSSH(t)
				t.Cleanup(b.Tasks.SSH.Close)
			}
			move := killedMove(t, h, c.all)
			waiting, err := b.Waiting(ctx)
			if must(t, err); len(waiting) != 1 || fleet.CodeOf(b.Free(ctx, waiting[0])) != fleet.Later {
				t.Errorf("a half-moved site is let in: %+v", waiting)
			}
			if err := b.Run(ctx, move, nil, func(string) {}); err == nil || !strings.Contains(err.Error(), "was interrupted") {
				t.Errorf("continued without a person's doing: %v", err)
			}
			h.again(t, b)
			must(t, b.Run(ctx, move, nil, func(string) {}))
			if n := h.calls(t, "@hostmaster hosting-task @"+string(site)+" migrate"); n != 1 {
				t.Errorf("%d tasks of migrate", n)
			}
			must(t, b.Switch(ctx, move))
			_, err = b.Release(ctx, move)
			must(t, err)
			if a, err := b.Probe(ctx, site, "/"); err != nil || a.Status != 200 || !strings.Contains(string(a.Body), "version two") {
				t.Errorf("visitors get %d %s, %v", a.Status, a.Body, err)
			}
		})
	}
}

// TestDrushKilledAlone holds what a real Aegir was seen to do when only the outer
// drush of a migrate is killed with -9: the one that it had started puts the site on
// both platforms, with the new code over the old data, and the same task, run again
// by a person, fails. That is no move that went back: whoever asks is told what to
// look at, again and again, and visitors stay out, also once nobody knows the task.
func TestDrushKilledAlone(t *testing.T) {
	t.Parallel()
	h := twoPlatforms(t, nil)
	b, ctx := h.backend, t.Context()
	h.fault(t, "nested")
	move := killedMove(t, h, false)
	eventually(t, "end of what drush had started", func() bool {
		_, err := os.Stat(filepath.Join(h.root, "nested-has-ended"))
		return err == nil
	})
	h.mend(t, "nested")
	node := h.node(t, b)
	r, err := run.Run(ctx, run.Command{Program: filepath.Join(h.root, "bin", "drush"), Args: []string{"@hostmaster", "hosting-task", node, "--force"}, Env: run.Environ()})
	if err == nil || r.ExitCode != 1 {
		t.Fatalf("the second run ended with %d, %v", r.ExitCode, err)
	}
	for _, want := range []string{"was interrupted (node " + node + ")", "Another run of it has failed: Site was not found.", "on which platforms the site's directory is"} {
		err := b.Run(ctx, move, nil, func(string) {})
		if err == nil || fleet.CodeOf(err) != "" || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "back") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	for _, name := range []string{"one", "two"} {
		if _, err := os.Stat(filepath.Join(h.root, "platforms", name, "sites", string(site))); err != nil {
			t.Errorf("the site is not on both platforms: %v", err)
		}
	}
	waiting, err := b.Waiting(ctx)
	if must(t, err); len(waiting) != 1 {
		t.Fatalf("waiting: %+v", waiting)
	}
	err = b.Free(ctx, waiting[0])
	if fleet.CodeOf(err) != fleet.Held || !strings.Contains(err.Error(), "on the platforms one and two") {
		t.Errorf("a site on two platforms: %v", err)
	}
	if a, err := b.Probe(ctx, site, "/"); err != nil || a.Status != 503 {
		t.Errorf("visitors get %d %s, %v", a.Status, a.Body, err)
	}
	if n := h.calls(t, "@hostmaster hosting-task @"+string(site)+" migrate"); n != 1 {
		t.Errorf("%d tasks of migrate", n)
	}
	must(t, os.RemoveAll(filepath.Join(h.root, "platforms", "two", "sites", string(site)))) // a person makes it whole
	h.drush(t, "@hostmaster", "hosting-task", "@"+string(site), "verify", "--force")
	must(t, b.Free(ctx, waiting[0]))
	if a, err := b.Probe(ctx, site, "/"); err != nil || a.Status != 200 || !strings.Contains(string(a.Body), "version one") {
		t.Errorf("visitors get %d %s, %v", a.Status, a.Body, err)
	}
}

// killedMove begins a move and kills its drush in the middle.
func killedMove(t *testing.T, h *host, all bool) hosting.Copy {
	t.Helper()
	b, ctx := h.backend, t.Context()
	c := generation(2, "two", 2)
	must(t, b.Lay(ctx, c))
	_, err := b.Hold(ctx, c)
	must(t, err)
	must(t, b.Drain(ctx, c))
	_, err = b.Fill(ctx, c)
	must(t, err)
	h.fault(t, "hang")
	ended := make(chan error, 1)
	go func() { ended <- b.Run(context.WithoutCancel(ctx), c, nil, func(string) {}) }()
	eventually(t, "migrate in its middle", func() bool {
		_, err := os.Stat(filepath.Join(b.Web.Dir, "vhost.d", string(site)))
		return os.IsNotExist(err)
	})
	h.kill(t, all)
	if err := <-ended; err == nil || fleet.CodeOf(err) != "" || !strings.Contains(err.Error(), "was interrupted") {
		t.Errorf("a task whose drush was killed: %v", err)
	}
	if a, err := b.Probe(ctx, site, "/"); err != nil || a.Status != 503 {
		t.Errorf("visitors get %d, %v", a.Status, err)
	}
	if r, err := b.Live(ctx, site); err != nil || r.Generation != 1 {
		t.Errorf("it counts as generation %d, %v", r.Generation, err)
	}
	h.mend(t, "hang")
	return c
}

// again runs the site's migrate once more, by its node, as a person does.
func (h *host) again(t *testing.T, b *aegir.Backend) {
	t.Helper()
	h.drush(t, "@hostmaster", "hosting-task", h.node(t, b), "--force")
}

// node is that of the site's one migrate.
func (h *host) node(t *testing.T, b *aegir.Backend) (node string) {
	t.Helper()
	must(t, b.Tasks.Query(t.Context(), aegir.Select([]string{"t.nid"}, "hosting_task t JOIN node n ON n.vid=t.vid WHERE t.task_type='migrate'"), 1,
		func(row []string) error { node = row[0]; return nil }))
	return node
}
