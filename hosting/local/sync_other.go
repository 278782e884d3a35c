//go:build !linux

package local

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// syncBelow brings everything below dir to the disk.
func syncBelow(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() && !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		return f.Sync()
	})
}

// renameNew renames from to to and fails with fs.ErrExist if to is there.
func renameNew(from, to string) error { return renameIfAbsent(from, to) }

// changedAt is when a file was changed last, its permissions included, in
// nanoseconds; no program can set it.
func changedAt(st *syscall.Stat_t) int64 { return st.Ctimespec.Nano() }
