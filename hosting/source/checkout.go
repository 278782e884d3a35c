package source

import (
	"context"
	"regexp"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting/source/makefile"
	"github.com/distrobot/distrobot/internal/mirror"
)

// checkout fetches a project's repository and lays its commit out in it.dir.
func (g *getter) checkout(ctx context.Context, it *item, w *wanted) error {
	commit, err := g.commit(ctx, w)
	if err != nil {
		return err
	}
	if w.Commit != "" && w.Commit != commit {
		return fleet.Errorf(fleet.Refused, "%s of %s has moved to another commit than the lock says.", fleet.Clean(w.Ref, 100), it.Name).
			WithHint("Find out why before you trust it.")
	}
	w.Commit = commit
	if w.git.Subtree != "" {
		return fleet.Errorf(fleet.Refused, "A download by git has no subtree.")
	}
	_, err = g.o.Mirrors.Checkout(ctx, mirror.Repo{URL: w.URL}, commit, it.dir)
	return err
}

// commit finds the commit that a download means and fetches it. Only what the
// repository lists is ever fetched: a host may serve the commits of strangers
// under its address.
func (g *getter) commit(ctx context.Context, w *wanted) (string, error) {
	d := w.git
	if w.Commit != "" && w.Ref != "" && !strings.HasPrefix(w.Ref, "refs/tags/") {
		d = makefile.Download{Type: makefile.Git, Refspec: w.Ref, Revision: w.Commit} // a branch may have gone on
	}
	repo := mirror.Repo{URL: w.URL}
	if d.Revision != "" && revision.MatchString(d.Revision) {
		return g.revision(ctx, repo, d, w)
	}
	names := refNames(d)
	listing, err := g.o.Lister.List(ctx, repo, names)
	if err != nil {
		return "", err
	}
	for _, name := range names {
		if ref, ok := listing.Find(name); ok {
			w.Ref = name
			return ref.Commit(), g.o.Mirrors.Fetch(ctx, repo, ref)
		}
	}
	return "", fleet.Errorf(fleet.NotFound, "The repository has no %s.", fleet.Clean(strings.Join(names, " and no "), 200))
}

// revision is a commit in full or its beginning.
var revision = regexp.MustCompile(`^[0-9a-f]{7,64}$`)

// refNames are the full names that a download may mean, in the order they are
// tried.
func refNames(d makefile.Download) []string {
	switch {
	case d.Refspec != "":
		return []string{d.Refspec}
	case d.Tag != "":
		return []string{"refs/tags/" + d.Tag}
	case d.Revision != "": // drush takes any name there
		return []string{"refs/tags/" + d.Revision, "refs/heads/" + d.Revision}
	case d.Branch != "":
		return []string{"refs/heads/" + d.Branch}
	}
	return []string{"HEAD"}
}

// maxTips bounds the refs that are fetched in search of a commit.
const maxTips = 60

// revision fetches the ref that a commit is on: the one that is named beside it,
// one that points to it, or else HEAD and all branches in turn.
func (g *getter) revision(ctx context.Context, repo mirror.Repo, d makefile.Download, w *wanted) (string, error) {
	// The lock names the ref only if the makefile does: which one the commit was
	// found on depends on what was fetched before, and a lock must not.
	var names []string
	if named := d; named.Refspec+named.Tag+named.Branch != "" {
		named.Revision = ""
		names = refNames(named)
		w.Ref = names[0]
	}
	if commit, err := g.o.Mirrors.Find(ctx, repo, d.Revision); err == nil && commit == d.Revision {
		return commit, nil // fetched earlier: no network
	}
	listing, err := g.o.Lister.List(ctx, repo, names)
	if err != nil {
		return "", err
	}
	for _, ref := range tips(listing.Refs, d.Revision, len(names) > 0) {
		if err := g.o.Mirrors.Fetch(ctx, repo, ref); err != nil {
			return "", err
		}
		commit, err := g.o.Mirrors.Find(ctx, repo, d.Revision)
		if err == nil {
			return commit, nil
		}
		if !mirror.Is(err, mirror.Gone) {
			return "", err
		}
	}
	return "", fleet.Errorf(fleet.NotFound, "The repository has no commit %s.", fleet.Clean(d.Revision, 64)).
		WithHint("Name the branch that it is on beside the revision.")
}

// tips orders refs by how likely they lead to a commit: those that point to it,
// HEAD, and the branches. Refs that were asked for by name are all taken.
func tips(refs []mirror.Ref, commit string, named bool) []mirror.Ref {
	var exact, head, rest []mirror.Ref
	for _, r := range refs {
		switch {
		case strings.HasPrefix(r.Commit(), commit):
			exact = append(exact, r)
		case r.Name == "HEAD":
			head = append(head, r)
		case named || strings.HasPrefix(r.Name, "refs/heads/"):
			rest = append(rest, r)
		}
	}
	if len(exact) > 0 {
		return exact[:1]
	}
	rest = append(head, rest...)
	return rest[:min(len(rest), maxTips)]
}

// tags lists the short names of a repository's tags.
func (g *getter) tags(ctx context.Context, url string) ([]string, error) {
	listing, err := g.o.Lister.List(ctx, mirror.Repo{URL: url}, []string{"refs/tags/"})
	if err != nil {
		return nil, err
	}
	var out []string
	for _, r := range listing.Refs {
		out = append(out, strings.TrimPrefix(r.Name, "refs/tags/"))
	}
	return out, nil
}

// Repository implements makefile.Remote.
func (g *getter) Repository(ctx context.Context, d makefile.Download) (makefile.Tree, error) {
	if d.URL == "" {
		return nil, fleet.Errorf(fleet.Invalid, "The include has no url.")
	}
	w := &wanted{Locked: makefile.Locked{URL: g.o.policy().Upgrade(d.URL)}, git: d}
	commit, err := g.commit(ctx, w)
	if err != nil {
		return nil, explain(err)
	}
	dir := g.temp("include")
	if _, err := g.o.Mirrors.Checkout(ctx, mirror.Repo{URL: w.URL}, commit, dir); err != nil {
		return nil, explain(err)
	}
	t, err := openTree(dir)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.trees = append(g.trees, t)
	return t, nil
}
