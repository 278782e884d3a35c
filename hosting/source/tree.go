package source

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/distrobot/distrobot/fleet"
)

// A tree is a directory that makefiles are read from. Nothing outside of it is
// ever opened.
type tree struct{ root *os.Root }

func openTree(dir string) (*tree, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &tree{root: root}, nil
}

// Close ends the use of the tree.
func (t *tree) Close() error { return t.root.Close() }

// ReadFile implements makefile.Tree.
func (t *tree) ReadFile(name string, limit int64) ([]byte, error) {
	info, err := t.root.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return nil, fs.ErrNotExist
	case err != nil || !info.Mode().IsRegular():
		return nil, fleet.Errorf(fleet.Refused, "%q is not a file inside the repository.", fleet.Clean(name, 100)).Because(err)
	}
	f, err := t.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fleet.Errorf(fleet.Refused, "%q is larger than %d KiB.", fleet.Clean(name, 100), limit>>10)
	}
	return b, err
}

// checkTree looks over a finished platform: links stay inside, and nothing is
// there but files, directories and links, none of them too many or too large.
func checkTree(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	files, bytes := 0, int64(0)
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if rel == workDir {
			return filepath.SkipDir
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if files++; files > maxFiles {
			return fleet.Errorf(fleet.Refused, "The platform has more than %d files.", maxFiles)
		}
		if bytes += info.Size(); bytes > maxBytes {
			return fleet.Errorf(fleet.Refused, "The platform has more than %d MiB of files.", int64(maxBytes)>>20)
		}
		return checkEntry(root, rel, info)
	})
}

func checkEntry(root *os.Root, rel string, info fs.FileInfo) error {
	named := fmt.Sprintf("%q", fleet.Clean(rel, 120))
	switch {
	case strings.EqualFold(info.Name(), ".git"):
		return fleet.Errorf(fleet.Refused, "The platform holds %s; a repository's history is not served.", named)
	case info.IsDir(), info.Mode().IsRegular():
		return nil
	case info.Mode()&fs.ModeSymlink == 0:
		return fleet.Errorf(fleet.Refused, "The platform holds %s, which is neither a file, a directory nor a link.", named)
	}
	to, err := root.Readlink(rel)
	if err != nil {
		return err
	}
	end := filepath.Join(filepath.Dir(rel), to)
	_, err = root.Stat(rel)
	if filepath.IsAbs(to) || end == ".." || strings.HasPrefix(end, "../") || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fleet.Errorf(fleet.Refused, "The link %s leads out of the platform, or to itself.", named)
	}
	return nil
}
