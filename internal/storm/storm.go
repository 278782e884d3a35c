package storm

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// A Storm is what happens to the workers of a machine.
type Storm struct {
	Workers int // at once
	Kills   int // with SIGKILL, at least
	// Refusals are how many acts of writers that had lost their task must be
	// refused by the machine, and by the journal, before the storm ends.
	Refusals int
	Life     time.Duration // of a worker, on average
	Frozen   int           // how many workers of a hundred are frozen in their lives
	Seed     uint64
}

// A Tally is what happened.
type Tally struct {
	Kills    int // with SIGKILL, by the storm
	Freezes  int
	Ended    int // of the frozen: by the worker that took their task, because they held a site
	Rude     int // workers that took over what others were working on, without waiting for a lease
	Children int // processes of killed workers, none of which lived on
	Moves    int // of sites, each of which was made once
	Repeated int // updates that were begun and are not in the data, since their worker died
	Refused  map[string]int
}

// weather is a storm under way.
type weather struct {
	Storm
	m *Machine

	mu    sync.Mutex
	tally Tally
	over  bool
}

// Blow has the storm rage until it has killed enough, lets the weather clear, and
// waits until all that was ordered is done.
func (m *Machine) Blow(ctx context.Context, s Storm) (Tally, error) {
	w := &weather{Storm: s, m: m}
	g, ctx := errgroup.WithContext(ctx)
	for i := range s.Workers {
		random := rand.New(rand.NewPCG(s.Seed, uint64(i)))
		g.Go(func() error { return w.slot(ctx, random) })
	}
	g.Go(func() error { return w.order(ctx) })
	err := g.Wait()
	for _, s := range m.sites {
		w.tally.Moves += len(s.ordered)
	}
	w.tally.Refused = (&notebook{path: m.notes()}).count()
	return w.tally, err
}

// enough reports whether the storm may end.
func (w *weather) enough() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.tally.Kills < w.Kills {
		return false
	}
	refused := (&notebook{path: w.m.notes()}).count()
	return refused[byMachine] >= w.Refusals && refused[byJournal] >= w.Refusals
}

// tooMany times the wanted kills are enough to see that writers which have lost
// their tasks are not refused, or that there are none.
const tooMany = 50

func (w *weather) hopeless() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tally.Kills > tooMany*w.Kills
}

// calm is how long the last orders may take when nobody is killed any more.
const calm = 2 * time.Minute

// order keeps a move open for every site while the storm lasts.
func (w *weather) order(ctx context.Context) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var deadline time.Time
	for {
		open, err := w.m.settle(ctx)
		if err != nil {
			return err
		}
		switch stormy := !w.enough(); {
		case stormy && w.hopeless():
			return fmt.Errorf("%d kills, and still fewer than %d refusals of each sort: the storm shows nothing", w.Kills*tooMany, w.Refusals)
		case stormy:
			for _, s := range w.m.sites {
				if s.open {
					continue
				}
				if err := w.m.order(ctx, s); err != nil {
					return err
				}
			}
		case open == 0:
			w.end()
			return nil
		case deadline.IsZero():
			deadline = time.Now().Add(calm)
		case time.Now().After(deadline):
			return fmt.Errorf("%d moves are not over %s after the storm:\n%s", open, calm, w.m.openStories(ctx))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (w *weather) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
}

func (w *weather) isOver() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.over
}

// count changes the tally.
func (w *weather) count(change func(*Tally)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&w.tally)
}

// How often, in a hundred lives, a worker is killed while it starts, and takes over
// what others are working on.
const (
	early = 5
	rude  = 5
)

// slot is the place of one worker: it is started, dies, and is started again.
func (w *weather) slot(ctx context.Context, random *rand.Rand) error {
	for !w.isOver() && ctx.Err() == nil {
		set := w.m.Settings
		if set.Alone = random.IntN(100) < rude; set.Alone {
			w.count(func(t *Tally) { t.Rude++ })
		}
		p, err := set.Start()
		if err != nil {
			return err
		}
		err = w.live(ctx, p, random)
		if p.Kill(); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// live is the life of one worker.
func (w *weather) live(ctx context.Context, p *Worker, random *rand.Rand) error {
	if random.IntN(100) >= early {
		if err := p.Await(ctx); err != nil {
			return err
		}
	}
	if random.IntN(100) < w.Frozen {
		w.pass(ctx, p, w.span(random))
		if err := w.freeze(ctx, p, random); err != nil {
			return err
		}
	}
	w.pass(ctx, p, w.span(random))
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if w.enough() {
		return w.mild(ctx, p)
	}
	return w.kill(ctx, p)
}

func (w *weather) span(random *rand.Rand) time.Duration {
	return time.Duration(random.Int64N(int64(2 * w.Life)))
}

// pass waits, while the worker lives.
func (w *weather) pass(ctx context.Context, p *Worker, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.ended:
	case <-ctx.Done():
	}
}

// freeze stops a worker for longer than its lease.
func (w *weather) freeze(ctx context.Context, p *Worker, random *rand.Rand) error {
	if err := p.Freeze(); err != nil {
		return err
	}
	w.pass(ctx, p, 2*w.m.Lease+2*w.m.Sweep+time.Duration(random.Int64N(int64(w.m.Lease))))
	if err := p.Thaw(); err != nil {
		return err
	}
	w.count(func(t *Tally) { t.Freezes++ })
	return nil
}

// gone is how long what a killed worker had started may need to end.
const gone = 30 * time.Second

// kill kills a worker and waits until nothing of it is left.
func (w *weather) kill(ctx context.Context, p *Worker) error {
	below := p.offspring()
	if !p.Kill() {
		if !strings.Contains(fmt.Sprint(p.err), "killed") {
			return fmt.Errorf("a worker ended by itself: %w", p.err)
		}
		w.count(func(t *Tally) { t.Ended++ })
		return nil
	}
	w.count(func(t *Tally) { t.Kills++; t.Children += len(below) })
	deadline := time.Now().Add(gone)
	for _, c := range below {
		for c.alive() {
			if time.Now().After(deadline) {
				return fmt.Errorf("process %d outlived the worker that had started it", c.pid)
			}
			time.Sleep(time.Millisecond)
		}
	}
	return ctx.Err()
}

// mild is the life of a worker after the storm: it works until all is done, and
// ends as it is told.
func (w *weather) mild(ctx context.Context, p *Worker) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !w.isOver() {
		select {
		case <-tick.C:
		case <-p.ended:
			return nil // another had to end it; the slot starts the next
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return p.End()
}

// String is the tally in one line.
func (t Tally) String() string {
	return fmt.Sprintf("%d kills, %d freezes past the lease (%d ended by the worker that took over), %d take-overs without a lease; "+
		"%d children of killed workers ended; %d moves; stale writers refused by the machine %d, by the journal %d, by the site's row %d times",
		t.Kills, t.Freezes, t.Ended, t.Rude, t.Children, t.Moves, t.Refused[byMachine], t.Refused[byJournal], t.Refused[byRow])
}
