package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/distrobot/distrobot/fleet"
)

// A farm lays out a tree as one site sees it: links into the platform's tree,
// which stays untouched, except along the site's own paths. Those are links to
// the site's data, and the directories on the way to them are real ones.
type farm struct {
	tree, root string            // the platform's tree; where the view is made
	links      map[string]string // path → absolute target: shared and versioned data
	files      map[string][]byte // path → content: settings
	real       map[string]bool   // directories on the way to the above
	hard       bool              // files are linked, not directories: see hosting.App.PHP
}

func newFarm(tree, root string) *farm {
	return &farm{tree: tree, root: root, links: map[string]string{}, files: map[string][]byte{}, real: map[string]bool{".": true}}
}

// link and file add a path of the site's own.
func (f *farm) link(rel, target string) { f.links[rel] = target; f.parents(rel) }

func (f *farm) file(rel string, content []byte) { f.files[rel] = content; f.parents(rel) }

func (f *farm) parents(rel string) {
	for dir := path.Dir(rel); dir != "."; dir = path.Dir(dir) {
		f.real[dir] = true
	}
}

// lay makes the view. root must not exist.
func (f *farm) lay() error {
	if err := f.dir("."); err != nil {
		return err
	}
	// What the tree does not have.
	for dir := range f.real {
		if err := os.MkdirAll(filepath.Join(f.root, dir), 0o755); err != nil {
			return err
		}
	}
	for rel, target := range f.links {
		if err := f.symlink(rel, target); err != nil {
			return err
		}
	}
	for rel, content := range f.files {
		if err := os.WriteFile(filepath.Join(f.root, rel), content, 0o640); err != nil {
			return err
		}
	}
	return nil
}

// dir makes a real directory of the view and links what the tree has in it.
func (f *farm) dir(rel string) error {
	from := filepath.Join(f.tree, rel)
	info, err := os.Lstat(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fleet.Errorf(fleet.Refused, "The path %s in the platform is no directory, but the site keeps data below it.", rel)
	}
	if err := os.Mkdir(filepath.Join(f.root, rel), 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		child := path.Join(rel, e.Name())
		_, linked := f.links[child]
		_, written := f.files[child]
		switch {
		case linked || written:
		case f.real[child]:
			err = f.dir(child)
		case f.hard:
			err = f.same(child, e)
		default:
			err = f.symlink(child, filepath.Join(f.tree, child))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// symlink makes a relative link at rel.
func (f *farm) symlink(rel, target string) error {
	at := filepath.Join(f.root, rel)
	to, err := filepath.Rel(filepath.Dir(at), target)
	if err != nil {
		return fmt.Errorf("link %s: %w", rel, err)
	}
	return os.Symlink(to, at)
}

// same makes a hard link of a file at rel, or a directory of such.
func (f *farm) same(rel string, e fs.DirEntry) error {
	from, to := filepath.Join(f.tree, rel), filepath.Join(f.root, rel)
	switch {
	case e.IsDir():
		return f.dir(rel)
	case e.Type()&fs.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	}
	return os.Link(from, to)
}
