package storm

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
	"syscall"
	"time"

	"github.com/distrobot/distrobot/internal/run"
)

// A Worker is a process that works for a machine.
type Worker struct {
	proc  *os.Process // names the process for ever, also when its pid is used again
	ready chan struct{}
	ended chan struct{}
	err   error // after ended: how
}

// Start starts this program again as a worker.
func (set Settings) Start() (*Worker, error) {
	text, err := json.Marshal(set)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	w := &Worker{ready: make(chan struct{}), ended: make(chan struct{})}
	begun := make(chan error, 1)
	say := sync.OnceFunc(func() { close(w.ready) })
	go func() {
		defer close(w.ended)
		_, w.err = run.Run(context.Background(), run.Command{
			Program: self, Env: run.Environ(workerEnv + "=" + string(text)),
			Lines: func(line string) {
				if line == ready {
					say()
				}
			},
			Started: func(pid int) {
				var err error
				w.proc, err = os.FindProcess(pid)
				begun <- err
			},
		})
		begun <- w.err // if it was never started
	}()
	if err := <-begun; err != nil {
		return nil, fmt.Errorf("start a worker: %w", err)
	}
	return w, nil
}

// Await waits for a worker that works; an error if it ended first.
func (w *Worker) Await(ctx context.Context) error {
	select {
	case <-w.ready:
		return nil
	case <-w.ended:
		return fmt.Errorf("a worker ended before it was ready: %w", w.err)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Kill kills the worker with SIGKILL and waits until it is gone. false: it had
// ended before, killed by another worker.
func (w *Worker) Kill() bool {
	select {
	case <-w.ended:
		return false
	default:
	}
	err := w.proc.Kill()
	<-w.ended
	return err == nil
}

// Freeze stops the worker, as if its machine slept, and lets it go on.
func (w *Worker) Freeze() error { return w.signal(syscall.SIGSTOP) }

// Thaw ends Freeze.
func (w *Worker) Thaw() error { return w.signal(syscall.SIGCONT) }

// signal is for workers that may have ended.
func (w *Worker) signal(s os.Signal) error {
	if err := w.proc.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// End asks the worker to end and waits; an error if it did not end well.
func (w *Worker) End() error {
	if err := w.signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-w.ended:
		return w.err
	case <-time.After(time.Minute):
		w.Kill()
		return errors.New("a worker did not end when it was asked to")
	}
}

// A living is one process: its pid may be another's later.
type living struct {
	pid   int
	start string // since boot
}

// offspring lists the processes below one.
func (w *Worker) offspring() []living {
	parents := map[int]int{}
	starts := map[int]string{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		if pid, parent, start, ok := readStat(path); ok {
			parents[pid], starts[pid] = parent, start
		}
	}
	var out []living
	for pid := range parents {
		for up := parents[pid]; up > 1; up = parents[up] {
			if up == w.proc.Pid {
				out = append(out, living{pid, starts[pid]})
				break
			}
		}
	}
	return out
}

// alive reports whether a process still runs; one that only waits to be reaped
// does not.
func (l living) alive() bool {
	_, _, start, ok := readStat(fmt.Sprintf("/proc/%d/stat", l.pid))
	return ok && start == l.start
}

// readStat reads /proc/PID/stat; not of a process that has ended.
func readStat(path string) (pid, parent int, start string, ok bool) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, 0, "", false
	}
	head, rest, found := strings.Cut(string(b), ") ")
	number, _, _ := strings.Cut(head, " ")
	fields := strings.Fields(rest)
	if !found || len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return 0, 0, "", false
	}
	pid, err = strconv.Atoi(number)
	parent, err2 := strconv.Atoi(fields[1])
	return pid, parent, fields[19], err == nil && err2 == nil
}
