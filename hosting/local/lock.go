package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// A holder is the content of a lock file: who holds, or held, it last. Its text
// has one length always, so that it can be overwritten in place.
type holder struct {
	fence int64
	pid   int
	start uint64 // of the process, in clock ticks since boot: a pid is used again
}

func (h holder) text() string { return fmt.Sprintf("%020d %010d %020d\n", h.fence, h.pid, h.start) }

func readHolder(f *os.File) (holder, bool) {
	var h holder
	b := make([]byte, len(h.text()))
	if n, _ := f.ReadAt(b, 0); n != len(b) {
		return h, false
	}
	_, err := fmt.Sscanf(string(b), "%d %d %d", &h.fence, &h.pid, &h.start)
	return h, err == nil
}

// lives reports whether the holder is another process that still runs. A storage
// that lost a claim in a failover may have given its fence out again; the second
// to come is refused, and gets a higher one with its next claim.
func (h holder) lives() bool {
	return h.pid != os.Getpid() && h.start != 0 && startOf(h.pid) == h.start
}

// guarded runs act while it holds the site's lock under c.Fence. The lock's file
// is handed to act, so that programs it starts can hold the lock as long as they
// live. A lower fence than the site has seen is refused with code Stale.
func (b *Backend) guarded(ctx context.Context, c hosting.Copy, act func(s site, lock *os.File) error) error {
	s := b.site(c.URI)
	if err := os.MkdirAll(s.path("gen"), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(s.path("lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := seize(ctx, f, c.Fence); err != nil {
		return err
	}
	seen, _ := readHolder(f)
	live, err := s.liveRecord()
	if err == nil {
		seen.fence = max(seen.fence, live.Fence)
	}
	if seen.fence > c.Fence || seen.fence == c.Fence && seen.lives() {
		return staleFence(c.Fence, seen.fence)
	}
	me := holder{fence: c.Fence, pid: os.Getpid(), start: startOf(os.Getpid())}
	if _, err := f.WriteAt([]byte(me.text()), 0); err != nil {
		return err
	}
	if seen.fence != c.Fence {
		if err := f.Sync(); err != nil {
			return err
		}
	}
	return act(s, f)
}

func staleFence(mine, seen int64) error {
	return fleet.Errorf(fleet.Stale, "The site was taken over by another task (fence %d, now %d).", mine, seen)
}

// seize waits for the lock on f. Whoever holds it under a lower fence has lost
// the site and is ended: it may be a worker that hangs, or a program that it
// left behind.
func seize(ctx context.Context, f *os.File, fence int64) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return err
		}
		if h, ok := readHolder(f); ok && h.fence > fence {
			return staleFence(fence, h.fence)
		} else if ok && h.fence < fence {
			endHolder(h, f.Name())
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// endHolder kills the process that took the lock, if it is still the same one,
// and every other that has the lock file open: children inherit it. It spares
// this process, whose own stale work is cancelled through its context.
func endHolder(h holder, lock string) {
	if h.lives() {
		_ = syscall.Kill(h.pid, syscall.SIGKILL)
	}
	for _, pid := range holding(lock) {
		if pid != os.Getpid() && pid != h.pid {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// holding lists the processes of this machine that have path open, as far as
// this user may see them.
func holding(path string) []int {
	var out []int
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil
	}
	procs, _ := filepath.Glob("/proc/[0-9]*")
	for _, proc := range procs {
		fds, _ := os.ReadDir(proc + "/fd")
		for _, fd := range fds {
			if to, _ := os.Readlink(proc + "/fd/" + fd.Name()); to == path {
				pid, _ := strconv.Atoi(filepath.Base(proc))
				out = append(out, pid)
				break
			}
		}
	}
	return out
}

// startOf is when a process started; 0 when there is none or this is not Linux.
func startOf(pid int) uint64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The name in parentheses may hold spaces; fields are counted after it.
	_, rest, ok := strings.Cut(string(b), ") ")
	if fields := strings.Fields(rest); ok && len(fields) > 19 {
		start, _ := strconv.ParseUint(fields[19], 10, 64)
		return start
	}
	return 0
}
