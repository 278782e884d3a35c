package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// A stage is a group of loops that end together. Stages are listed in the
// order in which they end: what takes in work first, what keeps state last.
type stage struct {
	name  string
	grace time.Duration // how long its loops may take to end
	loops map[string]func(ctx context.Context) error
}

// runStages runs all loops until ctx ends or one of them fails, then ends the
// stages one after the other. The first failure is returned; a loop that ends
// because it was asked to is none.
func runStages(ctx context.Context, log *slog.Logger, stages []stage) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	base := context.WithoutCancel(ctx)
	var running []*runningStage
	for i := len(stages) - 1; i >= 0; i-- { // state first, intake last
		running = append([]*runningStage{startStage(base, log, stages[i], fail)}, running...)
	}
	<-ctx.Done()
	for _, r := range running {
		r.end(log)
	}
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

type runningStage struct {
	stage
	cancel context.CancelFunc
	loops  sync.WaitGroup
}

func startStage(base context.Context, log *slog.Logger, s stage, fail context.CancelCauseFunc) *runningStage {
	ctx, cancel := context.WithCancel(base)
	r := &runningStage{stage: s, cancel: cancel}
	for name, loop := range s.loops {
		r.loops.Add(1)
		go func() {
			defer r.loops.Done()
			err := loop(ctx)
			if err == nil || ctx.Err() != nil {
				return
			}
			log.Error("a part of distrobot ended", "part", name, "err", err)
			fail(fmt.Errorf("%s: %w", name, err))
		}()
	}
	return r
}

// end asks the stage's loops to end and waits for them, within the grace.
func (r *runningStage) end(log *slog.Logger) {
	r.cancel()
	done := make(chan struct{})
	go func() { r.loops.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(r.grace):
		log.Warn("a part of distrobot did not end in time", "stage", r.name, "grace", r.grace)
	}
}

// every calls f at once and then each interval, or sooner when nudged, until
// ctx ends. A failure is logged once per run of failures: Redis may be away
// for a while, and that is no reason to end.
func every(ctx context.Context, log *slog.Logger, l loop) error {
	tick := time.NewTicker(l.interval)
	defer tick.Stop()
	failing := false
	for {
		if err := l.run(ctx); err != nil && ctx.Err() == nil {
			if !failing {
				log.Warn("loop failed, trying on", "loop", l.name, "err", err)
			}
			failing = true
		} else if failing {
			failing = false
			log.Info("loop works again", "loop", l.name)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-l.nudge:
		}
	}
}

// A loop is something done over and over.
type loop struct {
	name     string
	interval time.Duration
	nudge    <-chan struct{} // nil: only by the clock
	run      func(ctx context.Context) error
}
