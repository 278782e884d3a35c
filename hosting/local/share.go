package local

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/run"
)

// share makes a shared path of a site unless it is there. What lies in the
// docroot is public: the web server, which runs as another user, serves it as
// files and must be able to read it. What lies outside stays the site's alone.
func share(s site, c hosting.Copy, p string, u *run.User) error {
	place := s.path("shared", p)
	_, err := os.Lstat(place)
	// A first generation may have been given up before its paths were opened.
	made := errors.Is(err, fs.ErrNotExist) || c.Generation == 1
	if err := seed(c.Tree.Dir, p, s.path("shared"), u); err != nil {
		return err
	}
	if !made || len(below(c.App.Docroot, []string{p})) == 0 {
		return nil
	}
	return filepath.WalkDir(place, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() && !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		mode := info.Mode().Perm() | 0o044
		if d.IsDir() {
			mode |= 0o011
		}
		return os.Chmod(path, mode)
	})
}
