package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

// mineEnv names a directory in which a test lays a mine for serve.
const mineEnv = "DISTROBOT_TEST_MINE"

// A mine kills the program, as nothing can be caught of, at one boundary of the
// moves of sites. A boundary is "STEP begun" (journaled, nothing was done),
// "STEP acted" (done, not journaled) or "STEP noted" (the journal says so, the
// next step has not begun).
type mine struct {
	dir   string
	acted atomic.Pointer[string] // the step that is about to be journaled
}

// executeMined is execute with the mine of a directory.
func executeMined(dir string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cfg, err := loadConfig()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitFailed
	}
	a, err := openApp(ctx, cfg, appOptions{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitFailed
	}
	defer a.close()
	m := &mine{dir: dir}
	a.decider.Store = ballot{Store: a.store, mine: m}
	err = a.serve(ctx, serveOptions{worker: true, started: m.lay, announce: func(addr string) { fmt.Printf("ready on http://%s\n", addr) }})
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, err)
		return exitFailed
	}
	return exitOK
}

// lay puts the mine into the worker of this process.
func (m *mine) lay(w *worker) {
	recipe := w.runner.Recipe
	w.runner.Recipe = func(t fleet.Task) (job.Recipe, error) {
		r, err := recipe(t)
		if t.Kind == fleet.TaskMigrate || t.Kind == fleet.TaskRollback {
			r.Steps, r.Back = m.around(r.Steps), m.around(r.Back)
		}
		return r, err
	}
	w.runner.Store = minedStore{Store: w.runner.Store, mine: m}
}

func (m *mine) around(steps []job.Step) []job.Step {
	steps = slices.Clone(steps)
	for i, s := range steps {
		steps[i].Do = func(ctx context.Context, scope *job.Scope) error {
			m.pass(s.Name + " begun")
			err := s.Do(ctx, scope)
			m.pass(s.Name + " acted")
			m.acted.Store(&s.Name)
			return err
		}
	}
	return steps
}

// A minedStore passes the boundary after the commit that journals a step's end.
type minedStore struct {
	fleet.Store
	mine *mine
}

func (s minedStore) Update(ctx context.Context, f fleet.Family, rule func(fleet.Tx) error) error {
	step := s.mine.acted.Swap(nil)
	err := s.Store.Update(ctx, f, rule)
	if err == nil && step != nil {
		s.mine.pass(*step + " noted")
	}
	return err
}

// voteRecorded is the boundary between the record of a vote and everything that
// follows from it: the acknowledgement, the answer, the effects.
const voteRecorded = "vote recorded"

// A ballot passes that boundary after each commit of the Decider's.
type ballot struct {
	fleet.Store
	mine *mine
}

func (b ballot) Update(ctx context.Context, f fleet.Family, rule func(fleet.Tx) error) error {
	err := b.Store.Update(ctx, f, rule)
	if err == nil {
		b.mine.pass(voteRecorded)
	}
	return err
}

// pass notes that the program came to a boundary, and kills it there if the test
// armed it.
func (m *mine) pass(boundary string) {
	f, err := os.OpenFile(m.path("passed"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(f, boundary)
		err = errors.Join(err, f.Close())
	}
	armed, wrong := os.ReadFile(m.path("armed"))
	if errors.Is(wrong, fs.ErrNotExist) {
		wrong = nil
	}
	if err := errors.Join(err, wrong); err != nil {
		panic(err) // the test would show nothing
	}
	if ballast, at, fills := strings.Cut(string(armed), "\n"); fills && at == boundary && os.Remove(m.path("armed")) == nil {
		brim(ballast)
		return
	}
	if string(armed) == boundary && os.Remove(m.path("armed")) == nil {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

func (m *mine) path(name string) string { return filepath.Join(m.dir, name) }

// arm makes the program die at a boundary.
func (m *mine) arm(w *town, boundary string) {
	w.Helper()
	must(w.T, os.WriteFile(m.path("armed"), []byte(boundary), 0o600))
}

// full makes the disk full of a file when the program comes to a boundary; it
// goes on then.
func (m *mine) full(w *town, boundary, ballast string) {
	w.Helper()
	must(w.T, os.WriteFile(m.path("armed"), []byte(ballast+"\n"+boundary), 0o600))
}

// brim leaves no room on a disk.
func brim(path string) {
	f, err := os.Create(path)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	for _, piece := range []int{1 << 20, 1 << 12, 1} {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, piece))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			panic(err)
		}
	}
}

// boundaries are those that were passed since they were asked for last.
func (m *mine) boundaries(w *town) []string {
	w.Helper()
	text, err := os.ReadFile(m.path("passed"))
	must(w.T, err)
	must(w.T, os.Remove(m.path("passed")))
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}
