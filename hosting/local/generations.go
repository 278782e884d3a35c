package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/distrobot/distrobot/hosting"
)

// Abandon implements hosting.Copies.
func (b *Backend) Abandon(ctx context.Context, c hosting.Copy) error {
	return hosting.Explain("put the given-up copy aside", b.guarded(ctx, c, func(s site, _ *os.File) error {
		s.learn()
		if c.Rehearsal {
			return b.clear(ctx, s)
		}
		if err := s.notLive(c); err != nil {
			return err
		}
		gen := s.gen(c.Generation)
		if _, err := os.Lstat(gen); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		old, _ := filepath.Glob(s.path("gen", "*.failed"))
		for _, dir := range old {
			if err := b.drop(ctx, s, filepath.Base(dir)); err != nil {
				return err
			}
		}
		return os.Rename(gen, gen+".failed")
	}))
}

// Tidy implements hosting.Copies.
func (b *Backend) Tidy(ctx context.Context, c hosting.Copy) error {
	return hosting.Explain("delete old copies", b.guarded(ctx, c, func(s site, _ *os.File) error {
		s.learn()
		live, err := s.live()
		if err != nil || live == 0 {
			return err
		}
		keep := map[string]bool{filepath.Base(s.gen(live)): true}
		for _, k := range c.Previous {
			keep[filepath.Base(s.gen(k.Generation))] = true
		}
		all, err := os.ReadDir(s.path("gen"))
		for _, e := range all {
			if !keep[e.Name()] {
				err = errors.Join(err, b.drop(ctx, s, e.Name()))
			}
		}
		return errors.Join(err, pruneArchives(s, time.Now()))
	}))
}

// drop deletes a generation that is not live: its database, which is archived
// first if visitors used it, its versioned files likewise, then the rest.
func (b *Backend) drop(ctx context.Context, s site, gen string) error {
	if err := b.dropDatabases(ctx, s, func(g string) bool { return g == gen }); err != nil {
		return err
	}
	if uri, ok := siteOf(filepath.Base(string(s))); ok && b.Front != nil && fronted(s.path("gen", gen)) {
		// What stays in PHP's cache costs memory and does no harm.
		_, _ = b.Front.Forget(ctx, uri, gen)
	}
	if _, err := strconv.ParseInt(gen, 10, 64); err == nil {
		if err := archiveFiles(s, gen); err != nil {
			return err
		}
	}
	return removeTree(s.path("gen", gen))
}

// clear deletes the rehearsal.
func (b *Backend) clear(ctx context.Context, s site) error { return b.drop(ctx, s, "rehearsal") }
