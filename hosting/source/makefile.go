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
func (d *drush) Fetch(ctx context.Context, p fleet.Platform, dir string, log func(string)) error {
	return d.FetchLocked(ctx, p, nil, dir, log)
}

// FetchLocked implements hosting.Refresher; lock nil is the one that the
// repository keeps, if it keeps one.
func (d *drush) FetchLocked(ctx context.Context, p fleet.Platform, lock []byte, dir string, log func(string)) (err error) {
	b, clean, err := d.begin(ctx, p, dir, log)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, clean())
		}
	}()
	if lock != nil {
		l, err := makefile.DecodeLock("that was refreshed", lock)
		if err != nil {
			return err
		}
		b.lock = &l
	}
	if err := d.build(ctx, b); err != nil {
		return hosting.Explain("build from the makefile", err)
	}
	return hosting.Explain("finish the platform", os.RemoveAll(b.work))
}

// A building is one build from a makefile.
type building struct {
	path string // of the makefile, in repo
	repo string // checkout of the distribution's repository
	dir  string // of the platform
	work string // for what is not placed yet
	log  func(string)
	lock *makefile.Lock // instead of the one that the repository keeps
	look *look          // set if nothing is built, but only looked what moved
}

// begin lays the repository out in a new directory; clean removes it.
func (d *drush) begin(ctx context.Context, p fleet.Platform, dir string, log func(string)) (b building, clean func() error, err error) {
	clean = func() error { return os.RemoveAll(dir) }
	switch {
	case p.URL == "":
		return b, clean, fleet.Errorf(fleet.Refused, "Platform %s has no repository to be built from.", p.Name)
	case p.Source.Path == "":
		return b, clean, fleet.Errorf(fleet.Refused, "The source of platform %s names no makefile.", p.Name).WithHint("Set it with edit DIST --source makefile:PATH.")
	}
	if err := d.o.Releases.Check(); err != nil {
		return b, clean, err
	}
	b = building{path: p.Source.Path, dir: dir, work: filepath.Join(dir, workDir), log: log}
	b.repo = filepath.Join(b.work, "repo")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return b, clean, hosting.Explain("make the platform's directory", err)
	}
	if err = os.Mkdir(b.work, 0o755); err != nil {
		err = hosting.Explain("make the platform's directory", err)
	} else {
		err = (&git{mirrors: d.o.Mirrors}).Fetch(ctx, p, b.repo, log)
	}
	if err != nil {
		return b, clean, errors.Join(err, clean())
	}
	return b, clean, nil
}

// A script is a makefile that was read, with what is needed to follow it.
type script struct {
	makefile.Makefile
	tree *tree // of the repository
	lay  *layout
}

// close ends the use of a script.
func (s *script) close() {
	if s.lay != nil {
		_ = s.lay.root.Close()
		s.lay.get.close()
	}
	_ = s.tree.Close()
}

// read reads the makefile of a building.
func (d *drush) read(ctx context.Context, b building) (_ *script, err error) {
	s := &script{}
	if s.tree, err = openTree(b.repo); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	get, err := newGetter(d.o, b)
	if err != nil {
		return nil, err
	}
	loader := makefile.Loader{Remote: get, Warn: b.log}
	if s.lay, err = newLayout(b, get, loader); err != nil {
		get.close()
		return nil, err
	}
	if s.Makefile, err = loader.Load(ctx, s.tree, b.path); err != nil {
		return nil, err
	}
	if len(s.Projects) == 0 || s.Projects[0].Kind != makefile.CoreKind {
		return nil, fleet.Errorf(fleet.Invalid, "The makefile %s names no core, so that there is nothing to serve.", fleet.Clean(b.path, 120)).
			WithHint("Add projects[drupal][version], or a project of type core.")
	}
	s.lay.core, s.lay.lock.Core = s.Core, s.Core.Major
	return s, nil
}

// build reads the makefile, lays out what it asks for, and writes the lock.
func (d *drush) build(ctx context.Context, b building) error {
	s, err := d.read(ctx, b)
	if err != nil {
		return err
	}
	defer s.close()
	if s.lay.get.lock = b.lock; b.lock == nil {
		if s.lay.get.lock, err = readLock(s.tree, b.path); err != nil {
			return err
		}
	}
	if err := s.lay.level(ctx, level{projects: s.Projects, base: s.Core.Base()}); err != nil {
		return err
	}
	if err := s.lay.finish(s.tree); err != nil {
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
