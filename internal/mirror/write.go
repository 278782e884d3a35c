package mirror

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"

	"golang.org/x/sync/errgroup"
)

// writeTree writes an inspected tree into the new, empty directory dir: what git
// checkout-index does, at about two thirds of its cost, as long as nothing has to
// be converted. Reading is left to git cat-file, one process a core.
//
// Links are made last and only below directories made here, so no path is ever
// written through a link. Directories belong to this process until the end (see
// giveTree), so the user git runs as cannot slip one in either.
func (s *Store) writeTree(ctx context.Context, p part, dir string, sh *sharer) error {
	if err := os.Lchown(dir, os.Geteuid(), os.Getegid()); err != nil {
		return err
	}
	in := p.in
	group, ctx := errgroup.WithContext(ctx)
	workers := min(runtime.GOMAXPROCS(0), 4)
	for some := range slices.Chunk(in.files, max(len(in.files)/workers+1, 500)) {
		group.Go(func() error { return s.writeFiles(ctx, p.git, dir, some, sh) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	dirs := make([]string, 0, len(in.parents))
	for d := range in.parents {
		dirs = append(dirs, filepath.Join(dir, d))
	}
	slices.Sort(dirs) // parents first; those that hold links and submodules alone are missing yet
	if len(in.symlinks)+len(in.submodules) > 0 {
		for _, d := range dirs {
			if err := makeDir(d); err != nil {
				return err
			}
		}
	}
	for i, link := range in.symlinks {
		if err := os.Symlink(in.targets[i], filepath.Join(dir, link.path)); err != nil {
			return err
		}
	}
	return nil
}

// writeFiles shares what it can of the files and writes the others with a git
// process of its own.
func (s *Store) writeFiles(ctx context.Context, git, dir string, files []entry, sh *sharer) error {
	at, p := newPlace(dir), newProver()
	defer at.Close()
	var rest []entry
	var names []string
	for i, e := range files {
		if i%512 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := at.enter(path.Dir(e.path), sh); err != nil {
			return err
		}
		shared, err := sh.take(e, at, p)
		if err != nil {
			return err
		}
		if !shared {
			rest, names = append(rest, e), append(names, e.hash)
		}
	}
	if len(rest) == 0 {
		return nil
	}
	return s.catFile(ctx, git, names, func(r *bufio.Reader) error {
		for _, e := range rest {
			kind, size, err := batchHeader(r)
			if err != nil {
				return err
			}
			if kind != "blob" || size != e.size {
				return problem(Broken, nil, "The mirror lacks the content of %q.", bounded(e.path, 100))
			}
			if err := s.writeFile(filepath.Join(dir, e.path), e, r, p.buf[:0]); err != nil {
				return err
			}
			if err := batchEnd(r); err != nil {
				return err
			}
		}
		return nil
	})
}

// makeParents makes the directory d below root and those above it, once each.
// Another worker may have made some of them just now.
func makeParents(root, d string, made map[string]bool) error {
	if made[d] {
		return nil
	}
	if err := makeParents(root, path.Dir(d), made); err != nil {
		return err
	}
	made[d] = true
	return makeDir(filepath.Join(root, d))
}

// makeDir makes a directory unless there is one. The tree was empty and its
// names were checked, so whatever is there was made by this checkout; a file of
// that name makes the next step fail.
func makeDir(name string) error {
	if err := os.Mkdir(name, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// writeFile writes the next e.size bytes of r. It makes system calls itself: an
// os.File would be offered to the poller, at the price of another call a file.
func (s *Store) writeFile(name string, e entry, r io.Reader, buf []byte) (err error) {
	fd, err := create(name, e.mode)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, syscall.Close(fd)) }()
	if s.As != nil {
		if err := syscall.Fchown(fd, int(s.As.UID), int(s.As.GID)); err != nil {
			return &os.PathError{Op: "chown", Path: name, Err: err}
		}
	}
	for left := e.size; left > 0; {
		chunk := buf[:min(left, int64(cap(buf)))]
		if _, err := io.ReadFull(r, chunk); err != nil {
			return fmt.Errorf("git cat-file stopped: %w", err)
		}
		left -= int64(len(chunk))
		for len(chunk) > 0 {
			n, err := retry(func() (int, error) { return syscall.Write(fd, chunk) })
			if err != nil {
				return &os.PathError{Op: "write", Path: name, Err: err}
			}
			chunk = chunk[n:]
		}
	}
	return nil
}

// create makes a new file of a mode that git knows, for writing and reading.
func create(name, gitMode string) (int, error) {
	mode := uint32(0o644)
	if gitMode == modeExecutable {
		mode = 0o755
	}
	fd, err := retry(func() (int, error) {
		return syscall.Open(name, syscall.O_RDWR|syscall.O_CREAT|syscall.O_EXCL|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, mode)
	})
	if err != nil {
		return -1, &os.PathError{Op: "create", Path: name, Err: err}
	}
	return fd, nil
}

// retry repeats a system call that a signal interrupted.
func retry(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if !errors.Is(err, syscall.EINTR) {
			return n, err
		}
	}
}
