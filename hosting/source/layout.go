package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/source/makefile"
)

// Bounds of a layout.
const (
	maxLevels    = 6 // makefiles of projects of makefiles of …
	maxProjects  = 5000
	atOnce       = 4 // downloads
	maxSpecBytes = 64 << 10
)

// A layout puts projects into their places, one makefile after the other.
type layout struct {
	building
	core   makefile.Core
	get    *getter
	loader makefile.Loader
	root   *os.Root // the platform
	seen   map[string]bool
	lock   makefile.Lock
}

func newLayout(b building, get *getter, l makefile.Loader) (*layout, error) {
	root, err := os.OpenRoot(b.dir)
	if err != nil {
		return nil, err
	}
	return &layout{building: b, get: get, loader: l, root: root, seen: map[string]bool{}}, nil
}

// A level is what one makefile asks for.
type level struct {
	projects []makefile.Project
	base     string // where its modules go
	prefix   string // of keys in the lock
	depth    int
}

// An item is a project with what was fetched for it.
type item struct {
	makefile.Project
	key   string // in the lock
	asked string // Project.Asked, before anything was found out
	dir   string // its content, not placed yet
	was   makefile.Locked
	kept  bool // as the lock before, and not fetched: see look
}

// level fetches the projects of one makefile, several at once, and then places
// them in their order, so that the result never depends on who was faster. What
// was defined earlier, by name, is left out, as drush does.
func (l *layout) level(ctx context.Context, v level) error {
	var items []*item
	for _, p := range v.projects {
		if l.seen[p.Key()] {
			l.log(fmt.Sprintf("%s: %s is defined already and is left out here.", p.Pos, p.Name))
			continue
		}
		if v.depth > 0 && p.Kind == makefile.CoreKind {
			return p.Pos.Refuse("a project's own makefile brings a second core, %s", p.Name)
		}
		if len(l.seen) == maxProjects {
			return p.Pos.Refuse("the platform has more than %d projects", maxProjects)
		}
		l.seen[p.Key()] = true
		items = append(items, &item{Project: p, key: v.prefix + p.Key(), asked: p.Asked()})
	}
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, it := range items {
		it.dir = filepath.Join(l.work, fmt.Sprintf("item-%d-%d", len(l.lock.Projects), i))
		group.Go(func() error { return l.get.fetch(inner, it, l.core) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, it := range items {
		if err := l.settle(ctx, it, v); err != nil {
			return err
		}
	}
	for _, it := range items {
		if err := l.recurse(ctx, it, v); err != nil {
			return err
		}
	}
	return nil
}

// settle patches an item and moves it to its place.
func (l *layout) settle(ctx context.Context, it *item, v level) error {
	if it.kept {
		l.lock.Projects = append(l.lock.Projects, it.was)
		return nil
	}
	if it.Kind == makefile.Unknown {
		if it.Kind = detect(it.dir, it.Name); it.Kind == makefile.CoreKind {
			return it.Pos.Refuse("%s is a second core", it.Name)
		}
	}
	if err := l.get.patch(ctx, it); err != nil {
		if l.look == nil || ctx.Err() != nil {
			return err
		}
		l.look.patchFailed(it, err)
	}
	if err := l.get.brand(ctx, it); err != nil {
		return err
	}
	it.was.Key, it.was.Kind, it.was.Asked, it.was.Note = it.key, it.Kind, it.asked, it.Locked
	it.was.Path = it.Place(v.base)
	l.log(fmt.Sprintf("%s %s -> %s", it.Name, orDefault(it.was.Version, short(it.was)), orDefault(it.was.Path, ".")))
	l.lock.Projects = append(l.lock.Projects, it.was)
	if it.was.Path == "" {
		return l.placeCore(it)
	}
	if _, err := l.root.Lstat(it.was.Path); !errors.Is(err, fs.ErrNotExist) {
		return it.Pos.Refuse("%s goes to %s, where there is something already", it.Name, fleet.Clean(it.was.Path, 120))
	}
	if err := l.root.MkdirAll(path.Dir(it.was.Path), 0o755); err != nil {
		return it.Pos.Refuse("%s cannot be put into %s, which is no directory", it.Name, fleet.Clean(path.Dir(it.was.Path), 120)).Because(err)
	}
	return l.move(it.dir, it.was.Path)
}

// move renames a directory of the work directory into the platform, through the
// platform's root, so that no link leads the rename astray.
func (l *layout) move(from, to string) error {
	rel, err := filepath.Rel(l.dir, from)
	if err != nil {
		return err
	}
	return l.root.Rename(rel, to)
}

// placeCore moves what the core consists of to the top of the platform.
func (l *layout) placeCore(it *item) error {
	entries, err := os.ReadDir(it.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == workDir {
			return it.Pos.Refuse("the core holds a directory %s", workDir)
		}
		if err := l.move(filepath.Join(it.dir, e.Name()), e.Name()); err != nil {
			return err
		}
	}
	return nil
}

// recurse reads the makefile that a placed project brings along. A profile that
// was taken as a release archive has its projects in it.
func (l *layout) recurse(ctx context.Context, it *item, v level) error {
	if it.kept {
		return nil
	}
	released := it.Download.Type == "" && it.was.Commit == ""
	if it.NoRecursion || it.Kind == makefile.CoreKind || it.Kind == makefile.Library || it.Kind == makefile.Profile && released {
		return nil
	}
	sub, err := l.root.OpenRoot(it.was.Path)
	if err != nil {
		return err
	}
	own := &tree{root: sub}
	defer own.Close()
	for _, name := range it.Own() {
		if _, err := sub.Lstat(name); err != nil {
			continue
		}
		if v.depth+1 >= maxLevels {
			return it.Pos.Refuse("makefiles of projects are nested more than %d deep", maxLevels)
		}
		l.log(fmt.Sprintf("%s brings its own makefile, %s.", it.Name, name))
		m, err := l.loader.Load(ctx, own, name)
		if err != nil {
			return inside(it.Project, err)
		}
		if m.Core.Major != l.core.Major {
			return it.Pos.Refuse("the makefile of %s is for core %s, the platform is %s", it.Name, m.Core.Major, l.core.Major)
		}
		next := level{projects: m.Projects, base: it.Inside(v.base), prefix: it.key + "/", depth: v.depth + 1}
		return inside(it.Project, l.level(ctx, next))
	}
	return nil
}

// inside says whose own makefile an error is about.
func inside(p makefile.Project, err error) error {
	var e *fleet.Error
	if !errors.As(err, &e) {
		return err
	}
	hint := orDefault(e.Hint, "To leave that makefile out, set do_recursion of "+p.Name+" to FALSE.")
	return fleet.Errorf(e.Code, "In the makefile of %s: %s", p.Name, e.Text).WithHint("%s", hint).Because(err)
}

// finish writes the lock and takes distrobot's own files from the repository.
func (l *layout) finish(repo *tree) error {
	b, err := l.lock.Encode()
	if err != nil {
		return err
	}
	if l.get.lock != nil {
		want, err := l.get.lock.Encode()
		if err != nil {
			return err
		}
		if !bytes.Equal(want, b) {
			return errStale(l.path)
		}
	}
	if err := l.root.WriteFile(makefile.LockFile, b, 0o644); err != nil {
		return err
	}
	spec, err := repo.ReadFile(hosting.SpecFile, maxSpecBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := l.root.RemoveAll(hosting.SpecFile); err != nil {
		return err
	}
	if err := l.root.WriteFile(hosting.SpecFile, spec, 0o644); err != nil {
		return err
	}
	info, err := repo.root.Lstat(ownDir)
	if err != nil || !info.IsDir() {
		return nil
	}
	if _, err := l.root.Lstat(ownDir); err == nil {
		return fleet.Errorf(fleet.Refused, "Both the repository and the core have a directory %s.", ownDir)
	}
	return l.move(filepath.Join(l.repo, ownDir), ownDir)
}

// ownDir is the directory of a repository with a makefile that comes into the
// platform: what distrobot.yml names, such as templates and programs.
const ownDir = "distrobot"

func errStale(name string) error {
	return fleet.Errorf(fleet.Refused, "The lock %s does not fit the makefile any more.", fleet.Clean(name+makefile.LockSuffix, 120)).
		WithHint("Delete it and build; the new one is %s of that platform.", makefile.LockFile)
}

// short says a locked project's version where it has no name.
func short(w makefile.Locked) string {
	if w.Commit != "" {
		return fleet.ShortCommit(w.Commit)
	}
	return "sha256:" + w.SHA256[:min(len(w.SHA256), 7)]
}

func orDefault(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
