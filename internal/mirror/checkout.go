package mirror

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Checkout writes commit, fetched before, into dir, which must not exist or be
// empty; dir's parent must exist. The result has no .git directory, so no history
// can be read from a docroot. Line ends and ident are as git's own checkout makes
// them; nothing is left out for export-ignore.
//
// The whole tree is checked before the first byte is written: its size, names,
// links, submodules and LFS pointers. Modes are 0755 and 0644 less the process's
// umask. The tree is on the disk (syncfs) when Checkout returns. After an error
// dir is gone, or empty if it was there before.
func (s *Store) Checkout(ctx context.Context, repo Repo, commit, dir string) (Tree, error) {
	git, err := s.open(ctx, repo, commit)
	if err != nil {
		return Tree{}, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return Tree{}, err
	}
	in, tree, err := s.inspect(ctx, git, commit)
	if err != nil {
		return Tree{}, err
	}
	made, err := emptyDir(dir)
	if err != nil {
		return Tree{}, s.localError(err)
	}
	if in.converts {
		err = s.convertTree(ctx, git, commit, dir)
	} else {
		err = s.writeTree(ctx, git, dir, in)
	}
	if err == nil {
		err = resolveLinks(dir, in.symlinks)
	}
	if err == nil {
		err = syncTree(dir)
	}
	if err != nil {
		return Tree{}, errors.Join(s.localError(err), undo(dir, made))
	}
	return tree, nil
}

// convertTree has git itself lay the tree out, for line ends and encodings. The
// index is one of its own, so that several checkouts of one mirror can run at
// once.
func (s *Store) convertTree(ctx context.Context, git, commit, dir string) error {
	if err := s.give(dir); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "distrobot-index-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	if err := s.give(scratch); err != nil {
		return err
	}
	env := []string{"GIT_INDEX_FILE=" + filepath.Join(scratch, "index"), "GIT_WORK_TREE=" + dir}
	settings := []setting{
		{"core.bare", "false"},
		{"core.symlinks", "true"},
		{"core.fileMode", "true"},
		{"checkout.workers", "0"}, // as many as there are processors
		{"checkout.thresholdForParallelism", "500"},
		{"index.version", "2"}, // no path compression: faster to write and read once
	}
	if _, err := s.git(ctx, git, gitCall{args: []string{"read-tree", commit}, env: env, settings: settings}); err != nil {
		return fmt.Errorf("read the tree: %w", err)
	}
	if _, err := s.git(ctx, git, gitCall{args: []string{"checkout-index", "--all", "--quiet"}, env: env, settings: settings}); err != nil {
		return fmt.Errorf("write the tree: %w", err)
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
