package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/internal/mirror/sample"
	"github.com/distrobot/distrobot/internal/run"
)

// gitBuild compares the second build of a distribution of the size of Drupal
// with unpacking the same tree from a tar file in the page cache. Ours is the
// whole of it: the fetch of the new tag into the mirror, the checks, the
// checkout. Both end with a sync of the volume.
func gitBuild() Measurement {
	return Measurement{Names: []string{"build-copy"}, Memory: true, Run: runGitBuild}
}

func runGitBuild(ctx context.Context, b *B) ([]Row, error) {
	d, err := makeDistribution(ctx, b.Dir)
	if err != nil {
		return nil, err
	}
	server, err := serveGit(b.Dir)
	if err != nil {
		return nil, err
	}
	defer server.Close()
	build := &gitBuilder{dir: b.Dir, repo: mirror.Repo{URL: server.URL + "/big.git"}, distribution: d}
	if err := build.first(ctx); err != nil {
		return nil, err
	}
	medians, err := Interleave(ctx, 5,
		Contender{Name: "ours", Prepare: build.prepare, Run: build.run},
		Contender{Name: "tar x", Prepare: build.clear, Run: build.tar})
	if err != nil {
		return nil, err
	}
	b.Note("build-copy %d files, %d MB, synced: ours %.0f ms, tar x %.0f ms",
		build.tree.Files, build.tree.Bytes/1e6, ms(medians[0]), ms(medians[1]))
	return []Row{{Name: "build-copy", Value: medians[0].Seconds() / medians[1].Seconds(), Bound: 1.3}}, nil
}

// gitBuilder holds what the rounds of one run share.
type gitBuilder struct {
	dir  string
	repo mirror.Repo
	distribution
	tree mirror.Tree
}

func (g *gitBuilder) store(name string) *mirror.Store {
	return &mirror.Store{Dir: filepath.Join(g.dir, name), Policy: loopback}
}

// first brings the old tag into a mirror that each round starts from, and makes
// the tar file from a build of the new one.
func (g *gitBuilder) first(ctx context.Context) error {
	if err := g.store("template").Fetch(ctx, g.repo, g.old); err != nil {
		return err
	}
	whole := g.store("whole")
	if err := whole.Fetch(ctx, g.repo, g.new); err != nil {
		return err
	}
	tree, err := whole.Checkout(ctx, g.repo, g.new.Commit(), g.out())
	if err != nil {
		return err
	}
	g.tree = tree
	return g.program(ctx, "tar", "-C", g.out(), "-cf", g.dir+"/big.tar", ".")
}

func (g *gitBuilder) out() string { return filepath.Join(g.dir, "platform") }

// clear removes the last platform and lets the disk come to rest.
func (g *gitBuilder) clear(context.Context, int) error {
	if err := os.RemoveAll(g.out()); err != nil {
		return err
	}
	return syncVolume(g.dir)
}

// prepare gives the round a mirror that does not have the new tag.
func (g *gitBuilder) prepare(ctx context.Context, round int) error {
	mirrors := filepath.Join(g.dir, "mirrors")
	if err := os.RemoveAll(mirrors); err != nil {
		return err
	}
	if err := os.CopyFS(mirrors, os.DirFS(filepath.Join(g.dir, "template"))); err != nil {
		return err
	}
	return g.clear(ctx, round)
}

func (g *gitBuilder) run(ctx context.Context, _ int) error {
	s := g.store("mirrors")
	if err := s.Fetch(ctx, g.repo, g.new); err != nil {
		return err
	}
	tree, err := s.Checkout(ctx, g.repo, g.new.Commit(), g.out())
	if err == nil && tree != g.tree {
		return fmt.Errorf("built %+v instead of %+v", tree, g.tree)
	}
	return err
}

func (g *gitBuilder) tar(ctx context.Context, _ int) error {
	if err := os.Mkdir(g.out(), 0o755); err != nil {
		return err
	}
	if err := g.program(ctx, "tar", "-C", g.out(), "-xf", g.dir+"/big.tar"); err != nil {
		return err
	}
	return syncVolume(g.dir)
}

func (g *gitBuilder) program(ctx context.Context, name string, args ...string) error {
	_, err := run.Run(ctx, run.Command{Program: name, Args: args, Env: run.Environ()})
	return err
}

// distribution is big.git and the two tags of it that matter.
type distribution struct{ old, new mirror.Ref }

// makeDistribution makes big.git, of the shape of Drupal 8.9: 18,577 files in
// some 5,000 directories, 77 MB, a history that leaves delta chains in the pack,
// and a last release that changes 17 files.
func makeDistribution(ctx context.Context, dir string) (d distribution, err error) {
	repo, err := sample.Init(ctx, filepath.Join(dir, "big.git"))
	if err != nil {
		return d, err
	}
	const files = 18_577
	for version := range 12 {
		tree := map[string]sample.File{}
		for i := range files {
			last := version == 11
			if version == 0 || !last && i%9 == version%9 || last && i%1093 == 7 {
				tree[bigPath(i)] = sample.File{Content: bigContent(i, version)}
			}
		}
		hash, err := repo.Commit(ctx, "main", fmt.Sprintf("Release 1.%d", version), tree)
		if err != nil {
			return d, err
		}
		tag := fmt.Sprintf("1.%d.0", version)
		object, err := repo.AnnotatedTag(ctx, tag, hash, "Release "+tag)
		if err != nil {
			return d, err
		}
		d.old, d.new = d.new, mirror.Ref{Name: "refs/tags/" + tag, Hash: object, Peeled: hash}
	}
	_, err = sample.Git(ctx, repo.Dir, "", "repack", "-a", "-d", "-f", "--quiet")
	return d, err
}
