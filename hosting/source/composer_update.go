package source

import (
	"cmp"
	"context"
	"encoding/json"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/mirror"
)

// Refresh implements hosting.Refresher: it lets composer update the lock of a
// platform in a scratch copy of its repository, as strictly kept as a build, and
// compares the two locks itself. Nothing is installed.
func (c *composer) Refresh(ctx context.Context, r hosting.Refreshing) (hosting.Refreshed, error) {
	var out hosting.Refreshed
	before, err := lockOf(r.Tree, r.Platform.Source.Path)
	if err != nil {
		return out, err
	}
	p := r.Platform
	p.Name += ".+look" // another scratch directory than that of a build
	err = c.within(p, r.Dir, func(tree string) error {
		in, err := c.prepare(ctx, p, preparing{tree: tree, lock: before, log: r.Log})
		if err != nil {
			return err
		}
		if err := checkRepositories(tree, in.sub, c.o.policy()); err != nil {
			return err
		}
		if err := c.run(ctx, in, []string{"update", "--no-install", "--no-audit"}); err != nil {
			return hosting.Explain("run composer", err)
		}
		if err := giveBack(tree); err != nil {
			return hosting.Explain("take back what composer left", err)
		}
		if out.Lock, err = lockOf(tree, in.sub); err != nil {
			return err
		}
		if out.Moves, err = lockMoves(before, out.Lock, in.spec.Composer.Dev); err != nil {
			return err
		}
		if err := checkComposer(tree, in.sub, c.o.policy()); err != nil {
			out.Note = hosting.Sentence(err)
		}
		return nil
	})
	return out, err
}

// lockOf reads the lock of a tree.
func lockOf(dir, sub string) ([]byte, error) {
	t, err := openTree(dir)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	return t.ReadFile(path.Join(sub, "composer.lock"), maxComposer)
}

// replaceLock puts a lock in the place of the committed one.
func replaceLock(dir, sub string, lock []byte) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	name := path.Join(sub, "composer.lock")
	if err := root.RemoveAll(name); err != nil {
		return err
	}
	return root.WriteFile(name, lock, 0o644)
}

// checkRepositories refuses to have composer ask addresses that may not be
// asked: an update, unlike an install, contacts every repository that
// composer.json names, and by default the public one of composer.
func checkRepositories(dir, sub string, policy mirror.Policy) error {
	t, err := openTree(dir)
	if err != nil {
		return err
	}
	defer t.Close()
	b, err := t.ReadFile(path.Join(sub, "composer.json"), maxComposer)
	if err != nil {
		return err
	}
	var project struct {
		Repositories json.RawMessage `json:"repositories"`
	}
	if err := json.Unmarshal(b, &project); err != nil {
		return fleet.Errorf(fleet.Refused, "The file %s is not right.", path.Join(sub, "composer.json")).Because(err)
	}
	list, err := repositories(project.Repositories)
	if err != nil {
		return err
	}
	for _, r := range list {
		if err := checkOrigin(origin{Type: "git", URL: r}, sub, policy); err != nil {
			return fleet.Errorf(fleet.Refused, "composer.json, repository %s: %s", fleet.Clean(r, 100), explained(err)).Because(err)
		}
	}
	return nil
}

// repositories gives the addresses of a list or, as composer allows too, of a
// map of repositories. Packages written into composer.json itself have theirs in
// the lock, which is checked.
func repositories(raw json.RawMessage) ([]string, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var entries []json.RawMessage
	if json.Unmarshal(raw, &entries) != nil {
		var named map[string]json.RawMessage
		if err := json.Unmarshal(raw, &named); err != nil {
			return nil, fleet.Errorf(fleet.Refused, "The repositories of composer.json are neither a list nor a map.").Because(err)
		}
		for _, e := range named {
			entries = append(entries, e)
		}
	}
	var out []string
	for _, e := range entries {
		var r struct {
			URL string `json:"url"`
		}
		if json.Unmarshal(e, &r) == nil && r.URL != "" { // {"packagist": false} and the like have none
			out = append(out, r.URL)
		}
	}
	slices.Sort(out)
	return out, nil
}

// lockMoves compares two locks.
func lockMoves(before, after []byte, dev bool) ([]fleet.Move, error) {
	a, err := lockPackages(before, dev)
	if err != nil {
		return nil, err
	}
	b, err := lockPackages(after, dev)
	return fleet.Moves(a, b), err
}

// lockPackages reads the packages of a lock, as comparisons need them. Of a line
// of development the commit counts.
func lockPackages(lock []byte, dev bool) ([]fleet.Package, error) {
	type entry struct {
		Name    string `json:"name"`
		Version string `json:"version"`
		Source  struct {
			Reference string `json:"reference"`
		} `json:"source"`
		Dist struct {
			Reference string `json:"reference"`
		} `json:"dist"`
	}
	var l struct {
		Packages    []entry `json:"packages"`
		PackagesDev []entry `json:"packages-dev"`
	}
	if err := json.Unmarshal(lock, &l); err != nil {
		return nil, fleet.Errorf(fleet.Failed, "The lock that composer left cannot be read.").Because(err)
	}
	if dev {
		l.Packages = append(l.Packages, l.PackagesDev...)
	}
	out := make([]fleet.Package, 0, len(l.Packages))
	for _, e := range l.Packages {
		version := strings.TrimPrefix(e.Version, "v")
		line := strings.HasPrefix(version, "dev-") || strings.HasSuffix(version, "-dev")
		if ref := cmp.Or(e.Source.Reference, e.Dist.Reference); line && ref != "" {
			version += "#" + fleet.ShortCommit(ref)
		}
		out = append(out, fleet.Package{Name: fleet.Clean(e.Name, 120), Type: "library", Version: fleet.Clean(version, 80)})
	}
	return out, nil
}
