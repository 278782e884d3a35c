package store

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// A migration brings the data from one schema to the next. It is repeated when
// it was interrupted, so what it has done already must not matter. Without act
// it only counts what it would change.
type migration struct {
	to   int
	what string // what it does, for people
	run  func(ctx context.Context, s *Store, act bool) (rows int, err error)
}

// migrations lists them all, in order; each raises the schema by one. To add
// one: its line, and Schema.
func migrations() []migration {
	return []migration{
		{to: 2, what: "sign the records that schema 1 kept without a signature: sites, watch cursors, announcements, facts, messages, schedules", run: signAll},
	}
}

// A MigrationStep is what one migration does, or would do.
type MigrationStep struct {
	To   int
	What string
	Rows int // that it changes
}

// Migrate brings older data to this program's schema; without act it only tells
// what it would do, each step to tell. Every other process of ours is fenced off
// first (RaiseEpoch) and has to be started again, in this version. A migration
// takes the data as it is: make sure before that nobody else could write it.
func (s *Store) Migrate(ctx context.Context, act bool, tell func(MigrationStep)) error {
	if act && s.schema < Schema {
		if _, err := s.RaiseEpoch(ctx); err != nil {
			return err
		}
	}
	for _, m := range migrations() {
		if m.to <= s.schema {
			continue
		}
		n, err := m.run(ctx, s, act)
		if err != nil {
			return fmt.Errorf("migration to schema %d: %w", m.to, err)
		}
		tell(MigrationStep{m.to, m.what, n})
		if !act {
			continue
		}
		if err := s.client.HSet(ctx, s.keys.meta(), "schema", m.to).Err(); err != nil {
			return away("raise the schema", err)
		}
		s.schema = m.to
	}
	return nil
}

// signAll signs rows that have no signature. One that has a wrong one stays as
// it is: it was refused before and is refused after.
func signAll(ctx context.Context, s *Store, act bool) (int, error) {
	total := 0
	err := s.walkRows(ctx, func(rows []rawRow) error {
		bare := rows[:0:0]
		for _, r := range rows {
			if r.record != nil && r.fields[fieldMAC] == "" && r.fields[fieldShortMAC] == "" && !s.soundRow(r.record, r.key, r.fields) {
				bare = append(bare, r)
			}
		}
		if !act {
			total += len(bare)
			return nil
		}
		n, err := s.rewrite(ctx, bare, s.resigned)
		total += n
		return err
	})
	return total, err
}

// resigned gives a row's fields, signed with the present key.
func (s *Store) resigned(r rawRow) ([]string, error) {
	delete(r.fields, fieldMAC)
	delete(r.fields, fieldShortMAC)
	row := make([]string, 0, 2*len(r.fields)+2)
	for f, v := range r.fields {
		row = append(row, f, v)
	}
	return s.signed(r.record, r.key, row), nil
}

// Resigned counts what signing anew did.
type Resigned struct {
	Rows, Effects int         // signed with the present key
	Bad           []fleet.Key // refused: their signatures are of no key given
}
