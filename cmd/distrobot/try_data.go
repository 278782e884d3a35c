package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// trialMark is a file that tells a trial's directory, which may be emptied,
// from anybody's data.
const trialMark = ".distrobot-try"

// trialDir is where a trial of this user keeps its data when not told
// otherwise, so that `do` finds the running one.
func trialDir() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("distrobot-try-%d", os.Getuid()))
}

// directory chooses and empties the trial's data directory and says how to
// clean up.
func (c tryCmd) directory(ctx context.Context, cfg *Config) (cleanup func(), err error) {
	if c.Data != "" {
		if cfg.Data, err = filepath.Abs(c.Data); err != nil {
			return nil, err
		}
		return func() {}, emptyTrial(ctx, cfg)
	}
	cfg.Data = trialDir()
	if err := emptyTrial(ctx, cfg); err != nil { // another trial runs, or the name is taken
		if cfg.Data, err = os.MkdirTemp("", "distrobot-try-"); err != nil {
			return nil, err
		}
		if err := emptyTrial(ctx, cfg); err != nil {
			return nil, err
		}
	}
	return func() { _ = removeTree(cfg.Data) }, nil
}

// emptyTrial makes the directory, or empties what an earlier trial left. It
// refuses a directory of a running distrobot, of somebody else, or with
// anything in it that is not a trial's.
func emptyTrial(ctx context.Context, cfg *Config) error {
	if conn, err := dialSocket(ctx, cfg.socketPath()); err == nil {
		conn.Close()
		return fmt.Errorf("another distrobot already runs on %s", cfg.Data)
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return fmt.Errorf("--data: %w", err)
	}
	// Changing the mode fails for whoever does not own it.
	if err := os.Chmod(cfg.Data, 0o700); err != nil {
		return fmt.Errorf("--data: %w", err)
	}
	mark := filepath.Join(cfg.Data, trialMark)
	entries, err := os.ReadDir(cfg.Data)
	if err != nil {
		return fmt.Errorf("--data: %w", err)
	}
	if _, err := os.Lstat(mark); errors.Is(err, fs.ErrNotExist) && len(entries) > 0 {
		return fmt.Errorf("--data %s is not empty and not of a trial; choose an empty directory", cfg.Data)
	}
	for _, e := range entries {
		if err := removeTree(filepath.Join(cfg.Data, e.Name())); err != nil {
			return fmt.Errorf("--data: %w", err)
		}
	}
	return os.WriteFile(mark, []byte("Everything here is of a trial and may be deleted.\n"), 0o600)
}

// removeTree deletes a file or a directory that may hold read-only trees.
func removeTree(dir string) error {
	_ = filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			_ = os.Chmod(p, 0o700)
		}
		return nil
	})
	return os.RemoveAll(dir)
}
