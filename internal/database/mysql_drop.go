package database

import (
	"context"
	"errors"
	"fmt"
)

// Size implements Observer.
func (m *MySQL) Size(ctx context.Context, name string) (bytes int64, err error) {
	if err := m.complete(ctx, name); err != nil {
		return 0, err
	}
	err = m.db.QueryRowContext(ctx, "SELECT COALESCE(SUM(DATA_LENGTH+INDEX_LENGTH), 0) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?",
		name).Scan(&bytes)
	if err != nil {
		return 0, fmt.Errorf("size of database %s: %w", name, err)
	}
	return bytes, nil
}

// complete fails with ErrMissing or ErrPartial unless there is a database name
// and it is not an incomplete copy. Unlike Size it opens no table.
func (m *MySQL) complete(ctx context.Context, name string) error {
	var there, partial bool
	err := m.db.QueryRowContext(ctx, `SELECT
		EXISTS (SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?),
		EXISTS (SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?)`,
		name, sign(name)).Scan(&there, &partial)
	switch {
	case err != nil:
		return fmt.Errorf("look for database %s: %w", name, err)
	case partial:
		return fmt.Errorf("database %s %w", name, ErrPartial)
	case !there:
		return fmt.Errorf("database %s: %w", name, ErrMissing)
	}
	return nil
}

// Drop implements Cloner.
func (m *MySQL) Drop(ctx context.Context, name string) error {
	fail := func(err error) error { return fmt.Errorf("drop database %s: %w", name, err) }
	if err := checkOurs(m.cfg.Prefix, name); err != nil {
		return fail(err)
	}
	if err := m.complete(ctx, name); errors.Is(err, ErrMissing) {
		return nil
	}
	lock, err := m.lock(ctx, name)
	if err != nil {
		return fail(err)
	}
	defer lock.release(ctx)
	if err := m.dropBoth(ctx, name, false); err != nil {
		return fail(err)
	}
	return nil
}

// dropBoth drops the database name under its sign, so that half of it is never
// taken for the whole, and then the sign unless it is to be kept. Connections
// that still write to an incomplete copy are remnants of a dead process; they are
// killed first, or DROP would wait for them.
func (m *MySQL) dropBoth(ctx context.Context, name string, keepSign bool) error {
	s, err := m.session(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := m.complete(ctx, name); errors.Is(err, ErrPartial) {
		ids, err := s.users(ctx, name)
		if err != nil {
			return err
		}
		m.kill(ctx, ids...)
	}
	list := []string{
		"CREATE DATABASE IF NOT EXISTS " + quote(sign(name)),
		"DROP DATABASE IF EXISTS " + quote(name),
	}
	if !keepSign {
		list = append(list, "DROP DATABASE IF EXISTS "+quote(sign(name)))
	}
	return s.exec(ctx, list...)
}

// users returns the connections whose current database is name.
func (s *session) users(ctx context.Context, name string) ([]int64, error) {
	rows, err := s.QueryContext(ctx, "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = ?", name)
	if err != nil {
		return nil, fmt.Errorf("list connections: %w", err)
	}
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("list connections: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// Sweep implements Sweeper. It finds the signs of incomplete copies, and by the
// server's locks those that nobody works on.
func (m *MySQL) Sweep(ctx context.Context) ([]string, error) {
	s, err := m.session(ctx)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	names, err := s.signs(ctx, m.cfg.Prefix)
	if err != nil {
		return nil, err
	}
	var swept []string
	var failed error
	for _, name := range names {
		if checkOurs(m.cfg.Prefix, name) != nil {
			continue
		}
		err := m.Drop(ctx, name)
		switch {
		case err == nil:
			swept = append(swept, name)
		case !errors.Is(err, ErrBusy):
			failed = errors.Join(failed, err)
		}
	}
	return swept, failed
}

// signs returns the names of the incomplete copies that begin with prefix.
func (s *session) signs(ctx context.Context, prefix string) ([]string, error) {
	names, err := s.strings(ctx, `SELECT LEFT(SCHEMA_NAME, CHAR_LENGTH(SCHEMA_NAME) - ?) FROM information_schema.SCHEMATA
		WHERE LEFT(SCHEMA_NAME, ?) = ? AND RIGHT(SCHEMA_NAME, ?) = ?`,
		len(PartialSuffix), len(prefix), prefix, len(PartialSuffix), PartialSuffix)
	if err != nil {
		return nil, fmt.Errorf("list incomplete copies: %w", err)
	}
	return names, nil
}
