package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"syscall"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

var platformName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]{0,150}$`)

// checkName keeps names from elsewhere from becoming paths.
func checkName(p fleet.PlatformName) error {
	if !platformName.MatchString(string(p)) {
		return fleet.Errorf(fleet.Invalid, "%q cannot be the name of a platform.", fleet.Clean(string(p), 60))
	}
	return nil
}

// Stage implements hosting.Platforms.
func (b *Backend) Stage(_ context.Context, p fleet.PlatformName, fence int64) (string, error) {
	if err := checkName(p); err != nil {
		return "", err
	}
	if err := b.unstage(p); err != nil {
		return "", hosting.Explain("clear what an earlier build left", err)
	}
	dir := filepath.Join(b.Data, "platforms")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", hosting.Explain("make its directory of platforms", err)
	}
	return filepath.Join(dir, fmt.Sprintf(".tmp-%s-%d", p, fence)), nil
}

// unstage removes what builds of p left behind.
func (b *Backend) unstage(p fleet.PlatformName) error {
	old, _ := filepath.Glob(filepath.Join(b.Data, "platforms", ".tmp-"+string(p)+"-*"))
	mine := regexp.MustCompile(`^\.tmp-` + regexp.QuoteMeta(string(p)) + `-\d+(` + hosting.CopySuffix + `)?$`)
	for _, dir := range old {
		if mine.MatchString(filepath.Base(dir)) {
			if err := removeTree(dir); err != nil {
				return err
			}
		}
	}
	return nil
}

// Publish implements hosting.Platforms.
func (b *Backend) Publish(_ context.Context, p fleet.PlatformName, stage string) (string, error) {
	if err := checkName(p); err != nil {
		return "", err
	}
	parent := filepath.Join(b.Data, "platforms")
	if filepath.Dir(stage) != parent {
		return "", fmt.Errorf("publish %s: %s was not staged here", p, stage)
	}
	if err := freeze(stage); err != nil {
		return "", hosting.Explain("finish the platform", err)
	}
	if err := syncBelow(stage); err != nil {
		return "", hosting.Explain("write the platform to the disk", err)
	}
	err := renameNew(stage, b.platform(p))
	if errors.Is(err, fs.ErrExist) {
		return "", fleet.Errorf(fleet.Exists, "This host has a tree of platform %s already.", p)
	}
	if err != nil {
		return "", hosting.Explain("publish the platform", err)
	}
	return b.platform(p), syncDir(parent)
}

// freeze takes every write permission below dir away. What has none is left
// alone: it may be a hard link of another platform's file, whose time of change
// is not ours to set.
func freeze(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink != 0 {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if !info.IsDir() && !info.Mode().IsRegular() {
			return fleet.Errorf(fleet.Refused, "The tree holds something that is neither a file, a directory nor a link: %s.", fleet.Clean(d.Name(), 80))
		}
		mode := fs.FileMode(0o444) // readable by the sites' users, whatever the umask was
		if info.IsDir() || info.Mode()&0o111 != 0 {
			mode = 0o555
		}
		if info.Mode()&(fs.ModePerm|fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky) == mode {
			return nil
		}
		return os.Chmod(path, mode)
	})
}

// Tree implements hosting.Platforms.
func (b *Backend) Tree(_ context.Context, p fleet.PlatformName) (string, error) {
	if err := checkName(p); err != nil {
		return "", err
	}
	info, err := os.Lstat(b.platform(p))
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return "", fleet.Errorf(fleet.NotFound, "This host has no tree of platform %s.", p).WithHint("Build it here first.")
	}
	return b.platform(p), err
}

// Discard implements hosting.Platforms. The name goes first, so that a tree that
// is being deleted is never taken for a whole one.
func (b *Backend) Discard(_ context.Context, p fleet.PlatformName) error {
	if err := checkName(p); err != nil {
		return err
	}
	gone := filepath.Join(b.Data, "platforms", ".tmp-"+string(p)+"-0")
	if err := removeTree(gone); err != nil {
		return hosting.Explain("delete the platform", err)
	}
	if err := os.Rename(b.platform(p), gone); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return hosting.Explain("delete the platform", err)
	}
	return hosting.Explain("delete the platform", b.unstage(p))
}

// Room implements hosting.Platforms.
func (b *Backend) Room(context.Context) (int64, error) {
	if err := os.MkdirAll(b.Data, 0o755); err != nil {
		return 0, err
	}
	var st syscall.Statfs_t
	if err := syscall.Statfs(b.Data, &st); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}

// removeTree deletes dir even if it is read-only; an absent one is no error.
func removeTree(dir string) error {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			return os.Chmod(path, 0o700)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	return os.RemoveAll(dir)
}
