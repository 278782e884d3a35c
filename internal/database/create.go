package database

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A Creator makes empty databases and tells which there are.
type Creator interface {
	// Create makes an empty database of ours. One that is there already and empty
	// is no error, so an interrupted attempt may be repeated; one that holds
	// something is ErrExists, an incomplete copy under that name is removed first.
	Create(ctx context.Context, name string) error
	// Databases returns the names, sorted, of the complete databases of ours that
	// begin with prefix, which must itself begin as names of ours do. Incomplete
	// copies are not listed; see Sweeper.
	Databases(ctx context.Context, prefix string) ([]string, error)
}

// emptyDefaults are those of a new database. The collation is the same on every
// server, unlike the default of utf8mb4, so that a dump may move.
const emptyCharset, emptyCollation = "utf8mb4", "utf8mb4_unicode_ci"

// Create implements Creator. The database's character set is utf8mb4.
func (m *MySQL) Create(ctx context.Context, name string) error {
	fail := func(err error) error { return fmt.Errorf("create database %s: %w", name, err) }
	if err := checkOurs(m.cfg.Prefix, name); err != nil {
		return fail(err)
	}
	lock, err := m.lock(ctx, name)
	if err != nil {
		return fail(err)
	}
	defer lock.release(ctx)
	switch err := m.complete(ctx, name); {
	case err == nil:
		err = lock.checkEmpty(ctx, name)
		if err != nil {
			return fail(err)
		}
		return nil
	case errors.Is(err, ErrPartial):
		if err := m.dropBoth(ctx, name, false); err != nil {
			return fail(err)
		}
	case !errors.Is(err, ErrMissing):
		return fail(err)
	}
	if err := (&clone{MySQL: m, to: name}).createDatabase(ctx, emptyCharset, emptyCollation); err != nil {
		return fail(err)
	}
	return nil
}

// checkEmpty fails with ErrExists if there is any table or program in database.
func (s *session) checkEmpty(ctx context.Context, database string) error {
	names, err := s.names(ctx, database)
	if err == nil && len(names) > 0 {
		err = fmt.Errorf("it %w and holds %d tables or routines", ErrExists, len(names))
	}
	return err
}

// Databases implements Creator.
func (m *MySQL) Databases(ctx context.Context, prefix string) ([]string, error) {
	if len(m.cfg.Prefix) < 2 || !strings.HasPrefix(prefix, m.cfg.Prefix) {
		return nil, fmt.Errorf("list databases %s*: %w", prefix, ErrNotOurs)
	}
	s, err := m.session(ctx)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	names, err := s.strings(ctx, `SELECT SCHEMA_NAME FROM information_schema.SCHEMATA AS s
		WHERE LEFT(SCHEMA_NAME, ?) = ? AND RIGHT(SCHEMA_NAME, ?) <> ? AND NOT EXISTS
		(SELECT 1 FROM information_schema.SCHEMATA AS p WHERE p.SCHEMA_NAME = CONCAT(s.SCHEMA_NAME, ?)) ORDER BY 1`,
		len(prefix), prefix, len(PartialSuffix), PartialSuffix, PartialSuffix)
	if err != nil {
		return nil, fmt.Errorf("list databases %s*: %w", prefix, err)
	}
	return names, nil
}

// Create implements Creator: an empty file is an empty database.
func (s SQLite) Create(ctx context.Context, path string) error {
	fail := func(err error) error { return fmt.Errorf("create database %s: %w", path, err) }
	err := s.make(ctx, path, func(partial string) error { return os.WriteFile(partial, nil, 0o600) })
	if !errors.Is(err, ErrExists) {
		if err != nil {
			return fail(err)
		}
		return nil
	}
	rows, err := s.Query(ctx, path, "SELECT name FROM sqlite_master LIMIT 1")
	if err == nil && len(rows) > 0 {
		err = fmt.Errorf("it %w and has tables", ErrExists)
	}
	if err != nil {
		return fail(err)
	}
	return nil
}

// Databases implements Creator. A file is a database if SQLite says so; of an
// empty one it cannot.
func (s SQLite) Databases(ctx context.Context, prefix string) ([]string, error) {
	fail := func(err error) ([]string, error) {
		return nil, fmt.Errorf("list databases %s*: %w", prefix, err)
	}
	below, err := filepath.Rel(s.Dir, prefix)
	if err != nil || s.Dir == "" || !filepath.IsLocal(below) {
		return fail(ErrNotOurs)
	}
	top := filepath.Dir(prefix)
	if below == "." {
		top = prefix
	}
	var names []string
	err = filepath.WalkDir(top, func(path string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case e.IsDir() && !strings.HasPrefix(path, prefix) && !strings.HasPrefix(prefix, path):
			return fs.SkipDir
		case !e.Type().IsRegular() || !strings.HasPrefix(path, prefix) || strings.HasSuffix(path, PartialSuffix+".db"):
			return nil
		}
		if s.is(ctx, path, e) {
			names = append(names, path)
		}
		return nil
	})
	if err != nil {
		return fail(err)
	}
	return names, nil
}

// is reports whether SQLite takes path, a regular file, for a database of its.
// It asks only about sizes that a database can have.
func (s SQLite) is(ctx context.Context, path string, e fs.DirEntry) bool {
	const page = 512 // the smallest there is
	info, err := e.Info()
	if err != nil || info.Size() == 0 || info.Size()%page != 0 {
		return false
	}
	db := s.open(path)
	defer db.Close()
	var version int
	return db.QueryRowContext(ctx, "PRAGMA schema_version").Scan(&version) == nil
}
