package kind

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"

	"github.com/distrobot/distrobot/hosting"
)

// Bounds of what is read of a foreign tree.
const (
	maxManifest = 32 << 20 // bytes of one file; lock files of large sites have a few megabytes
	maxPackages = 20_000
	maxPHP      = 1 << 20 // bytes of one PHP file; the largest .install file of Drupal's core has some 100 KiB
	maxEntries  = 1 << 20 // files and directories of a tree
)

// docroots are the directories a code base may be served from, in the order in
// which they are looked at.
var docroots = []string{".", "web", "docroot", "html", "public"}

// A tree reads files of a code base. It never leaves its directory.
type tree struct {
	root *os.Root
	spec hosting.Spec
}

func openTree(t hosting.Tree) (tree, error) {
	root, err := os.OpenRoot(t.Dir)
	return tree{root, t.Spec}, err
}

func (t tree) Close() error { return t.root.Close() }

// docroots gives where the code base may be served from: what its
// distrobot.yml says, or the usual places.
func (t tree) docroots() []string {
	if t.spec.Docroot != "" && t.spec.Docroot != "." {
		return []string{t.spec.Docroot}
	}
	return docroots
}

// find gives the first docroot that ok accepts.
func (t tree) find(ok func(docroot string) bool) (string, bool) {
	all := t.docroots()
	if i := slices.IndexFunc(all, ok); i >= 0 {
		return all[i], true
	}
	return "", false
}

// file gives the content of a regular file inside the tree, nil if there is
// none or if it is longer than most.
func (t tree) file(name string, most int64) []byte {
	b := t.head(name, most+1)
	if int64(len(b)) > most {
		return nil
	}
	return b
}

// head gives the first bytes of a regular file inside the tree.
func (t tree) head(name string, n int64) []byte {
	name = path.Clean(name)
	if info, err := t.root.Stat(name); err != nil || !info.Mode().IsRegular() {
		return nil // a pipe would block the one who opens it
	}
	f, err := t.root.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, n))
	if err != nil {
		return nil
	}
	return b
}

// json decodes a JSON file inside the tree, within bounds.
func (t tree) json(name string, into any) bool {
	b := t.file(name, maxManifest)
	return b != nil && json.Unmarshal(b, into) == nil
}

// entries lists a directory; nothing if there is none.
func (t tree) entries(name string) []fs.DirEntry {
	list, err := fs.ReadDir(t.root.FS(), path.Clean(name))
	if err != nil {
		return nil
	}
	return list
}

// walk calls visit for every regular file below dir, whose path is relative to
// the tree. Directories that skip names are left out. Links are not followed.
func (t tree) walk(ctx context.Context, dir string, skip func(at string) bool, visit func(at string)) error {
	seen := 0
	err := fs.WalkDir(t.root.FS(), path.Clean(dir), func(at string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil // a directory that cannot be read has no packages
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case d.IsDir():
			if at != path.Clean(dir) && skip(at) {
				return fs.SkipDir
			}
		case d.Type().IsRegular():
			visit(at)
		}
		if seen++; seen > maxEntries {
			return fs.SkipAll
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
