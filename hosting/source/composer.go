package source

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
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
	// Memory bounds the data memory of each program of one run, in bytes; 0 is no
	// bound.
	Memory int64
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
func (c *composer) Fetch(ctx context.Context, p fleet.Platform, dir string, log func(string)) error {
	return c.FetchLocked(ctx, p, nil, dir, log)
}

// FetchLocked implements hosting.Refresher; lock nil is the committed one.
func (c *composer) FetchLocked(ctx context.Context, p fleet.Platform, lock []byte, dir string, log func(string)) error {
	return c.within(p, dir, func(tree string) error {
		in, err := c.prepare(ctx, p, preparing{tree: tree, lock: lock, log: log})
		if err != nil {
			return err
		}
		if err := c.install(ctx, in); err != nil {
			return hosting.Explain("run composer", err)
		}
		if err := giveBack(tree); err != nil {
			return hosting.Explain("take back what composer left", err)
		}
		if err := errors.Join(os.RemoveAll(filepath.Join(tree, workDir)), dropHistory(tree)); err != nil {
			return hosting.Explain("finish what composer left", err)
		}
		if err := checkTree(tree); err != nil {
			return err
		}
		return hosting.Explain("move what composer left", moveTree(ctx, tree, dir))
	})
}

// within gives work a place for its tree, and clears it away afterwards; dir too
// if the work failed.
func (c *composer) within(p fleet.Platform, dir string, work func(tree string) error) (err error) {
	scratch, tree, err := c.places(p, dir)
	if err != nil {
		return hosting.Explain("make a directory for composer", err)
	}
	defer func() {
		err = errors.Join(err, os.RemoveAll(scratch))
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	return work(tree)
}

// A preparing says what composer is to work on.
type preparing struct {
	tree string
	lock []byte // nil is the committed one
	log  func(string)
}

// prepare lays the repository out and refuses what composer must not do.
func (c *composer) prepare(ctx context.Context, p fleet.Platform, w preparing) (installing, error) {
	in := installing{tree: w.tree, sub: p.Source.Path, url: p.URL, log: w.log}
	if err := (&git{mirrors: c.o.Mirrors}).Fetch(ctx, p, w.tree, w.log); err != nil {
		return in, err
	}
	if err := os.Mkdir(filepath.Join(w.tree, workDir), 0o700); err != nil {
		return in, hosting.Explain("make a directory for composer", err)
	}
	if w.lock != nil {
		if err := replaceLock(w.tree, in.sub, w.lock); err != nil {
			return in, hosting.Explain("put the refreshed lock in its place", err)
		}
	}
	var err error
	if in.spec, err = hosting.ReadSpec(w.tree); err != nil {
		return in, err
	}
	return in, checkComposer(w.tree, in.sub, c.o.policy())
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

// places says where composer works: in the stage itself, or, when another user
// has to get there, below a directory for temporary files. That one's name is of
// the platform and of the directory of platforms, so that what a killed build
// left is found and removed, and another worker's is not.
func (c *composer) places(p fleet.Platform, dir string) (scratch, tree string, err error) {
	if c.user() == nil {
		return filepath.Join(dir, workDir), dir, nil
	}
	sum := sha256.Sum256([]byte(filepath.Dir(dir)))
	scratch = filepath.Join(os.TempDir(), fmt.Sprintf("distrobot-composer-%x-%s", sum[:6], p.Name))
	if err := os.RemoveAll(scratch); err != nil {
		return "", "", err
	}
	err = os.Mkdir(scratch, 0o711) // fails if somebody was faster: nobody can slip one in
	return scratch, filepath.Join(scratch, "tree"), err
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
	if tree == to {
		return nil
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
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	return filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, 0, 0)
	})
}
