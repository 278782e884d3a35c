package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/internal/mirror/sample"
	"github.com/distrobot/distrobot/internal/run"
)

// gitBuild compares the second build of a distribution of the size of Drupal with
// unpacking the same tree from a tar file in the page cache, and with git clone of
// the tag alone. Ours is the whole of it: the fetch of the new tag into the
// mirror, the checks, the files. All end with a sync of the volume.
func gitBuild() Measurement {
	return Measurement{Names: []string{"build-copy", "build-clone"}, Memory: true, Run: runGitBuild}
}

// gitLink compares the second build with hard links of the first one's files,
// each of them proven to be what the commit has, with tar likewise; on the disk
// that the machine's temporary files are on, since what links save is writing:
// in memory a file costs little more than its name.
func gitLink() Measurement {
	return Measurement{Names: []string{"build-link"}, Run: runGitLink}
}

func runGitBuild(ctx context.Context, b *B) ([]Row, error) {
	build, done, err := newGitBuilder(ctx, b)
	if err != nil {
		return nil, err
	}
	defer done()
	medians, err := Interleave(ctx, 5,
		Contender{Name: "with copies", Prepare: build.prepare, Run: build.copy},
		Contender{Name: "with links", Prepare: build.prepare, Run: build.link},
		Contender{Name: "tar x", Prepare: build.clear, Run: build.tar},
		Contender{Name: "git clone", Prepare: build.clear, Run: build.clone})
	if err != nil {
		return nil, err
	}
	whole, link, tar, clone := medians[0], medians[1], medians[2], medians[3]
	b.Note("build-copy %d files, %d MB, in memory, synced: copies %.0f ms, links %.0f ms, tar x %.0f ms, git clone --depth 1 %.0f ms",
		build.tree.Files, build.tree.Bytes/1e6, ms(whole), ms(link), ms(tar), ms(clone))
	if err := build.memory(ctx, b, mirror.ShareNothing); err != nil {
		return nil, err
	}
	return []Row{
		{Name: "build-copy", Value: whole.Seconds() / tar.Seconds(), Bound: 1.3},
		{Name: "build-clone", Value: whole.Seconds() / clone.Seconds(), Bound: 0.35},
	}, nil
}

func runGitLink(ctx context.Context, b *B) ([]Row, error) {
	build, done, err := newGitBuilder(ctx, b)
	if err != nil {
		return nil, err
	}
	defer done()
	medians, err := Interleave(ctx, 5,
		Contender{Name: "with links", Prepare: build.prepare, Run: build.link},
		Contender{Name: "tar x", Prepare: build.clear, Run: build.tar})
	if err != nil {
		return nil, err
	}
	b.Note("build-link %d files, %d of them linked, on disk, synced: links %.0f ms, tar x %.0f ms",
		build.tree.Files, build.linked, ms(medians[0]), ms(medians[1]))
	if err := build.memory(ctx, b, mirror.ShareFiles); err != nil {
		return nil, err
	}
	return []Row{{Name: "build-link", Value: medians[0].Seconds() / medians[1].Seconds(), Bound: 0.6}}, nil
}

// newGitBuilder makes the distribution and its first build; done ends the server.
func newGitBuilder(ctx context.Context, b *B) (build *gitBuilder, done func(), err error) {
	d, err := makeDistribution(ctx, b.Dir)
	if err != nil {
		return nil, nil, err
	}
	server, err := serveGit(b.Dir)
	if err != nil {
		return nil, nil, err
	}
	done = func() { _ = server.Close() }
	build = &gitBuilder{dir: b.Dir, repo: mirror.Repo{URL: server.URL + "/big.git"}, distribution: d}
	if err := build.first(ctx); err != nil {
		done()
		return nil, nil, err
	}
	return build, done, nil
}

// gitBuilder holds what the rounds of one run share.
type gitBuilder struct {
	dir  string
	repo mirror.Repo
	distribution
	tree   mirror.Tree
	linked int
}

func (g *gitBuilder) store(name string) *mirror.Store {
	return &mirror.Store{Dir: filepath.Join(g.dir, name), Policy: loopback}
}

// first brings the old tag into a mirror that each round starts from, builds it,
// read-only as platforms are, and makes the tar file from a build of the new one.
func (g *gitBuilder) first(ctx context.Context) error {
	if err := g.store("template").Fetch(ctx, g.repo, g.old); err != nil {
		return err
	}
	if _, err := g.store("template").Checkout(ctx, g.repo, g.old.Commit(), g.earlier()); err != nil {
		return err
	}
	if err := g.program(ctx, "chmod", "-R", "a-w", g.earlier()); err != nil {
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

func (g *gitBuilder) out() string     { return filepath.Join(g.dir, "platform") }
func (g *gitBuilder) earlier() string { return filepath.Join(g.dir, "earlier") }

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

func (g *gitBuilder) link(ctx context.Context, _ int) error { return g.build(ctx, mirror.ShareFiles) }

func (g *gitBuilder) copy(ctx context.Context, _ int) error {
	return g.build(ctx, mirror.ShareNothing)
}

func (g *gitBuilder) layout(share mirror.Share) mirror.Layout {
	return mirror.Layout{Repo: g.repo, Commit: g.new.Commit(), Dir: g.out(), Beside: g.earlier(), Share: share}
}

func (g *gitBuilder) build(ctx context.Context, share mirror.Share) error {
	s := g.store("mirrors")
	if err := s.Fetch(ctx, g.repo, g.new); err != nil {
		return err
	}
	tree, err := s.Lay(ctx, g.layout(share))
	if err != nil {
		return err
	}
	if share == mirror.ShareFiles {
		if g.linked = tree.Shared; g.linked < tree.Files-100 {
			return fmt.Errorf("only %d of %d files were linked", g.linked, tree.Files)
		}
		tree.Shared = 0
	}
	if tree != g.tree {
		return fmt.Errorf("built %+v instead of %+v", tree, g.tree)
	}
	return nil
}

// memory prints what such a build holds at its peak.
func (g *gitBuilder) memory(ctx context.Context, b *B, share mirror.Share) error {
	if err := g.prepare(ctx, 0); err != nil {
		return err
	}
	m := measuredBuild{Mirrors: g.store("mirrors").Dir, Layout: g.layout(share), Want: g.new}
	p, err := m.measure(ctx)
	if err != nil {
		return err
	}
	b.Note("build-%s peak memory: distrobot %d MB, the greatest git with its pack %d MB; bound 100 MB", share, p.Program, p.Git)
	return nil
}

func (g *gitBuilder) clone(ctx context.Context, _ int) error {
	tag := strings.TrimPrefix(g.new.Name, "refs/tags/")
	if _, err := sample.Git(ctx, g.dir, "", "clone", "--quiet", "--depth", "1", "--branch", tag, g.repo.URL, g.out()); err != nil {
		return err
	}
	return syncVolume(g.dir)
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
