package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// A holdFile says since when visitors wait, and for which task.
type holdFile struct {
	Task fleet.TaskID `json:"task"`
	At   time.Time    `json:"at"`
	Live int64        `json:"live,omitempty"` // the generation that visitors had before
}

// held reports whether visitors have to wait.
func (s site) held() bool {
	_, err := os.Lstat(s.path("hold"))
	return !errors.Is(err, fs.ErrNotExist)
}

// readHold gives the hold that is in force; nil when there is none. A hold that
// cannot be read counts from now.
func (s site) readHold() *holdFile {
	b, err := os.ReadFile(s.path("hold"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	h := &holdFile{At: time.Now()}
	_ = json.Unmarshal(b, h)
	return h
}

// Hold implements hosting.Traffic.
func (b *Backend) Hold(ctx context.Context, c hosting.Copy) (time.Time, error) {
	at := time.Now().UTC()
	err := b.guarded(ctx, c, func(s site, _ *os.File) error {
		if h := s.readHold(); h != nil {
			at = h.At
			return nil
		}
		live, err := s.live()
		if err != nil {
			return err
		}
		if err := os.WriteFile(s.path("reserve"), make([]byte, reserve), 0o600); err != nil {
			return err
		}
		return writeJSON(s.path("hold"), holdFile{Task: c.Task, At: at, Live: live})
	})
	return at, hosting.Explain("hold the site", err)
}

// Drain implements hosting.Traffic: a request holds serving.lock shared from
// before it looks for the hold until its program has ended.
func (b *Backend) Drain(ctx context.Context, c hosting.Copy) error {
	return hosting.Explain("wait for visitors", b.guarded(ctx, c, func(s site, _ *os.File) error {
		f, err := os.OpenFile(s.path("serving.lock"), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		defer f.Close()
		tick := time.NewTicker(poll)
		defer tick.Stop()
		for {
			err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
			if err == nil || !errors.Is(err, syscall.EWOULDBLOCK) {
				return err
			}
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-tick.C:
			}
		}
	}))
}

// Switch implements hosting.Traffic. The fence was checked by guarded; it is
// also written into the record of the generation that goes live.
func (b *Backend) Switch(ctx context.Context, c hosting.Copy) error {
	return hosting.Explain("switch the site", b.guarded(ctx, c, func(s site, _ *os.File) error {
		err := s.point(c)
		if errors.Is(err, syscall.ENOSPC) && os.Remove(s.path("reserve")) == nil {
			err = s.point(c)
		}
		return err
	}))
}

// reserve is how much of the disk a held site keeps free for its way back, in
// bytes: what is written then is two small files.
const reserve = 64 << 10

// point moves the pointer to the generation of a copy.
func (s site) point(c hosting.Copy) error {
	gen := s.gen(c.Generation)
	r, err := record(gen)
	if err != nil {
		return fmt.Errorf("switch to generation %d: %w", c.Generation, err)
	}
	if r.Platform != c.Platform { // somebody else has laid it out meanwhile
		return fleet.Errorf(fleet.Conflict, "Generation %d of %s is of platform %s, not of %s.", c.Generation, c.URI, r.Platform, c.Platform)
	}
	if r.Fence != c.Fence {
		r.Fence = c.Fence
		if err := writeJSON(filepath.Join(gen, "site.json"), r); err != nil {
			return err
		}
	}
	tmp := s.path(".live-" + strconv.FormatInt(c.Fence, 10))
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Symlink(filepath.Join("gen", strconv.FormatInt(c.Generation, 10)), tmp); err != nil {
		return err
	}
	if err := os.Rename(tmp, s.path("live")); err != nil {
		return err
	}
	return syncDir(string(s))
}

// Release implements hosting.Traffic.
func (b *Backend) Release(ctx context.Context, c hosting.Copy) (time.Duration, error) {
	var window time.Duration
	err := b.guarded(ctx, c, func(s site, _ *os.File) error {
		h := s.readHold()
		if h == nil {
			return nil
		}
		// Of the generation that visitors had before there is nothing to note, and
		// its site must come back also while the database server is away.
		if n, err := s.live(); err == nil && n == c.Generation && n != h.Live {
			if err := b.keepMark(ctx, s.gen(n)); err != nil {
				return err
			}
		}
		if err := os.Remove(s.path("hold")); err != nil {
			return err
		}
		_ = os.Remove(s.path("reserve")) // there is none of a hold of before
		window = max(time.Since(h.At), time.Millisecond)
		return syncDir(string(s))
	})
	return window, hosting.Explain("release the site", err)
}
