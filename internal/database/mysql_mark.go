package database

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Mark implements Observer.
func (m *MySQL) Mark(ctx context.Context, name string, skip []string) (Mark, error) {
	s, err := m.session(ctx)
	if err != nil {
		return Mark{}, err
	}
	defer s.Close()
	list, err := s.tables(ctx, name)
	if err != nil {
		return Mark{}, err
	}
	var chosen []*table
	for _, t := range list {
		matched, err := matchAny(skip, t.name)
		if err != nil {
			return Mark{}, err
		}
		if !matched && t.kind != "SEQUENCE" {
			chosen = append(chosen, t)
		}
	}
	mark, err := m.mark(ctx, name, chosen)
	if err != nil {
		return Mark{}, fmt.Errorf("mark database %s: %w", name, err)
	}
	return mark, nil
}

// mark counts and sums up the tables in list.
func (m *MySQL) mark(ctx context.Context, name string, list []*table) (Mark, error) {
	mark := Mark{At: time.Now().UTC(), Tables: map[string]Sum{}}
	var mu sync.Mutex
	team := &crew{m: m}
	err := team.parallel(ctx, 0, list, func(ctx context.Context, s *session, t *table) error {
		sum, err := s.sum(ctx, name, t.name)
		mu.Lock()
		defer mu.Unlock()
		mark.Tables[t.name] = sum
		return err
	})
	return mark, err
}

// sum counts and sums up one table.
func (s *session) sum(ctx context.Context, database, name string) (sum Sum, err error) {
	if sum.Rows, err = s.count(ctx, database, name); err == nil {
		sum.Hash, err = s.checksum(ctx, database, name)
	}
	if err != nil {
		return sum, fmt.Errorf("table %s: %w", name, err)
	}
	return sum, nil
}
