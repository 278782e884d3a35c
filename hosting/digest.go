package hosting

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// TreeDigest is a SHA-256 over the paths, kinds and contents of a tree, and
// whether files may be executed: equal for equal trees on every host, before
// and after they become read-only. Modification times do not count.
func TreeDigest(dir string) (string, Amount, error) {
	var size Amount
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", size, err
	}
	defer root.Close()
	all := sha256.New()
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		line, err := entryDigest(root, rel, info)
		if err != nil {
			return err
		}
		if info.Mode().IsRegular() {
			size.Files++
			size.Bytes += info.Size()
		}
		_, err = fmt.Fprintf(all, "%q %s\n", filepath.ToSlash(rel), line)
		return err
	})
	return hex.EncodeToString(all.Sum(nil)), size, err
}

func entryDigest(root *os.Root, rel string, info fs.FileInfo) (string, error) {
	switch {
	case info.IsDir():
		return "dir", nil
	case info.Mode()&fs.ModeSymlink != 0:
		to, err := root.Readlink(rel)
		return fmt.Sprintf("link %q", to), err
	}
	sum, err := fileDigest(root, rel)
	return fmt.Sprintf("file %t %s", info.Mode()&0o111 != 0, sum), err
}

func fileDigest(root *os.Root, rel string) (string, error) {
	f, err := root.Open(rel)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), err
}

// LockDigest is the SHA-256 of the tree's lock file, "" without one. With
// several, the first of the list counts.
func LockDigest(dir string) (string, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", err
	}
	defer root.Close()
	for _, name := range []string{"distrobot.lock.json", "composer.lock", "package-lock.json"} {
		sum, err := fileDigest(root, name)
		if !errors.Is(err, fs.ErrNotExist) {
			return sum, err
		}
	}
	return "", nil
}
