package hosting

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/distrobot/distrobot/internal/run"
)

// copyTree copies a tree to dir, which does not exist yet, as files of their own
// that their owner may write to: as, or this process's user. Where the volume
// can, the kernel shares the blocks.
func copyTree(ctx context.Context, from, dir string, as *run.User) error {
	src, err := os.OpenRoot(from)
	if err != nil {
		return err
	}
	defer src.Close()
	var made []string
	err = fs.WalkDir(src.FS(), ".", func(rel string, d fs.DirEntry, err error) error {
		if err != nil || ctx.Err() != nil {
			return errors.Join(err, context.Cause(ctx))
		}
		to := filepath.Join(dir, rel)
		made = append(made, to)
		return copyEntry(src, rel, d, to)
	})
	if err != nil || as == nil {
		return err
	}
	for _, path := range slices.Backward(made) { // the user gets a directory after what is in it
		if err := os.Lchown(path, int(as.UID), int(as.GID)); err != nil {
			return err
		}
	}
	return nil
}

func copyEntry(src *os.Root, rel string, d fs.DirEntry, to string) error {
	switch {
	case d.IsDir():
		return os.Mkdir(to, 0o755)
	case d.Type()&fs.ModeSymlink != 0:
		target, err := src.Readlink(rel)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	case !d.Type().IsRegular():
		return nil
	}
	in, err := src.Open(rel)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm()&0o755|0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
