package database

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Dump implements Archiver: the archive holds a clone of the file.
func (s SQLite) Dump(ctx context.Context, path, file string, o Options) (Archive, error) {
	a := Archive{Engine: "sqlite", Source: path}
	fail := func(err error) (Archive, error) {
		return Archive{}, fmt.Errorf("dump database %s: %w", path, cause(ctx, err))
	}
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
			report.Bytes, err = io.Copy(out, r)
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
		return Report{}, fmt.Errorf("restore database %s: %w", to, cause(ctx, err))
	}
	report.Took = time.Since(begin)
	return report, nil
}
