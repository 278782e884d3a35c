package database

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

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
	f, err := os.Open(partial) // its mode may forbid us to write
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
