package run_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/run"
)

// alive reports whether pid is a process that is not a zombie.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, ok := strings.Cut(string(stat), ") ")
	return ok && !strings.HasPrefix(rest, "Z")
}

// awaitPid polls file until a child has written its pid there.
func awaitPid(t *testing.T, file string) int {
	t.Helper()
	var pid int
	eventually(t, "a pid in "+filepath.Base(file), func() bool {
		b, _ := os.ReadFile(file)
		n, err := strconv.Atoi(strings.TrimSuffix(string(b), "\n"))
		pid = n
		return err == nil && strings.HasSuffix(string(b), "\n")
	})
	return pid
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("no %s after 20 s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestChildrenDieWithTheWorker(t *testing.T) {
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "RUN_TEST_WORKER="+dir)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	child := awaitPid(t, filepath.Join(dir, "child"))
	if !alive(child) {
		t.Fatal("the child ended before its worker was killed")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // "signal: killed"
	eventually(t, "end of the child of a killed worker", func() bool { return !alive(child) })
}

// The parent-death signal belongs to the thread that made the child. Threads end
// when a goroutine that is locked to them ends; children started meanwhile from
// other goroutines must live on.
func TestChildrenSurviveTheEndOfThreads(t *testing.T) {
	done := make(chan error, 8)
	for range cap(done) {
		go func() {
			_, err := run.Run(t.Context(), shell("sleep 0.3"))
			done <- err
		}()
	}
	for range 50 {
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			lockThreadForEver()
		}()
		<-gone
	}
	for range cap(done) {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// The grandchild ignores SIGTERM, so only SIGKILL to the whole group ends it.
func TestCancelEndsTheWholeGroup(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("the worker is shutting down")
	cmd := shell(`sh -c 'trap "" TERM; echo $$ > left; echo ready; while :; do sleep 0.05; done' & wait`)
	cmd.KillGrace = 50 * time.Millisecond
	cmd.Dir = dir
	cmd.Lines = func(string) { cancel(why) }
	if _, err := run.Run(ctx, cmd); !errors.Is(err, why) {
		t.Errorf("got %v, want the cause of the cancellation", err)
	}
	pid := awaitPid(t, filepath.Join(dir, "left"))
	eventually(t, "end of the grandchild", func() bool { return !alive(pid) })
}

func TestLeftoversOfTheGroupAreEnded(t *testing.T) {
	dir := t.TempDir()
	cmd := shell("sh -c 'echo $$ > left; while :; do sleep 0.05; done' >/dev/null 2>&1 & while [ ! -s left ]; do sleep 0.01; done")
	cmd.Dir = dir
	if _, err := run.Run(t.Context(), cmd); err != nil {
		t.Fatal(err)
	}
	pid := awaitPid(t, filepath.Join(dir, "left"))
	eventually(t, "end of the background process", func() bool { return !alive(pid) })
}

func TestEscapedDescendantCannotBlock(t *testing.T) {
	dir := t.TempDir()
	cmd := shell("setsid sh -c 'echo $$ > left; exec sleep 60' & while [ ! -s left ]; do sleep 0.01; done; echo out")
	cmd.Dir = dir
	got, err := run.Run(t.Context(), cmd)
	if pid := awaitPid(t, filepath.Join(dir, "left")); alive(pid) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	if !errors.Is(err, run.ErrHeldOutput) || got.Stdout != "out\n" {
		t.Errorf("got %q, %v, want ErrHeldOutput", got.Stdout, err)
	}
}

func TestRunAsAnotherUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Log("not root: only that the refusal is an error can be checked")
		cmd := shell("true")
		cmd.As = &run.User{UID: 0, GID: 0}
		if _, err := run.Run(t.Context(), cmd); !errors.Is(err, syscall.EPERM) {
			t.Errorf("got %v, want EPERM", err)
		}
		return
	}
	cmd := shell("id -u; id -g; id -G")
	cmd.As = &run.User{UID: 65534, GID: 65534}
	if got, err := run.Run(t.Context(), cmd); err != nil || got.Stdout != "65534\n65534\n65534\n" {
		t.Errorf("got %q, %v", got.Stdout, err)
	}
}
