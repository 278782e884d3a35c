package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/lamp"
)

// An eye looks at a site's front page all through an upgrade, as its visitors do.
type eye struct {
	mu     sync.Mutex
	counts map[string]int // "old", "held", "new", or what it should never be
	order  []string       // each change of what was seen
	first  time.Time      // of the hold
	last   time.Time      // of the last refusal seen
	stop   context.CancelFunc
	done   chan struct{}
}

// watch looks at host every few milliseconds until closed. old and then next are
// generator tags.
func (w *town) watch(host, old, next string) *eye {
	ctx, cancel := context.WithCancel(w.Context())
	e := &eye{counts: map[string]int{}, stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(e.done)
		for v := lamp.NewVisitor(w.web, host); ctx.Err() == nil; time.Sleep(10 * time.Millisecond) {
			asked := time.Now()
			p, err := v.Get(ctx, "/")
			if ctx.Err() != nil {
				return
			}
			seen := "held"
			switch {
			case err != nil:
				seen = err.Error()
			case p.Status == http.StatusOK && strings.Contains(p.Body, `content="`+old+`"`) && strings.Contains(p.Body, "</html>"):
				seen = "old"
			case p.Status == http.StatusOK && strings.Contains(p.Body, `content="`+next+`"`) && strings.Contains(p.Body, "</html>"):
				seen = "new"
			case p.Status != http.StatusServiceUnavailable:
				seen = fmt.Sprintf("status %d with %d bytes", p.Status, len(p.Body))
			}
			e.note(seen, asked)
		}
	}()
	w.Cleanup(func() { cancel(); <-e.done })
	return e
}

func (e *eye) note(seen string, asked time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.counts[seen]++
	if n := len(e.order); n == 0 || e.order[n-1] != seen {
		e.order = append(e.order, seen)
	}
	if seen == "held" {
		if e.first.IsZero() {
			e.first = asked
		}
		e.last = time.Now()
	}
}

// close ends the watch. want is what was seen, in order: "old held new". It
// returns how long visitors were refused.
func (e *eye) close(t *testing.T, want ...string) time.Duration {
	t.Helper()
	e.stop()
	<-e.done
	got := strings.Join(e.order, " ")
	ok := false
	for _, w := range want {
		ok = ok || got == w
	}
	if !ok {
		t.Errorf("visitors saw %q (%v), want %q", got, e.counts, want)
	}
	return e.last.Sub(e.first)
}
