package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"modernc.org/sqlite" // also registers the driver
)

// SQLite is the engine for database files. Names are absolute paths; those that
// it may make or drop are the ones below Dir. It is safe for concurrent use.
type SQLite struct {
	Dir string
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

// open opens path for reading, waiting for writers. Nothing is created.
func (s SQLite) open(path, mode string) *sql.DB {
	u := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{
		"mode": {mode}, "_pragma": {"busy_timeout(10000)", "foreign_keys(0)"}}.Encode()}
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

// Clone implements Cloner with SQLite's backup: a page by page copy as of one
// moment, the write-ahead log included. With a write-ahead log writers go on
// meanwhile, without one they wait; Options.Hot makes no difference.
func (s SQLite) Clone(ctx context.Context, from, to string, o Options) (Report, error) {
	begin := time.Now()
	var report Report
	err := s.make(ctx, to, func(partial string) error {
		size, err := s.Size(ctx, from)
		if err != nil {
			return err
		}
		report, err = s.copy(ctx, from, partial, o)
		report.Bytes = size
		return err
	})
	if err != nil {
		return Report{}, fmt.Errorf("clone database %s to %s: %w", from, to, err)
	}
	report.Took = time.Since(begin)
	return report, nil
}

// make has write fill a file whose name says that it is incomplete, and renames
// it to path when it is complete and on disk. A lock shows that we are at work;
// it goes with the process.
func (s SQLite) make(ctx context.Context, path string, write func(partial string) error) error {
	if err := s.ours(path); err != nil {
		return err
	}
	lock := flock.New(path + PartialSuffix)
	got, err := lock.TryLock()
	if err != nil {
		return err
	}
	if !got {
		return fmt.Errorf("%s %w", path, ErrBusy)
	}
	defer lock.Unlock()
	if _, err := os.Lstat(path); err == nil {
		return errors.Join(fmt.Errorf("%s %w", path, ErrExists), os.Remove(path+PartialSuffix))
	}
	partial := path + PartialSuffix + ".db"
	err = s.remove(partial)
	if err == nil {
		err = write(partial)
	}
	if err == nil {
		err = settle(partial, path)
	}
	return errors.Join(err, s.remove(partial), os.Remove(path+PartialSuffix))
}

// settle brings the file partial to disk and gives it its name.
func settle(partial, path string) error {
	f, err := os.OpenFile(partial, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	err = errors.Join(f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(partial, path)
	}
	if err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// remove deletes a database file and what stands beside it.
func (s SQLite) remove(path string) error {
	var failed error
	for _, suffix := range append([]string{""}, side...) {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// copy backs from up into the new file to and compares the two, all within one
// read transaction of from.
func (s SQLite) copy(ctx context.Context, from, to string, o Options) (Report, error) {
	source := s.open(from, "rw") // reading a write-ahead log needs its index file
	defer source.Close()
	conn, err := source.Conn(ctx)
	if err != nil {
		return Report{}, err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "BEGIN"); err != nil {
		return Report{}, err
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	want, err := sums(ctx, conn, nil) // also begins the transaction's view
	if err != nil {
		return Report{}, err
	}
	if err := conn.Raw(func(c any) error { return backup(ctx, c, to) }); err != nil {
		return Report{}, fmt.Errorf("backup: %w", err)
	}
	got, err := s.checked(ctx, to)
	if err != nil {
		return Report{}, err
	}
	if err := want.verify(got); err != nil {
		return Report{}, err
	}
	return s.empty(ctx, to, got, o)
}

// pages is how much is copied between two looks at the context, 4 MB as a rule.
const pages = 1000

func backup(ctx context.Context, conn any, to string) error {
	b, err := conn.(interface {
		NewBackup(string) (*sqlite.Backup, error)
	}).NewBackup((&url.URL{Scheme: "file", Path: to}).String())
	if err != nil {
		return err
	}
	for more := true; more && err == nil; {
		if err = context.Cause(ctx); err == nil {
			more, err = b.Step(pages)
		}
	}
	return errors.Join(err, b.Finish())
}

// checked returns the mark of the file path after SQLite has found it sound.
func (s SQLite) checked(ctx context.Context, path string) (Mark, error) {
	db := s.open(path, "rw")
	defer db.Close()
	var verdict string
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&verdict); err != nil {
		return Mark{}, fmt.Errorf("integrity check: %w", err)
	}
	if verdict != "ok" {
		return Mark{}, fmt.Errorf("integrity check: %s: %w", verdict, ErrMismatch)
	}
	return sums(ctx, db, nil)
}

// Drop implements Cloner.
func (s SQLite) Drop(_ context.Context, path string) error {
	if err := s.ours(path); err != nil {
		if _, missing := os.Lstat(filepath.Dir(path)); os.IsNotExist(missing) {
			return nil
		}
		return fmt.Errorf("drop database: %w", err)
	}
	lock := flock.New(path + PartialSuffix)
	got, err := lock.TryLock()
	if err != nil {
		return fmt.Errorf("drop database: %w", err)
	}
	if !got {
		return fmt.Errorf("drop database %s: %w", path, ErrBusy)
	}
	defer lock.Unlock()
	return errors.Join(s.remove(path), s.remove(path+PartialSuffix+".db"), os.Remove(path+PartialSuffix))
}

// Sweep removes the incomplete copies directly in and below Dir that no process
// works on.
func (s SQLite) Sweep(ctx context.Context) ([]string, error) {
	var swept []string
	var failed error
	err := filepath.WalkDir(s.Dir, func(path string, _ os.DirEntry, err error) error {
		name, partial := strings.CutSuffix(path, PartialSuffix)
		if err != nil || !partial {
			return err
		}
		switch err := s.Drop(ctx, name); {
		case err == nil:
			swept = append(swept, name)
		case !errors.Is(err, ErrBusy):
			failed = errors.Join(failed, err)
		}
		return nil
	})
	return swept, errors.Join(err, failed)
}

// Mark implements Observer.
func (s SQLite) Mark(ctx context.Context, path string, skip []string) (Mark, error) {
	if _, err := s.Size(ctx, path); err != nil {
		return Mark{}, err
	}
	db := s.open(path, "rw")
	defer db.Close()
	mark, err := sums(ctx, db, skip)
	if err != nil {
		return Mark{}, fmt.Errorf("mark database %s: %w", path, err)
	}
	return mark, nil
}

// Dump implements Archiver: the archive holds a clone of the file.
func (s SQLite) Dump(ctx context.Context, path, file string, o Options) (Archive, error) {
	a := Archive{Engine: "sqlite", Source: path}
	fail := func(err error) (Archive, error) { return Archive{}, fmt.Errorf("dump database %s: %w", path, err) }
	if _, err := s.Size(ctx, path); err != nil {
		return fail(err)
	}
	dir, err := os.MkdirTemp(filepath.Dir(file), ".dump-*")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(dir)
	clone := filepath.Join(dir, "db")
	if _, err := s.copy(ctx, path, clone, o); err != nil {
		return fail(err)
	}
	if a.Mark, err = s.Mark(ctx, clone, nil); err != nil {
		return fail(err)
	}
	err = writeArchive(file, &a, func(w io.Writer) error {
		in, err := os.Open(clone)
		if err != nil {
			return err
		}
		defer in.Close()
		_, err = io.Copy(w, in)
		return err
	})
	if err != nil {
		return fail(err)
	}
	return a, nil
}

// Restore implements Archiver.
func (s SQLite) Restore(ctx context.Context, file, to string, _ Options) (Report, error) {
	begin := time.Now()
	report := Report{Verified: ByChecksum}
	err := s.make(ctx, to, func(partial string) error {
		return readArchive(file, "sqlite", func(a Archive, r io.Reader) error {
			out, err := os.OpenFile(partial, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if err != nil {
				return err
			}
			_, err = io.Copy(out, r)
			if err = errors.Join(err, out.Close()); err != nil {
				return err
			}
			got, err := s.checked(ctx, partial)
			if err != nil {
				return err
			}
			report.count(got)
			return a.Mark.verify(got)
		})
	})
	if err != nil {
		return Report{}, fmt.Errorf("restore database %s: %w", to, err)
	}
	report.Took = time.Since(begin)
	return report, nil
}
