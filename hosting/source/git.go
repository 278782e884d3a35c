package source

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/mirror"
)

// git takes the tree of a commit as it is.
type git struct {
	mirrors *mirror.Store
	share   mirror.Share // with the earlier tree of a distribution
}

// A compile-time reminder of what git can do besides.
var _ hosting.Successor = (*git)(nil)

// Type implements hosting.Source.
func (g *git) Type() string { return "git" }

// Fetch implements hosting.Source. What is fetched is the hash that people were
// shown; the name may have moved since.
func (g *git) Fetch(ctx context.Context, p fleet.Platform, dir string, log func(string)) error {
	return g.FetchBeside(ctx, p, "", dir, log)
}

// FetchBeside implements hosting.Successor. Whatever the earlier tree is, only
// files of it are used that are, byte by byte, what the commit has.
func (g *git) FetchBeside(ctx context.Context, p fleet.Platform, earlier, dir string, log func(string)) error {
	if p.URL == "" {
		return fleet.Errorf(fleet.Refused, "Platform %s has no repository to be built from.", p.Name)
	}
	repo := mirror.Repo{URL: p.URL}
	want := mirror.Ref{Name: p.Ref.Name, Hash: p.Ref.Hash}
	if want.Hash == "" {
		want.Hash = p.Ref.Commit
	}
	if p.Ref.Commit != want.Hash {
		want.Peeled = p.Ref.Commit
	}
	if err := g.mirrors.Fetch(ctx, repo, want); err != nil {
		return explain(err)
	}
	tree, err := g.mirrors.Lay(ctx, mirror.Layout{Repo: repo, Commit: want.Commit(), Dir: dir, Beside: earlier, Share: g.share, Log: log})
	if err == nil && tree.Shared > 0 {
		log(fmt.Sprintf("%d of %d files are those of %s.", tree.Shared, tree.Files, filepath.Base(earlier)))
	}
	return explain(err)
}

// explain makes errors of the mirror fit for people.
func explain(err error) error {
	var refused *mirror.Refused
	var failed *mirror.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused):
		return fleet.Errorf(fleet.Refused, "%s", refused.Reason).WithHint("%s", refused.Hint).Because(err)
	case errors.As(err, &failed):
		return fleet.Errorf(fleet.Failed, "%s", failed.Text).WithHint("%s", failed.Hint).Because(err)
	}
	return hosting.Explain("fetch the code", err)
}
