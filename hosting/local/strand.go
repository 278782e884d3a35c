package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

var _ hosting.Freer = (*Backend)(nil)

// Waiting implements hosting.Freer.
func (b *Backend) Waiting(context.Context) ([]hosting.Held, error) {
	holds, err := filepath.Glob(filepath.Join(b.Data, "sites", "*", "hold"))
	if err != nil {
		return nil, err
	}
	var out []hosting.Held
	for _, path := range holds {
		uri, ok := siteOf(filepath.Base(filepath.Dir(path)))
		if !ok || b.site(uri).left() {
			continue // it waits for nobody: it is another machine's
		}
		if h := b.site(uri).readHold(); h != nil {
			out = append(out, hosting.Held{URI: uri, Task: h.Task, At: h.At})
		}
	}
	return out, nil
}

// Free implements hosting.Freer. Programs that the task left behind hold the
// site's lock as long as they live, and are waited for. The fence is raised, on
// the machine and in the record of what is live, so that a worker which wakes
// up can publish nothing, and one that takes the site over begins above it.
func (b *Backend) Free(ctx context.Context, held hosting.Held) error {
	s := b.site(held.URI)
	f, err := os.OpenFile(s.path("lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return hosting.Explain("open the site", err)
	}
	defer f.Close()
	return hosting.Explain("open the site", b.free(ctx, s, f, held.Task))
}

func (b *Backend) free(ctx context.Context, s site, lock *os.File, task fleet.TaskID) error {
	if err := await(ctx, lock); err != nil {
		return err
	}
	h := s.readHold()
	if h == nil || h.Task != task {
		return nil
	}
	seen, _ := readHolder(lock)
	r, err := s.liveRecord()
	switch {
	case err == nil:
		seen.fence = max(seen.fence, r.Fence) + 1
		r.Fence = seen.fence
		if err := writeJSON(filepath.Join(string(s), "live", "site.json"), r); err != nil {
			return err
		}
	case errors.Is(err, fs.ErrNotExist): // it never came to life
		seen.fence++
	default:
		return err
	}
	if _, err := lock.WriteAt([]byte(holder{fence: seen.fence}.text()), 0); err != nil {
		return err
	}
	if err := lock.Sync(); err != nil {
		return err
	}
	if err := os.Remove(s.path("hold")); err != nil {
		return err
	}
	_ = os.Remove(s.path("reserve")) // there is none of a hold of before
	return syncDir(string(s))
}

// await waits for a lock that nobody is to be ended for.
func await(ctx context.Context, f *os.File) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil || !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("a program of its last task still works on it: %w", context.Cause(ctx))
		case <-tick.C:
		}
	}
}
