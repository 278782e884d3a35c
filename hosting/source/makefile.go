package source

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/source/makefile"
)

// drush builds a platform from a drush makefile in a repository.
type drush struct{ o Options }

// Type implements hosting.Source.
func (d *drush) Type() string { return "makefile" }

// workDir is where a build keeps what it has not placed yet, inside the stage:
// whatever clears a stage clears it too.
const workDir = ".distrobot-build"

// Fetch implements hosting.Source. Of the repository itself only the makefile's
// files, distrobot.yml and the directory distrobot beside it come into the
// platform: the rest is what the makefile names.
func (d *drush) Fetch(ctx context.Context, p fleet.Platform, dir string, log func(string)) (err error) {
	if p.URL == "" {
		return fleet.Errorf(fleet.Refused, "Platform %s has no repository to be built from.", p.Name)
	}
	if p.Source.Path == "" {
		return fleet.Errorf(fleet.Refused, "The source of platform %s names no makefile.", p.Name).WithHint("Set it with edit DIST --source makefile:PATH.")
	}
	if err := d.o.Releases.Check(); err != nil {
		return err
	}
	work := filepath.Join(dir, workDir)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return hosting.Explain("make the platform's directory", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	if err := os.Mkdir(work, 0o755); err != nil {
		return hosting.Explain("make the platform's directory", err)
	}
	repo := filepath.Join(work, "repo")
	if err := (&git{mirrors: d.o.Mirrors}).Fetch(ctx, p, repo, log); err != nil {
		return err
	}
	if err := d.build(ctx, building{path: p.Source.Path, repo: repo, dir: dir, work: work, log: log}); err != nil {
		return hosting.Explain("build from the makefile", err)
	}
	return hosting.Explain("finish the platform", os.RemoveAll(work))
}

// A building is one build from a makefile.
type building struct {
	path string // of the makefile, in repo
	repo string // checkout of the distribution's repository
	dir  string // of the platform
	work string // for what is not placed yet
	log  func(string)
}

// build reads the makefile, lays out what it asks for, and writes the lock.
func (d *drush) build(ctx context.Context, b building) error {
	tree, err := openTree(b.repo)
	if err != nil {
		return err
	}
	defer tree.Close()
	get, err := newGetter(d.o, b)
	if err != nil {
		return err
	}
	defer get.close()
	loader := makefile.Loader{Remote: get, Warn: b.log}
	m, err := loader.Load(ctx, tree, b.path)
	if err != nil {
		return err
	}
	if len(m.Projects) == 0 || m.Projects[0].Kind != makefile.CoreKind {
		return fleet.Errorf(fleet.Invalid, "The makefile %s names no core, so that there is nothing to serve.", fleet.Clean(b.path, 120)).
			WithHint("Add projects[drupal][version], or a project of type core.")
	}
	lay, err := newLayout(b, m.Core, get, loader)
	if err != nil {
		return err
	}
	defer lay.root.Close()
	if get.lock, err = readLock(tree, b.path); err != nil {
		return err
	}
	if err := lay.level(ctx, level{projects: m.Projects, base: m.Core.Base()}); err != nil {
		return err
	}
	if err := lay.finish(tree); err != nil {
		return err
	}
	return checkTree(b.dir)
}

// readLock reads the lock that the repository keeps for its makefile; nil
// without one.
func readLock(tree *tree, name string) (*makefile.Lock, error) {
	b, err := tree.ReadFile(name+makefile.LockSuffix, makefile.MaxLock)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	l, err := makefile.DecodeLock(name+makefile.LockSuffix, b)
	return &l, err
}
