package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/run"
)

// Fill implements hosting.Copies. The data is copied beside its place and put
// there by one rename when it is whole and on the disk.
func (b *Backend) Fill(ctx context.Context, c hosting.Copy) (hosting.Amount, error) {
	var amount hosting.Amount
	err := b.guarded(ctx, c, func(s site, _ *os.File) error {
		if err := s.notLive(c); err != nil {
			return err
		}
		place := filepath.Join(s.genOf(c), "versioned")
		tmp := place + ".tmp"
		if err := removeTree(tmp); err != nil {
			return err
		}
		if err := os.Mkdir(tmp, 0o755); err != nil {
			return err
		}
		if err := b.fillFiles(ctx, s, c, tmp); err != nil {
			return err
		}
		if c.Generation == 1 && b.Seed != nil {
			if err := b.Seed(ctx, c.URI, tmp); err != nil {
				return err
			}
		}
		// Syncing waits for what the whole machine writes, while visitors wait.
		if hasFiles(c) || c.From == 0 || c.Backup != "" || c.Source != "" {
			if err := syncBelow(tmp); err != nil {
				return err
			}
		}
		if err := removeTree(place); err != nil {
			return err
		}
		if err := os.Rename(tmp, place); err != nil {
			return err
		}
		var err error
		if amount, _, err = measure(place); err != nil {
			return err
		}
		n, err := b.fillDatabase(ctx, s, c)
		amount.Bytes += n
		return err
	})
	return amount, hosting.Explain("copy the site's data", err)
}

// hasFiles reports whether a generation has data in files of its own, which must
// be on the disk before visitors get them. Servers see to their databases.
func hasFiles(c hosting.Copy) bool {
	return len(c.App.Versioned) > 0 || c.App.Database != nil && c.App.Database.Engine == engineSQLite
}

// fillFiles copies the versioned files into a directory, and of a clone the
// shared ones to their place.
func (b *Backend) fillFiles(ctx context.Context, s site, c hosting.Copy, into string) error {
	switch {
	case c.Backup != "":
		return b.restoreFiles(ctx, s, c, into)
	case c.Arrives:
		return b.fillArrived(ctx, s, c, into)
	}
	old := ""
	switch {
	case c.Source != "":
		from := b.site(c.Source)
		old = from.path("live")
		if err := b.shareCopies(ctx, from, s); err != nil {
			return err
		}
	case c.From > 0:
		old = s.gen(c.From)
	}
	for _, p := range c.App.Versioned {
		if err := b.fillPath(ctx, s, c, fromTo{old: old, path: p, into: into}); err != nil {
			return err
		}
	}
	return nil
}

type fromTo struct{ old, path, into string }

// fillPath copies one versioned path from the old generation, or from the
// platform when the old one did not have it.
func (b *Backend) fillPath(ctx context.Context, s site, c hosting.Copy, f fromTo) error {
	u, err := b.user(s)
	if err != nil {
		return err
	}
	if f.old != "" {
		old := filepath.Join(f.old, "versioned")
		if _, err := os.Lstat(filepath.Join(old, f.path)); err == nil {
			k := &copier{ctx: ctx}
			if c.Source != "" {
				k.owner = u // of the new site, not of the other
			}
			return k.copy(old, f.path, f.into)
		}
	}
	elsewhere, err := s.inherited()
	if err != nil {
		return err
	}
	if at, ok := elsewhere[f.path]; ok && c.Has != nil {
		return copyTo(&copier{ctx: ctx, owner: u}, at, filepath.Join(f.into, f.path))
	}
	return seed(c.Tree.Dir, f.path, f.into, u)
}

// copyTo copies a directory to another place, whose parents are made.
func copyTo(k *copier, from, to string) error {
	tmp := to + ".tmp"
	if err := errors.Join(removeTree(tmp), os.MkdirAll(filepath.Dir(to), 0o755)); err != nil {
		return err
	}
	if err := k.copy(filepath.Dir(from), filepath.Base(from), tmp); err != nil {
		return err
	}
	return errors.Join(os.Rename(filepath.Join(tmp, filepath.Base(from)), to), removeTree(tmp))
}

// shareCopies copies the shared data of one site to another, in the place of
// what is there.
func (b *Backend) shareCopies(ctx context.Context, from, to site) error {
	u, err := b.user(to)
	if err != nil {
		return err
	}
	v, err := readView(from.path("live"))
	if err != nil {
		return err
	}
	for _, p := range v.Shared {
		real, err := filepath.EvalSymlinks(from.path("shared", p)) // a site that was taken over has links there
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := removeTree(to.path("shared", p)); err != nil {
			return err
		}
		if err := copyTo(&copier{ctx: ctx, owner: u}, real, to.path("shared", p)); err != nil {
			return err
		}
	}
	return nil
}

// seed puts what the platform ships at p into a directory of the site, unless
// something is there: its first data. What the platform does not have becomes
// an empty directory. Everything is given to the site's user.
func seed(tree, p, into string, as *run.User) error {
	if _, err := os.Lstat(filepath.Join(into, p)); err == nil {
		return nil
	}
	if err := os.MkdirAll(into, 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(into, ".seed-")
	if err != nil {
		return err
	}
	defer removeTree(tmp)
	_, err = os.Lstat(filepath.Join(tree, p))
	switch {
	case err == nil:
		err = (&copier{ctx: context.Background(), owner: as, seed: true}).copy(tree, p, tmp)
	case errors.Is(err, fs.ErrNotExist):
		if err = os.MkdirAll(filepath.Join(tmp, p), 0o750); err == nil && as != nil {
			err = os.Lchown(filepath.Join(tmp, p), int(as.UID), int(as.GID))
		}
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(into, path.Dir(p)), 0o755); err != nil {
		return err
	}
	return os.Rename(filepath.Join(tmp, p), filepath.Join(into, p))
}

// Take implements hosting.Copies.
func (b *Backend) Take(ctx context.Context, c hosting.Copy) error {
	return hosting.Explain("take the old data over", b.guarded(ctx, c, func(s site, _ *os.File) error {
		return moveData(s, c.From, c.Generation)
	}))
}

// Return implements hosting.Copies.
func (b *Backend) Return(ctx context.Context, c hosting.Copy) error {
	return hosting.Explain("give the old data back", b.guarded(ctx, c, func(s site, _ *os.File) error {
		return moveData(s, c.Generation, c.From)
	}))
}

// moveData renames the data of one generation into another. Once moved, moving
// again changes nothing.
func moveData(s site, from, to int64) error {
	if n, err := s.live(); err != nil || n == from || n == to {
		return errors.Join(err, fmt.Errorf("data of a live generation (%d) is not moved", n))
	}
	src, dst := filepath.Join(s.gen(from), "versioned"), filepath.Join(s.gen(to), "versioned")
	if _, err := os.Lstat(src); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(dst); err == nil {
			return nil
		}
		return fleet.Errorf(fleet.NotFound, "The data of generation %d is not there any more.", from)
	}
	if err := removeTree(dst); err != nil {
		return err
	}
	if err := os.Rename(src, dst); err != nil {
		return err
	}
	return errors.Join(syncDir(s.gen(from)), syncDir(s.gen(to)))
}

// A copier copies trees without following links: what a site's program made is
// not trusted. Sockets, pipes and devices are left out.
type copier struct {
	ctx   context.Context
	owner owner
	seed  bool // of a read-only tree: the copy is writable
}

func (k *copier) copy(from, rel, to string) error {
	src, err := os.OpenRoot(from)
	if err != nil {
		return err
	}
	defer src.Close()
	if err := os.MkdirAll(filepath.Join(to, path.Dir(rel)), 0o755); err != nil {
		return err
	}
	return fs.WalkDir(src.FS(), rel, func(p string, d fs.DirEntry, err error) error {
		if err != nil || k.ctx.Err() != nil {
			return errors.Join(err, context.Cause(k.ctx))
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return k.one(src, p, info, filepath.Join(to, p))
	})
}

func (k *copier) one(src *os.Root, p string, info fs.FileInfo, to string) error {
	mode := info.Mode().Perm()
	if k.seed {
		mode = mode&0o550 | 0o200
	}
	switch {
	case info.IsDir():
		if err := os.Mkdir(to, mode|0o700); err != nil {
			return err
		}
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := src.Readlink(p)
		if err != nil {
			return err
		}
		if err := os.Symlink(target, to); err != nil {
			return err
		}
	case info.Mode().IsRegular():
		if err := k.file(src, p, to, mode); err != nil {
			return err
		}
	default:
		return nil
	}
	return k.own(info, to)
}

// file copies content; on file systems that can, the kernel shares the blocks.
func (k *copier) file(src *os.Root, p, to string, mode fs.FileMode) error {
	in, err := src.OpenFile(p, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		_ = out.Close()
		return err
	}
	return errors.Join(out.Chmod(mode), out.Close())
}
