package source

import (
	"context"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/source/makefile"
)

// A wanted is where one project comes from. Before it is fetched its Commit or
// SHA256 is known only from a lock.
type wanted struct {
	makefile.Locked
	local string            // file or directory of this host
	sums  makefile.Sums     // that the makefile gives
	git   makefile.Download // of a repository: what to look for there
}

func (w *wanted) repository() bool { return w.git.Type == makefile.Git }

// Prefixes of addresses that only a host or a repository knows; they stand in
// locks in the place of a path.
const (
	fromReleases = "releases:" // the directory of releases
	fromRepo     = "copy:"     // the makefile's repository
)

// want decides where a project comes from: from where the lock says, if there
// is one, else from where the makefile says.
func (g *getter) want(ctx context.Context, it *item, core makefile.Core) (*wanted, error) {
	if g.lock == nil {
		return g.choose(ctx, it, core)
	}
	l, ok := g.lock.Find(it.key)
	if !ok || l.Asked != it.asked {
		return nil, fleet.Errorf(fleet.Refused, "The lock does not fit what the makefile says of %s.", it.Name).
			WithHint("Delete the lock and build; the new one is %s of that platform.", makefile.LockFile)
	}
	w := &wanted{Locked: makefile.Locked{Version: l.Version, URL: l.URL, Ref: l.Ref, Commit: l.Commit, SHA256: l.SHA256, Subtree: it.Download.Subtree}, sums: it.Download.Sums}
	name, released := strings.CutPrefix(l.URL, fromReleases)
	switch {
	case l.Commit != "":
		if w.git = (makefile.Download{Type: makefile.Git, Refspec: l.Ref}); l.Ref == "" {
			w.git.Revision = l.Commit
		}
	case it.Download.Type == makefile.Copy:
		return w, g.copied(it, w)
	case released && !g.o.Releases.local():
		return nil, fleet.Errorf(fleet.Refused, "The lock takes %s from a directory of releases, and this host has none.", it.Name).
			WithHint("Set DISTROBOT_RELEASES there.")
	case released:
		w.local = filepath.Join(g.o.Releases.Archive, path.Base(name))
	}
	return w, nil
}

// choose reads the makefile's words.
func (g *getter) choose(ctx context.Context, it *item, core makefile.Core) (*wanted, error) {
	d := it.Download
	w := &wanted{Locked: makefile.Locked{Version: it.Version, URL: g.o.policy().Upgrade(d.URL), Subtree: d.Subtree}, sums: d.Sums}
	switch d.Type {
	case makefile.Git:
		return g.fromGit(it, w, core)
	case makefile.Get, makefile.File:
		return w, nil
	case makefile.Copy:
		return w, g.copied(it, w)
	}
	if it.Version == "" {
		version, err := g.newest(ctx, it.Project, core)
		if err != nil {
			return nil, err
		}
		it.Version = version
		defer func() { it.Version = "" }() // what the makefile said stays what it was
	}
	return g.released(it, makefile.ReleaseOf(it.Project, core))
}

// released finds a release at the release source.
func (g *getter) released(it *item, rel makefile.Release) (*wanted, error) {
	r := g.o.Releases
	w := &wanted{Locked: makefile.Locked{Version: rel.Label}}
	switch {
	case r.local():
		name, err := r.inDirectory(rel)
		if err == nil {
			w.URL, w.local = fromReleases+name, filepath.Join(r.Archive, name)
		}
		if err == nil || rel.Branch == "" || r.Git == "" {
			return w, err
		}
	case r.Archive != "" && (rel.Branch == "" || r.Git == ""):
		w.URL = fill(r.Archive, rel)
		return w, nil
	case r.Git == "":
		return nil, fleet.Errorf(fleet.Refused, "This host knows no place for releases, so %s has to say where it is downloaded.", it.Name).
			WithHint("Set DISTROBOT_RELEASES there, or add download keys to the makefile.")
	}
	w.URL = fill(r.Git, rel)
	w.git = makefile.Download{Type: makefile.Git, Tag: rel.Label}
	if rel.Branch != "" {
		w.git = makefile.Download{Type: makefile.Git, Branch: rel.Branch}
	}
	return w, nil
}

// fromGit completes a download by git: without an address it is the project's
// repository at the release source, and a version stands for its tag or branch.
func (g *getter) fromGit(it *item, w *wanted, core makefile.Core) (*wanted, error) {
	d := it.Download
	rel := makefile.ReleaseOf(it.Project, core)
	if w.URL == "" {
		if g.o.Releases.Git == "" {
			return nil, fleet.Errorf(fleet.Refused, "The download of %s has no url, and this host knows no place for repositories.", it.Name).
				WithHint("Set DISTROBOT_RELEASES_GIT there, or add the url.")
		}
		w.URL = fill(g.o.Releases.Git, rel)
	}
	if d.Branch+d.Tag+d.Revision+d.Refspec == "" && it.Version != "" {
		if d.Tag = rel.Label; rel.Branch != "" {
			d.Tag, d.Branch = "", rel.Branch
		}
	}
	if w.Version == "" {
		w.Version = d.Tag
	}
	w.git = d
	return w, nil
}

// copied takes a path of the makefile's own repository.
func (g *getter) copied(it *item, w *wanted) error {
	name := path.Join(path.Dir(it.Download.Pos.File), it.Download.URL)
	if t, ok := it.Download.Pos.Tree.(*tree); !ok || path.IsAbs(it.Download.URL) {
		return fleet.Errorf(fleet.Refused, "%q is not a path inside the repository.", fleet.Clean(it.Download.URL, 100))
	} else if _, err := t.root.Stat(name); err != nil {
		return fleet.Errorf(fleet.Refused, "There is no %q inside the repository.", fleet.Clean(it.Download.URL, 100)).Because(err)
	} else {
		w.local = filepath.Join(t.root.Name(), name)
	}
	w.URL = fromRepo + name
	return nil
}

// copyDir copies a directory of this host, whose content counts as its checksum.
func (w *wanted) copyDir(ctx context.Context, it *item) error {
	c := copying{ctx: ctx, from: w.local, to: it.dir}
	if err := filepath.WalkDir(w.local, c.entry); err != nil {
		return err
	}
	if w.Subtree != "" || !w.sums.Empty() {
		return fleet.Errorf(fleet.Refused, "A directory has neither a subtree nor a checksum.")
	}
	digest, _, err := hosting.TreeDigest(it.dir)
	if err != nil {
		return err
	}
	if w.SHA256 != "" && w.SHA256 != digest {
		return fleet.Errorf(fleet.Refused, "The directory %s is not what the lock says.", fleet.Clean(w.URL, 200))
	}
	w.SHA256 = digest
	return nil
}

// newest finds out which release is the newest.
func (g *getter) newest(ctx context.Context, p makefile.Project, core makefile.Core) (string, error) {
	r := g.o.Releases
	var labels []string
	var err error
	switch {
	case r.local():
		labels, err = r.versionsIn(p.Name)
	case r.Git != "":
		labels, err = g.tags(ctx, fill(r.Git, makefile.Release{Project: p.Name, Core: core.Major}))
	default:
		return "", fleet.Errorf(fleet.Refused, "%s has no version, and an archive cannot tell which is the newest.", p.Name).
			WithHint("Say the version, or set DISTROBOT_RELEASES_GIT on the host.")
	}
	if err != nil {
		return "", err
	}
	label := newest(labels, p, core)
	if label == "" {
		return "", fleet.Errorf(fleet.NotFound, "There is no release of %s for core %s.", p.Name, core.Major)
	}
	return label, nil
}

var safeName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.+@-]{0,127}$`)

// fileName is what a single file is called: as the makefile says, or as its
// address ends.
func fileName(d makefile.Download, address string) (string, error) {
	name := d.Filename
	if name == "" {
		if u, err := url.Parse(address); err == nil {
			name = path.Base(u.Path)
		}
	}
	if !safeName.MatchString(name) {
		return "", fleet.Errorf(fleet.Refused, "The file at %s has no usable name.", fleet.Clean(address, 200)).WithHint("Add download[filename].")
	}
	return name, nil
}
