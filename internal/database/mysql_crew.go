package database

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"
)

// A tableFunc works on one table over a connection that nobody else uses.
type tableFunc func(context.Context, *session, *table) error

// A crew is the connections that work on one thing together.
type crew struct {
	m *MySQL

	mu  sync.Mutex
	ids []int64
}

func (w *crew) connections() []int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ids
}

// session opens a connection that is killed when a parallel job fails.
func (w *crew) session(ctx context.Context) (*session, error) {
	s, err := w.m.session(ctx)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ids = append(w.ids, s.id)
	return s, nil
}

// parallel calls do for each table, in order, on n connections. The first error
// ends the statements that run on the others.
func (w *crew) parallel(ctx context.Context, n int, list []*table, do tableFunc) error {
	if n <= 0 {
		n = 2
	}
	queue := make(chan *table, len(list))
	for _, t := range list {
		queue <- t
	}
	close(queue)
	ctx, fail := context.WithCancel(ctx)
	defer fail()
	stop := context.AfterFunc(ctx, func() {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanup)
		defer cancel()
		w.m.kill(clean, w.connections()...)
	})
	defer stop() // before fail: after success there is nothing to kill
	var group errgroup.Group
	for range min(n, len(list)) {
		group.Go(func() error {
			err := w.each(ctx, queue, do)
			if err != nil {
				fail()
			}
			return err
		})
	}
	return group.Wait()
}

// each calls do for tables of queue on one connection until there is none left.
func (w *crew) each(ctx context.Context, queue <-chan *table, do tableFunc) error {
	s, err := w.session(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	for t := range queue {
		if err := do(ctx, s, t); err != nil {
			return err
		}
	}
	return nil
}
