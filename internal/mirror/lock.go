package mirror

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// lock takes the exclusive lock of the mirror at dir and removes what a fetch
// that was killed left behind. Closing the file gives the lock back, as does the
// end of the process.
//
// It is a bare flock(2), so that the open file can be passed to git: when this
// process is killed, a helper of git that still writes keeps the mirror locked
// until it ends too. (gofrs/flock does not hand out its file.)
func (s *Store) lock(ctx context.Context, dir string) (*os.File, error) {
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return nil, s.localError(err)
	}
	f, err := os.OpenFile(strings.TrimSuffix(dir, ".git")+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, s.localError(err)
	}
	if err := flock(ctx, f); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the mirror: %w", err), f.Close())
	}
	if err := tidy(dir); err != nil {
		return nil, errors.Join(fmt.Errorf("tidy the mirror: %w", err), f.Close())
	}
	return f, nil
}

// flock polls, because a blocking flock cannot be interrupted by a context.
func flock(ctx context.Context, f *os.File) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// tidy removes lock and temporary files of git from the mirror. Whoever made
// them is dead, or the lock could not have been taken.
func tidy(dir string) error {
	for _, pattern := range []string{"*.lock", "refs/distrobot/*.lock", "objects/pack/tmp_*", "objects/??/tmp_obj_*", "objects/tmp_objdir-*", "lfs/tmp_lfs_*"} {
		left, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return err
		}
		for _, path := range left {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
		}
	}
	return nil
}
