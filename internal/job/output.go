package job

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// Bounds of a task's output on its way to the log.
const (
	maxWaiting = 2000 // lines that wait for the storage; beyond, the oldest go
	maxText    = 2000 // characters of one line
	flushEvery = 250 * time.Millisecond
	flushTime  = 3 * time.Second
)

// output collects the lines of a task and writes them in batches, so that a
// chatty step does not wait for the storage at each line. It never blocks and
// never fails a step.
type output struct {
	logs fleet.Logs
	ref  fleet.TaskRef
	log  *slog.Logger

	mu      sync.Mutex
	lines   []fleet.LogLine
	dropped int
	wake    chan struct{}
	quit    chan struct{}
	done    chan struct{}
	grown   atomic.Bool // lines were written since this was reset
}

func newOutput(logs fleet.Logs, ref fleet.TaskRef, log *slog.Logger) *output {
	o := &output{logs: logs, ref: ref, log: log,
		wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
	go o.run()
	return o
}

// logger gives Scope.Log for a step.
func (o *output) logger(step string) func(format string, args ...any) {
	return func(format string, args ...any) {
		now := time.Now().UTC()
		for line := range strings.Lines(fmt.Sprintf(format, args...)) {
			if text := fleet.Clean(line, maxText); text != "" {
				o.add(fleet.LogLine{At: now, Step: step, Text: text})
			}
		}
	}
}

func (o *output) add(l fleet.LogLine) {
	o.mu.Lock()
	o.lines = append(o.lines, l)
	if over := len(o.lines) - maxWaiting; over > 0 {
		o.lines, o.dropped = o.lines[over:], o.dropped+over
	}
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

func (o *output) run() {
	defer close(o.done)
	for {
		select {
		case <-o.wake:
			o.flush()
		case <-o.quit:
			o.flush()
			return
		}
		timer := time.NewTimer(flushEvery)
		select {
		case <-timer.C:
		case <-o.quit:
			timer.Stop()
		}
	}
}

// flush writes what waits. Lines that could not be written are lost, which the
// operator's log says; a task does not fail for its output.
func (o *output) flush() {
	o.mu.Lock()
	lines, dropped := o.lines, o.dropped
	o.lines, o.dropped = nil, 0
	o.mu.Unlock()
	if dropped > 0 {
		lines = append([]fleet.LogLine{{At: lines[0].At, Text: fmt.Sprintf("(%d lines were left out here)", dropped)}}, lines...)
	}
	if len(lines) == 0 || o.logs == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	if err := o.logs.Append(ctx, o.ref.ID, o.ref.Host, lines...); err != nil {
		o.log.Warn("output was lost", slog.Int("lines", len(lines)), slog.Any("error", err))
		return
	}
	o.grown.Store(true)
}

// close writes the rest.
func (o *output) close() {
	close(o.quit)
	<-o.done
}
