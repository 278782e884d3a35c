package main

import (
	"context"
	"os"
	"strconv"
	"sync"
	"time"
)

// A pulse is when the loops that everything depends on last came round.
type pulse struct {
	mu   sync.Mutex
	last map[string]time.Time // by the loop's name; from its first beat on
}

// beat is called by a loop each time it comes round, whether it succeeded or
// not: a Redis that is away is no reason to be started again.
func (p *pulse) beat(loop string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil {
		p.last = map[string]time.Time{}
	}
	p.last[loop] = time.Now()
}

// alive reports whether no loop has been away for longer than limit.
func (p *pulse) alive(limit time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, at := range p.last {
		if time.Since(at) >= limit {
			return false
		}
	}
	return true
}

// watchdog tells a service manager with a watchdog (WatchdogSec=) that the
// process lives, for as long as its pulse is younger than the watchdog's time. A
// process that hangs falls silent, and is started again; its tasks are taken up
// as after any death.
func (p *pulse) watchdog(ctx context.Context) error {
	limit := watchdogTime(os.Getenv)
	if limit == 0 {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(limit / 4)
	defer tick.Stop()
	for {
		if p.alive(limit) {
			tellSystemd("WATCHDOG=1")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// watchdogTime is what the service manager waits for a word, by sd_watchdog_enabled(3); 0 if it
// does not watch this process.
func watchdogTime(getenv func(string) string) time.Duration {
	usec, err := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 64)
	if err != nil || usec <= 0 {
		return 0
	}
	if pid := getenv("WATCHDOG_PID"); pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0
	}
	return time.Duration(usec) * time.Microsecond
}
