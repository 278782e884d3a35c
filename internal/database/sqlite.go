package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // registers the driver
)

// SQLite is the engine for database files. Names are absolute paths; those that
// it may make or drop are the ones below Dir. It is safe for concurrent use.
type SQLite struct {
	Dir string
	// Wait is how long another program may keep a database locked before we give
	// up; 0 means 10 seconds.
	Wait time.Duration
}

var _ Engine = SQLite{}

// side are the files that SQLite keeps beside a database.
var side = []string{"-wal", "-shm", "-journal"}

// ours refuses a path that is not below Dir, also by way of a link.
func (s SQLite) ours(path string) error {
	dir, err := filepath.EvalSymlinks(s.Dir)
	if err != nil {
		return fmt.Errorf("directory of our databases: %w", err)
	}
	parent, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return err
	}
	below, err := filepath.Rel(dir, parent)
	if s.Dir == "" || !filepath.IsAbs(path) || err != nil || !filepath.IsLocal(below) || strings.HasSuffix(path, PartialSuffix) {
		return fmt.Errorf("%q is not below %q: %w", path, s.Dir, ErrNotOurs)
	}
	return nil
}

// open opens path, waiting for writers. Nothing is created. It is opened for
// writing also where it is only read: a write-ahead log is read through its index
// file, and a transaction that was cut off by a crash is undone by who comes next.
//
// A database is opened in no other way while it may be in use. When a process
// closes any descriptor of a file, it loses all its locks on that file.
func (s SQLite) open(path string) *sql.DB {
	wait := s.Wait
	if wait == 0 {
		wait = 10 * time.Second
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"mode": {"rw"},
		"_pragma": {fmt.Sprintf("busy_timeout(%d)", wait.Milliseconds()), "foreign_keys(0)"}}.Encode()}
	collate()
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		panic(err) // the driver's name is a constant
	}
	db.SetMaxOpenConns(1)
	return db
}

// Size implements Observer. It counts the write-ahead log too.
func (s SQLite) Size(_ context.Context, path string) (int64, error) {
	if _, err := os.Lstat(path + PartialSuffix); err == nil {
		return 0, fmt.Errorf("database %s %w", path, ErrPartial)
	}
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return 0, fmt.Errorf("database %s: %w", path, ErrMissing)
	}
	if err != nil {
		return 0, err
	}
	size := info.Size()
	if wal, err := os.Stat(path + "-wal"); err == nil {
		size += wal.Size()
	}
	return size, nil
}

// Mark implements Observer.
func (s SQLite) Mark(ctx context.Context, path string, skip []string) (Mark, error) {
	if _, err := s.Size(ctx, path); err != nil {
		return Mark{}, err
	}
	db := s.open(path)
	defer db.Close()
	mark, err := sums(ctx, db, skip)
	if err != nil {
		return Mark{}, fmt.Errorf("mark database %s: %w", path, err)
	}
	return mark, nil
}
