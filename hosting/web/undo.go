package web

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/renameio/v2"
)

// An undo is what files held before a change, by their path below Dir; null was
// absent. It is on the disk before the first file changes and goes when servers
// took the change over.
type undo map[string][]byte

func (f *Front) undoPath() string { return filepath.Join(f.Dir, "undo.json") }

// write changes files, after it noted what they held.
func (f *Front) write(files map[string][]byte) (undo, error) {
	u := undo{}
	for path := range files {
		rel, err := filepath.Rel(f.Dir, path)
		if err != nil {
			return nil, err
		}
		u[rel], err = os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			u[rel], err = nil, nil
		} else if err == nil && u[rel] == nil {
			u[rel] = []byte{}
		}
		if err != nil {
			return nil, err
		}
	}
	b, err := json.Marshal(u)
	if err != nil {
		return nil, err
	}
	if err := renameio.WriteFile(f.undoPath(), b, 0o600); err != nil {
		return nil, err
	}
	if err := syncDirs(f.Dir); err != nil {
		return nil, err
	}
	for path, text := range files {
		if err := put(path, text); err != nil {
			return nil, errors.Join(err, f.takeBack(u))
		}
	}
	dirs := map[string]bool{}
	for path := range files {
		dirs[filepath.Dir(path)] = true
	}
	return u, syncDirs(slices.Collect(maps.Keys(dirs))...)
}

// syncDirs brings the entries of directories to the disk.
func syncDirs(dirs ...string) error {
	for _, dir := range dirs {
		d, err := os.Open(dir)
		if err != nil {
			return err
		}
		err = d.Sync()
		_ = d.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// put replaces a file, or removes it.
func put(path string, text []byte) error {
	if text == nil {
		err := os.Remove(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	return renameio.WriteFile(path, text, 0o644)
}

// takeBack restores what files held.
func (f *Front) takeBack(u undo) error {
	var all error
	for rel, text := range u {
		if !filepath.IsLocal(rel) {
			continue
		}
		all = errors.Join(all, put(filepath.Join(f.Dir, rel), text))
	}
	if all != nil {
		return all
	}
	return f.keep()
}

// keep makes the change final.
func (f *Front) keep() error {
	err := os.Remove(f.undoPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// recover takes back what a process that died left half done. It reports whether
// there was something: servers may or may not have read it.
func (f *Front) recover() (bool, error) {
	b, err := os.ReadFile(f.undoPath())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var u undo
	if err := json.Unmarshal(b, &u); err != nil {
		return false, err
	}
	return true, f.takeBack(u)
}
