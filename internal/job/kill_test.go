package job_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
	"github.com/distrobot/distrobot/internal/run"
	"github.com/distrobot/distrobot/store"
	"github.com/distrobot/distrobot/store/storetest"
)

// killSteps is how many steps the killed worker's task has.
const killSteps = 12

// TestMain lets the test's own program be the worker that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("JOB_TEST_WORKER"); dir != "" {
		if err := workUntilKilled(dir, os.Getenv("JOB_TEST_REDIS")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// workUntilKilled is the worker: each of its steps appends one line to a file,
// by one write, which the Done check finds. No step is repeatable by itself.
func workUntilKilled(dir, url string) error {
	s, err := store.Open(context.Background(), store.Options{URL: url, Key: []byte("k"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer s.Close()
	if err := os.WriteFile(filepath.Join(dir, "pid"), []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		return err
	}
	path := filepath.Join(dir, "done")
	var rec job.Recipe
	for i := range killSteps {
		line := fmt.Sprintf("step%02d\n", i)
		rec.Steps = append(rec.Steps, job.Step{Name: strings.TrimSpace(line), Repeatable: true,
			Do: func(_ context.Context, sc *job.Scope) error {
				time.Sleep(2 * time.Millisecond) // time to be killed in
				f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
				if err != nil {
					return err
				}
				defer f.Close()
				_, err = f.WriteString(line)
				sc.Keep("at", line)
				time.Sleep(2 * time.Millisecond)
				return err
			},
			Done: func(context.Context, *job.Scope) (job.Verdict, error) {
				b, err := os.ReadFile(path)
				if err == nil && strings.Contains(string(b), line) {
					return job.Yes, nil
				}
				return job.No, nil
			}})
	}
	r := job.Runner{Store: s, Logs: s, Owner: strconv.Itoa(os.Getpid()), Lease: 300 * time.Millisecond,
		Recipe: func(fleet.Task) (job.Recipe, error) { return rec, nil }, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	return r.Run(context.Background(), fleet.TaskRef{Host: host, ID: "01task"}, true)
}

// TestKilledWorker kills real worker processes with SIGKILL at random moments
// until one has brought the task to its end: every step's effect is there, in
// order, exactly once.
func TestKilledWorker(t *testing.T) {
	server := storetest.Start(t)
	dir := t.TempDir()
	s, err := store.Open(t.Context(), store.Options{URL: server.URL(), Key: []byte("k")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w := &world{t: t, store: s, ref: fleet.TaskRef{Host: host, ID: "01task"}}
	w.update(func(tx fleet.Tx) error {
		task := &fleet.Task{ID: w.ref.ID, Host: host}
		if _, err := tx.Get(task); err != nil {
			return err
		}
		task.State, task.Kind = fleet.TaskQueued, fleet.TaskMigrate
		tx.Put(task)
		return nil
	})
	kills := 0
	for ; !w.task().State.Final(); kills++ {
		if kills > 200 {
			t.Fatalf("no end after %d kills: %s", kills, states(w.task()))
		}
		killOne(t, dir, server.URL())
	}
	b, err := os.ReadFile(filepath.Join(dir, "done"))
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for i := range killSteps {
		fmt.Fprintf(&want, "step%02d\n", i)
	}
	if string(b) != want.String() || w.task().State != fleet.TaskDone {
		t.Errorf("after %d kills the task is %s; effects:\n%s", kills, w.task().State, b)
	}
	t.Logf("%d workers, %d claims", kills, w.task().Claims)
}

// killOne starts a worker and kills it up to 30 ms after it is ready.
func killOne(t *testing.T, dir, url string) {
	t.Helper()
	pidfile := filepath.Join(dir, "pid")
	os.Remove(pidfile)
	ended := make(chan error, 1)
	go func() {
		_, err := run.Run(context.Background(), run.Command{Program: os.Args[0],
			Env: run.Environ("JOB_TEST_WORKER="+dir, "JOB_TEST_REDIS="+url)})
		ended <- err
	}()
	var pid int
	eventually(t, func() bool {
		b, err := os.ReadFile(pidfile)
		if err == nil {
			pid, _ = strconv.Atoi(string(b))
		}
		return pid > 1
	})
	select {
	case err := <-ended:
		if err != nil {
			t.Fatalf("the worker failed: %v", err)
		}
		return
	case <-time.After(rand.N(30 * time.Millisecond)):
	}
	_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended by itself
	<-ended
}
