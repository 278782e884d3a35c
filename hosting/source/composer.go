package source

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/run"
)

// Composer says how composer is run on this host. The zero value is sensible.
type Composer struct {
	// Cache keeps what was downloaded, for all builds; "" keeps nothing. What
	// plugins or scripts of a distribution run can write to it, so builds that
	// allow those have a cache of their own below it.
	Cache string
	// As is the user that composer runs as when distrobot runs as root; default
	// nobody.
	As *run.User
	// Limit bounds one run; default 30 minutes.
	Limit time.Duration
	// Env is what composer needs of the environment; nil is run.Environ().
	Env []string
}

// nobody is the user without rights on every Linux.
const nobody = 65534

// composer takes the tree of a commit and installs what its lock names.
type composer struct{ o Options }

// Type implements hosting.Source.
func (c *composer) Type() string { return "composer" }

// Fetch implements hosting.Source. Composer works on a copy that belongs to its
// own user; only what it leaves, checked like any foreign tree, becomes the
// platform.
func (c *composer) Fetch(ctx context.Context, p fleet.Platform, dir string, log func(string)) (err error) {
	scratch, err := c.scratch(p, dir)
	if err != nil {
		return hosting.Explain("make a directory for composer", err)
	}
	defer func() {
		err = errors.Join(err, os.RemoveAll(scratch))
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	tree := filepath.Join(scratch, "tree")
	if err := (&git{mirrors: c.o.Mirrors}).Fetch(ctx, p, tree, log); err != nil {
		return err
	}
	spec, err := hosting.ReadSpec(tree)
	if err != nil {
		return err
	}
	if err := checkComposer(tree, p.Source.Path, c.o.policy()); err != nil {
		return err
	}
	if err := c.install(ctx, installing{scratch: scratch, tree: tree, sub: p.Source.Path, url: p.URL, spec: spec, log: log}); err != nil {
		return hosting.Explain("run composer", err)
	}
	if err := dropHistory(tree); err != nil {
		return hosting.Explain("finish what composer left", err)
	}
	if err := checkTree(tree); err != nil {
		return err
	}
	return hosting.Explain("move what composer left", moveTree(ctx, tree, dir))
}

// user is whom composer runs as; nil is ourselves.
func (c *composer) user() *run.User {
	switch {
	case os.Geteuid() != 0:
		return nil
	case c.o.Composer.As != nil:
		return c.o.Composer.As
	}
	return &run.User{UID: nobody, GID: nobody}
}

// scratch makes the directory that composer works in: beside the stage, or in
// the directory for temporary files when another user has to get there. Its name
// is the platform's, so that what a killed build left is found and removed.
func (c *composer) scratch(p fleet.Platform, dir string) (string, error) {
	at := dir + ".composer"
	if c.user() != nil {
		at = filepath.Join(os.TempDir(), "distrobot-composer-"+string(p.Name))
	}
	if err := os.RemoveAll(at); err != nil {
		return "", err
	}
	return at, os.Mkdir(at, 0o700) // fails if somebody was faster: nobody can slip one in
}

// dropHistory removes the repositories that composer clones packages from: they
// would be served, and no two are alike.
func dropHistory(dir string) error {
	return filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.IsDir() || d.Name() != ".git" {
			return err
		}
		if err := os.RemoveAll(path); err != nil {
			return err
		}
		return filepath.SkipDir
	})
}

// moveTree makes tree the directory to, by a copy if it is on another volume.
func moveTree(ctx context.Context, tree, to string) error {
	if err := giveBack(tree); err != nil {
		return err
	}
	err := os.Rename(tree, to)
	if !errors.Is(err, syscall.EXDEV) {
		return err
	}
	c := copying{ctx: ctx, from: tree, to: to}
	return filepath.WalkDir(tree, c.entry)
}

// giveBack makes a tree ours again, the top first, so that the user it belonged
// to can change nothing after the check.
func giveBack(dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, 0, 0)
	})
}
