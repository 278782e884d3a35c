package local

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/google/renameio/v2"
	"github.com/klauspost/compress/zstd"

	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/run"
)

// A part is a directory that is packed below a prefix; skip are paths in it that
// are left out. only, if not nil, are the names, prefix included, that go in.
type part struct {
	dir, prefix string
	skip, only  map[string]bool
}

// pack writes everything in the parts into a tar file with zstd, which checks its
// content when it is read. Links are kept as links; sockets, pipes and devices
// are left out. Files may change meanwhile: each is cut or filled to the length
// it had when it was begun, as tar does it.
func pack(ctx context.Context, file string, parts ...part) (hosting.Amount, error) {
	var a hosting.Amount
	out, err := renameio.NewPendingFile(file, renameio.WithPermissions(0o600))
	if err != nil {
		return a, err
	}
	defer out.Cleanup()
	z, err := zstd.NewWriter(out, zstd.WithEncoderConcurrency(2))
	if err != nil {
		return a, err
	}
	t := tar.NewWriter(z)
	for _, x := range parts {
		p := packer{ctx: ctx, to: t, amount: &a, part: x}
		if err = p.tree(); err != nil {
			break
		}
	}
	if err = errors.Join(err, t.Close(), z.Close()); err != nil {
		return a, err
	}
	return a, out.CloseAtomicallyReplace()
}

type packer struct {
	ctx    context.Context
	to     *tar.Writer
	amount *hosting.Amount
	part
}

func (p packer) tree() error {
	root, err := os.OpenRoot(p.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(rel string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && rel != "." {
			return nil // deleted while we walked
		}
		if err != nil || p.ctx.Err() != nil {
			return errors.Join(err, context.Cause(p.ctx))
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) || p.skip[rel] {
			return nil
		}
		if err != nil || p.only != nil && !p.only[path.Join(p.prefix, rel)] {
			return err
		}
		return p.one(root, rel, info)
	})
}

func (p packer) one(root *os.Root, rel string, info fs.FileInfo) error {
	link := ""
	switch {
	case info.IsDir(), info.Mode().IsRegular():
	case info.Mode()&fs.ModeSymlink != 0:
		var err error
		if link, err = root.Readlink(rel); err != nil {
			return err
		}
	default:
		return nil
	}
	head, err := tar.FileInfoHeader(info, link)
	if err != nil {
		return err
	}
	head.Name, head.Format = path.Join(p.prefix, rel), tar.FormatPAX
	if !info.Mode().IsRegular() {
		return p.to.WriteHeader(head)
	}
	in, err := root.Open(rel)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer in.Close()
	if err := p.to.WriteHeader(head); err != nil {
		return err
	}
	n, err := io.Copy(p.to, io.LimitReader(in, head.Size))
	if err == nil && n < head.Size {
		_, err = io.CopyN(p.to, zeros{}, head.Size-n)
	}
	p.amount.Files++
	p.amount.Bytes += head.Size
	return err
}

// zeros fills a file up that became shorter.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// read calls use for every entry of a file that pack wrote.
func readPack(file string, use func(*tar.Header, io.Reader) error) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	z, err := zstd.NewReader(in)
	if err != nil {
		return err
	}
	defer z.Close()
	t := tar.NewReader(z)
	for {
		head, err := t.Next()
		if errors.Is(err, io.EOF) {
			_, err = io.Copy(io.Discard, z) // the checksum is at the end
			return err
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if !filepath.IsLocal(head.Name) {
			return fmt.Errorf("%s: %q leads out", file, head.Name)
		}
		if err := use(head, t); err != nil {
			return err
		}
	}
}

// unpack lays a packed tree out in dir, for the site's user. missing leaves
// alone what is there already.
func unpack(ctx context.Context, file, dir string, as *run.User, missing bool) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return readPack(file, func(h *tar.Header, in io.Reader) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if _, err := root.Lstat(h.Name); missing && err == nil || h.Name == "." {
			return nil
		}
		if err := lay(root, h, in); err != nil {
			return fmt.Errorf("lay %s out: %w", h.Name, err)
		}
		if as == nil || os.Geteuid() != 0 {
			return nil
		}
		return root.Lchown(h.Name, int(as.UID), int(as.GID))
	})
}

func lay(root *os.Root, h *tar.Header, in io.Reader) error {
	mode := h.FileInfo().Mode().Perm()
	if dir := path.Dir(h.Name); dir != "." {
		if err := root.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	switch h.Typeflag {
	case tar.TypeDir:
		if err := root.Mkdir(h.Name, mode|0o700); !errors.Is(err, fs.ErrExist) {
			return err
		}
		return nil
	case tar.TypeSymlink:
		return root.Symlink(h.Linkname, h.Name)
	case tar.TypeReg:
		out, err := root.OpenFile(h.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if err != nil {
			return err
		}
		_, err = io.Copy(out, in)
		return errors.Join(err, out.Close())
	}
	return nil
}
