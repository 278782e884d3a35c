package hosting_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/run"
)

// verified builds a platform whose distrobot.yml says how it is verified.
func (w *world) verified(yml string) (fleet.Task, string) {
	w.t.Helper()
	w.worker.Sources = []hosting.Source{files{small("new", ":").edit("distrobot.yml", "check:", yml+"\ncheck:")}}
	w.put(&fleet.Platform{Name: "new", Kind: "generic", Source: fleet.Source{Type: "files"}, State: fleet.PlatformQueued, Hosts: []fleet.HostName{host}, By: alice},
		&fleet.Platform{Name: "new"})
	t := w.run(fleet.Task{Kind: fleet.TaskBuild, About: "new"})
	lines, err := fleet.LastLines(context.Background(), w.store, t.Ref(), 0)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, l := range lines {
		out = append(out, l.Text)
	}
	return t, strings.Join(out, "\n")
}

// TestVerificationIsBounded holds each limit of a verification against a command
// that breaks it.
func TestVerificationIsBounded(t *testing.T) {
	for _, tt := range []struct{ name, yml, words string }{
		{"time", "timeout: 1s\nverify:\n  - [sleep, '60']", "took longer than its time limit"},
		{"memory", "verify:\n  - [sh, -c, 'x=$(head -c 200000000 /dev/zero | tr \"\\0\" a); echo ${#x}']", "failed"},
		{"output", "verify:\n  - [sh, -c, 'yes no end of it']", "it printed more than 64 MiB"},
		{"failure", "verify:\n  - [sh, -c, 'echo 3 tests failed >&2; exit 1']", "3 tests failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.worker.BuildMemory = 100 << 20
			task, log := w.verified(tt.yml)
			if task.State != fleet.TaskFailed || !strings.Contains(task.Reason, tt.words) {
				t.Errorf("%s: %s\n%.500s", task.State, task.Reason, log)
			}
			if strings.Count(log, "\n") > 4100 {
				t.Errorf("%d lines are logged", strings.Count(log, "\n"))
			}
		})
	}
}

// TestVerificationHasNoNetwork asserts what becomes of each value of network, on
// machines that can take it away and on others.
func TestVerificationHasNoNetwork(t *testing.T) {
	can := func(_ context.Context, c run.Command) (run.Command, bool) {
		c.Env = append(c.Env, "TAKEN=away")
		return c, true
	}
	cannot := func(_ context.Context, c run.Command) (run.Command, bool) { return c, false }
	const verify = "verify:\n  - [sh, -c, 'echo taken=$TAKEN.']"
	for _, tt := range []struct {
		network string
		isolate func(context.Context, run.Command) (run.Command, bool)
		state   fleet.TaskState
		log     string
	}{
		{"", can, fleet.TaskDone, "taken=away."},
		{"network: false\n", can, fleet.TaskDone, "taken=away."},
		{"network: true\n", can, fleet.TaskDone, "taken=."},
		{"", cannot, fleet.TaskDone, "cannot take the network away from programs: sh runs with it"},
		{"network: false\n", cannot, fleet.TaskFailed, "wants to be verified without a network"},
	} {
		w := newWorld(t)
		w.worker.Isolate = tt.isolate
		task, log := w.verified(tt.network + verify)
		if task.State != tt.state || !strings.Contains(log+task.Reason, tt.log) {
			t.Errorf("%q: %s %s\n%s", tt.network, task.State, task.Reason, log)
		}
	}
}

// TestVerificationIsNotRoot asserts that foreign commands of a build run without
// rights, and that what they are given and leave is not in the platform.
func TestVerificationIsNotRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can run programs as somebody else")
	}
	w := newWorld(t)
	w.worker.BuildAs = &run.User{UID: 65534, GID: 65534}
	for d := w.backend.Data; d != filepath.Clean(os.TempDir()) && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	task, log := w.verified("verify:\n  - [sh, -c, 'id -u; touch left && chmod 0777 distrobot.yml && echo wrote']")
	if task.State != fleet.TaskDone || !strings.Contains(log, "65534\nwrote") {
		t.Fatalf("%s %s\n%s", task.State, task.Reason, log)
	}
	dir, err := w.backend.Tree(t.Context(), "new")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "left")); !os.IsNotExist(err) {
		t.Errorf("what the verification left is published (%v)", err)
	}
	if left, err := filepath.Glob(filepath.Join(w.backend.Data, "platforms", ".tmp-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	// A data directory that this user cannot get to is told with what to do.
	if err := os.Chmod(w.backend.Data, 0o700); err != nil {
		t.Fatal(err)
	}
	w2 := newWorld(t)
	w2.worker.BuildAs = w.worker.BuildAs
	if err := os.Chmod(w2.backend.Data, 0o700); err != nil {
		t.Fatal(err)
	}
	task, _ = w2.verified("verify:\n  - [id]")
	if task.State != fleet.TaskFailed || !strings.Contains(task.Reason, "cannot start id") {
		t.Errorf("%s %s", task.State, task.Reason)
	}
}
