package database

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// ErrNoSpace says that a copy was refused, or ended, because it would have filled
// the disk. The server shares it with all sites, and more than room is at stake:
// MariaDB 10.11 ends itself when the disk is full while a statement is undone.
var ErrNoSpace = errors.New("not enough space on the disk")

// A volume is a directory on a disk that must not be filled; "" is one that we
// cannot see.
type volume string

const (
	// most is what is always left free, on small disks a twentieth of them.
	most = 64 << 20
	// look is the time between two looks at a disk that is being written. A server
	// writes some tens of megabytes in it.
	look = 100 * time.Millisecond
)

// check fails with ErrNoSpace unless need bytes can be written to v with enough
// left over.
func (v volume) check(need int64) error {
	if v == "" {
		return nil
	}
	var stat unix.Statfs_t
	if err := unix.Statfs(string(v), &stat); err != nil {
		return fmt.Errorf("space in %s: %w", v, err)
	}
	block := int64(stat.Bsize)
	free := int64(stat.Bavail)*block - min(most, int64(stat.Blocks)*block/20)
	if free < need || free < 0 {
		return fmt.Errorf("%w of %s: %d MB are free for us, %d MB are needed", ErrNoSpace, v, max(free, 0)>>20, need>>20)
	}
	return nil
}

// watch returns a context that ends before v is full, until stop is called.
func (v volume) watch(ctx context.Context) (watched context.Context, stop context.CancelFunc) {
	watched, cancel := context.WithCancelCause(ctx)
	go func() {
		ticker := time.NewTicker(look)
		defer ticker.Stop()
		for {
			select {
			case <-watched.Done():
				return
			case <-ticker.C:
				if err := v.check(0); err != nil {
					cancel(err)
					return
				}
			}
		}
	}()
	return watched, func() { cancel(nil) }
}

// volume is where the server keeps its data, if that is on this machine.
func (m *MySQL) volume(ctx context.Context) (volume, error) {
	if m.cfg.Socket == "" {
		host, _, _ := strings.Cut(m.cfg.Addr, ":")
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return "", nil
		}
	}
	var dir string
	if err := m.db.QueryRowContext(ctx, "SELECT @@datadir").Scan(&dir); err != nil {
		return "", fmt.Errorf("where the server keeps its data: %w", err)
	}
	if _, err := os.Stat(dir); err != nil {
		return "", nil // in a container, or hidden from us
	}
	return volume(dir), nil
}

// needed is what a copy of tables that take bytes may need: its pages are less
// full than theirs.
func needed(bytes int64) int64 { return bytes + bytes/4 }
