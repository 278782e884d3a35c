package queue

import (
	"context"
	"sync"
)

// A gate admits so many tasks at once, one more if it is urgent, and urgent
// ones before others that wait.
type gate struct {
	mu      sync.Mutex
	room    int // for any task
	inside  int
	urgent  int           // urgent ones that wait
	changed chan struct{} // closed and replaced at each change
}

func newGate(room int) *gate {
	if room == 0 {
		room = 4
	}
	return &gate{room: room, changed: make(chan struct{})}
}

// enter waits for room; false if ctx ended first.
func (g *gate) enter(ctx context.Context, urgent bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if urgent {
		g.urgent++
		defer func() { g.urgent--; g.tell() }()
	}
	for ctx.Err() == nil {
		if urgent && g.inside <= g.room || !urgent && g.inside < g.room && g.urgent == 0 {
			g.inside++
			return true
		}
		changed := g.changed
		g.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		g.mu.Lock()
	}
	return false
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	g.tell()
}

// tell wakes all that wait.
func (g *gate) tell() {
	close(g.changed)
	g.changed = make(chan struct{})
}
