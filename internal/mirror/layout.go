package mirror

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// A Layout says what to lay out, where, and from what.
type Layout struct {
	Repo   Repo
	Commit string // in full, fetched before
	// Dir must not exist or be empty; its parent must exist.
	Dir string
	// Beside is the tree of an earlier build, "" for none; Share says how its
	// unchanged files are used. It is never written to.
	Beside string
	Share  Share
	// Log is told in lines what is done; it may be nil.
	Log func(string) `json:"-"`
}

func (l Layout) log(line string) {
	if l.Log != nil {
		l.Log(line)
	}
}

// A part is one repository of a layout: the one that was asked for, or that of
// a submodule.
type part struct {
	repo   Repo
	git    string // its mirror
	commit string
	at     string // where in the tree; "" for the top
	depth  int
	in     *inspector
}

// Checkout is Lay without an earlier tree.
func (s *Store) Checkout(ctx context.Context, repo Repo, commit, dir string) (Tree, error) {
	return s.Lay(ctx, Layout{Repo: repo, Commit: commit, Dir: dir})
}

// Lay writes a commit out as a plain directory. It has no .git, so no history
// can be read from a docroot. Line ends and ident are as git's own checkout makes
// them. export-ignore and export-subst are git archive's business and not applied,
// as git checkout does not apply them either: people get what they see in a clone.
//
// Submodules are fetched at the commit that the repository pins and laid out in
// their places, under the same policy; LFS objects likewise.
//
// The whole tree is checked before the first byte is written: its size, names
// and links. Modes are 0755 and 0644 less the process's umask, or those of the
// file that a hard link is made to. The tree is on the disk (syncfs) when Lay
// returns. After an error Dir is gone, or empty if it was there before.
func (s *Store) Lay(ctx context.Context, l Layout) (Tree, error) {
	dir, err := filepath.Abs(l.Dir)
	if err != nil {
		return Tree{}, err
	}
	l.Dir = dir
	v := &survey{store: s, layout: l, used: &usage{}}
	if err := v.add(ctx, part{repo: l.Repo, commit: l.Commit}); err != nil {
		return Tree{}, err
	}
	if err := checkCase(v.parts); err != nil {
		return Tree{}, err
	}
	made, err := emptyDir(dir)
	if err != nil {
		return Tree{}, s.localError(err)
	}
	shared, err := s.write(ctx, l, v.parts)
	if err != nil {
		return Tree{}, errors.Join(s.localError(err), undo(dir, made))
	}
	return Tree{Files: v.used.files, Bytes: v.used.bytes, Digest: v.digest, Shared: shared}, nil
}

// write writes the parts, the outermost first, and brings them to the disk.
func (s *Store) write(ctx context.Context, l Layout, parts []part) (int, error) {
	sh, err := s.openShare(l)
	if err != nil {
		return 0, err
	}
	defer sh.Close()
	var links []entry
	for _, p := range parts {
		if p.in.converts {
			err = s.convertTree(ctx, p, l.Dir)
		} else {
			err = s.writeTree(ctx, p, l.Dir, sh)
		}
		if err == nil {
			err = s.placeObjects(ctx, p, l.Dir, sh)
		}
		if err != nil {
			return 0, err
		}
		links = append(links, p.in.symlinks...)
	}
	if err := s.giveTree(l.Dir); err != nil {
		return 0, err
	}
	if err := resolveLinks(l.Dir, links); err != nil {
		return 0, err
	}
	return sh.taken(), syncTree(l.Dir)
}

// giveTree gives directories and links to the user git runs as, the deepest
// first, so that this user cannot slip one in while the tree is being made.
// Files belong to them since they were made, or are another tree's too.
func (s *Store) giveTree(dir string) error {
	if s.As == nil {
		return nil
	}
	var paths []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.Type().IsRegular() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, p := range slices.Backward(paths) {
		if err := os.Lchown(p, int(s.As.UID), int(s.As.GID)); err != nil {
			return err
		}
	}
	return nil
}

// emptyDir makes dir or accepts an empty one; made tells which.
func emptyDir(dir string) (made bool, err error) {
	err = os.Mkdir(dir, 0o755)
	if !errors.Is(err, fs.ErrExist) {
		return err == nil, err
	}
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		err = &fs.PathError{Op: "check out into", Path: dir, Err: errors.New("the directory is not empty")}
	}
	return false, err
}

// undo ends a failed checkout: it removes dir, or only its entries if it was there.
func undo(dir string, made bool) error {
	if made {
		return os.RemoveAll(dir)
	}
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}

// resolveLinks follows each link of a finished checkout and refuses those that
// leave it by way of other links. A link that leads nowhere may stay: checkLink
// has seen that nowhere is inside.
func resolveLinks(dir string, links []entry) error {
	if len(links) == 0 {
		return nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, link := range links {
		_, err := root.Stat(link.path)
		switch {
		case err == nil || errors.Is(err, fs.ErrNotExist):
		case errors.Is(err, syscall.ELOOP):
			return refuse("Remove the link from the repository.",
				"The link %q in the repository leads to itself.", bounded(link.path, 100))
		default:
			return errEscapes(link.path)
		}
	}
	return nil
}
