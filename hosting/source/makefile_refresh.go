package source

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/source/makefile"
	"github.com/distrobot/distrobot/internal/mirror"
)

// Refresh implements hosting.Refresher: it resolves the makefile of a platform
// anew, in a scratch directory, and compares with the lock of that platform. Only
// what moved is fetched, and what has a makefile of its own.
func (d *drush) Refresh(ctx context.Context, r hosting.Refreshing) (out hosting.Refreshed, err error) {
	before, err := d.lockOf(r.Tree)
	if err != nil {
		return out, err
	}
	b, clean, err := d.begin(ctx, r.Platform, r.Dir, r.Log)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, clean()) }()
	b.look = newLook(before)
	after, err := d.resolve(ctx, b)
	if err != nil {
		return out, hosting.Explain("resolve the makefile", err)
	}
	now, err := after.Encode()
	if err != nil {
		return out, err
	}
	was, err := before.Encode()
	if err != nil || bytes.Equal(was, now) {
		return out, err
	}
	out.Lock, out.Moves, out.Note = now, fleet.Moves(packagesOf(before), packagesOf(after)), b.look.note()
	d.countCommits(ctx, out.Moves, before, after)
	return out, nil
}

// lockOf reads the lock that a platform was built from.
func (d *drush) lockOf(dir string) (makefile.Lock, error) {
	t, err := openTree(dir)
	if err != nil {
		return makefile.Lock{}, err
	}
	defer t.Close()
	b, err := t.ReadFile(makefile.LockFile, makefile.MaxLock)
	if err != nil {
		return makefile.Lock{}, err
	}
	return makefile.DecodeLock(makefile.LockFile, b)
}

// resolve lays out what has moved and gives the lock of all.
func (d *drush) resolve(ctx context.Context, b building) (makefile.Lock, error) {
	s, err := d.read(ctx, b)
	if err != nil {
		return makefile.Lock{}, err
	}
	defer s.close()
	err = s.lay.level(ctx, level{projects: s.Projects, base: s.Core.Base()})
	return s.lay.lock, err
}

// A look is a resolution that fetches only what moved.
type look struct {
	was    makefile.Lock
	byKey  map[string]makefile.Locked
	parent map[string]bool // keys of projects that bring a makefile of their own

	mu    sync.Mutex
	notes []string
}

func newLook(was makefile.Lock) *look {
	l := &look{was: was, byKey: map[string]makefile.Locked{}, parent: map[string]bool{}}
	for _, p := range was.Projects {
		l.byKey[p.Key] = p
		for i := range p.Key {
			if p.Key[i] == '/' {
				l.parent[p.Key[:i]] = true
			}
		}
	}
	return l
}

// note says what would keep the refreshed lock from being built.
func (l *look) note() string { return strings.Join(l.notes, " ") }

// unmoved reports whether an item is what the former lock says, so that it need
// not be fetched to be known. A released archive is known by its address: one
// that changed under it is refused when it is built.
func (l *look) unmoved(it *item, w *wanted) bool {
	was, ok := l.byKey[it.key]
	if !ok || l.parent[it.key] || was.Asked != it.asked || was.URL != w.URL || was.Version != w.Version {
		return false
	}
	if w.repository() && was.Commit != w.Commit || w.repository() != (was.Commit != "") {
		return false
	}
	it.was, it.Kind, it.kept = was, was.Kind, true
	return true
}

// glance resolves an item for a look and fetches it only if it moved.
func (g *getter) glance(ctx context.Context, it *item, w *wanted) (done bool, err error) {
	switch {
	case !w.repository():
	case revision.MatchString(w.git.Revision):
		w.Commit = g.look.byKey[it.key].Commit // it does not move
	default:
		if err := g.pin(ctx, w); err != nil {
			return false, err
		}
	}
	if g.look.unmoved(it, w) {
		return true, nil
	}
	w.Commit = ""
	return false, nil
}

// patchFailed notes that a patch does not apply to what moved.
func (l *look) patchFailed(it *item, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.notes = append(l.notes, it.Name+": "+hosting.Sentence(err))
	if was := l.byKey[it.key]; was.Asked == it.asked {
		it.was.Patches = was.Patches
	}
}

// pin asks a repository what a download means now.
func (g *getter) pin(ctx context.Context, w *wanted) error {
	names := refNames(w.git)
	listing, err := g.o.Lister.List(ctx, mirror.Repo{URL: w.URL}, names)
	if err != nil {
		return err
	}
	for _, name := range names {
		if ref, ok := listing.Find(name); ok {
			w.Ref, w.Commit = name, ref.Commit()
			return nil
		}
	}
	return nil // the fetch says so in words
}

// packagesOf gives a lock's projects as packages.
func packagesOf(l makefile.Lock) []fleet.Package {
	out := make([]fleet.Package, 0, len(l.Projects))
	for _, p := range l.Projects {
		version := cmp.Or(p.Version, strings.TrimPrefix(strings.TrimPrefix(p.Ref, "refs/heads/"), "refs/tags/"))
		switch {
		case p.Commit != "" && !strings.HasPrefix(p.Ref, "refs/tags/"):
			version += "#" + fleet.ShortCommit(p.Commit)
		case version == "":
			version = short(p)
		}
		out = append(out, fleet.Package{Name: lastOf(p.Key), Type: string(p.Kind), Version: version, Parts: []string{p.Key}})
	}
	return out
}

// lastOf is a project's own name: keys begin with those of the projects whose
// makefiles name it.
func lastOf(key string) string {
	return key[strings.LastIndexByte(key, '/')+1:]
}

// countCommits says by how many commits development lines moved. What cannot be
// counted stays unknown.
func (d *drush) countCommits(ctx context.Context, moves []fleet.Move, before, after makefile.Lock) {
	for i := range moves {
		was, ok1 := byName(before, moves[i].Package)
		now, ok2 := byName(after, moves[i].Package)
		if !ok1 || !ok2 || was.Commit == "" || now.Commit == "" || was.URL != now.URL {
			continue
		}
		repo := mirror.Repo{URL: now.URL}
		if log, err := d.o.Mirrors.Log(ctx, repo, was.Commit, now.Commit, 1); err == nil && !log.Rewritten {
			moves[i].Commits = log.Total
		}
	}
}

func byName(l makefile.Lock, name string) (makefile.Locked, bool) {
	i := slices.IndexFunc(l.Projects, func(p makefile.Locked) bool { return lastOf(p.Key) == name })
	if i < 0 {
		return makefile.Locked{}, false
	}
	return l.Projects[i], true
}
