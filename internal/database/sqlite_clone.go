package database

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"syscall"
	"time"

	"modernc.org/sqlite"
)

// Clone implements Cloner with SQLite's backup: a page by page copy as of one
// moment, the write-ahead log included. With a write-ahead log writers go on
// meanwhile, without one they wait; Options.Hot makes no difference. The copy
// has the mode of its source and, if we are root, its owner.
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
		if err != nil {
			return err
		}
		return sameAccess(from, partial)
	})
	if err != nil {
		return Report{}, fmt.Errorf("clone database %s to %s: %w", from, to, cause(ctx, err))
	}
	report.Took = time.Since(begin)
	return report, nil
}

// sameAccess lets those use the file path who may use like.
func sameAccess(like, path string) error {
	info, err := os.Stat(like)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	err = f.Chmod(info.Mode().Perm())
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && os.Geteuid() == 0 {
		err = errors.Join(err, f.Chown(int(owner.Uid), int(owner.Gid)))
	}
	return errors.Join(err, f.Close())
}

// copy backs from up into the new file to and compares the two, all within one
// read transaction of from.
func (s SQLite) copy(ctx context.Context, from, to string, o Options) (Report, error) {
	source := s.open(from)
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
	db := s.open(path)
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
