package lamp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/distrobot/distrobot/internal/run"
)

// A release is a tree that becomes a tag.
type release struct{ tag, tree string }

// importTrees makes a bare repository with one commit and tag for each tree, on
// the branch main, the first one oldest.
func importTrees(ctx context.Context, repository string, trees []release) error {
	return fastImport(ctx, repository, func(w *bufio.Writer) error {
		for i, r := range trees {
			commitHead(w, commit{ref: "refs/heads/main", message: "Release " + r.tag, n: i})
			fmt.Fprintf(w, "deleteall\n")
			if err := writeTree(w, r.tree); err != nil {
				return err
			}
			fmt.Fprintf(w, "reset refs/tags/%s\nfrom refs/heads/main\n\n", r.tag)
		}
		return nil
	})
}

// Derive makes a repository of a test's own at dir, whose tags are those of r
// with some files of each changed: change gives, for a tag, the content by path;
// nil removes a file or a directory. Content that does not change is shared with
// r, so that this takes a moment.
func (r Releases) Derive(ctx context.Context, dir string, change func(tag string) map[string][]byte) (Releases, error) {
	if _, err := output(ctx, "", "git", "clone", "--quiet", "--bare", "--shared", "--template=", r.Repository, dir); err != nil {
		return Releases{}, err
	}
	derived := Releases{Repository: dir, Tags: r.Tags, Absent: r.Absent}
	for _, tag := range r.Tags {
		if err := derived.Vary(ctx, tag, tag, change(tag)); err != nil {
			return Releases{}, err
		}
	}
	return derived, nil
}

// Vary adds a tag to a derived repository, or moves it: the release from with
// some files changed, as Derive does. It is not added to Tags.
func (r Releases) Vary(ctx context.Context, from, tag string, files map[string][]byte) error {
	return fastImport(ctx, r.Repository, func(w *bufio.Writer) error {
		commitHead(w, commit{ref: "refs/tags/" + tag, from: "refs/tags/" + from + "^0", message: "Release " + tag})
		for _, path := range slices.Sorted(maps.Keys(files)) {
			if files[path] == nil {
				fmt.Fprintf(w, "D %s\n", path)
				continue
			}
			fmt.Fprintf(w, "M 100644 inline %s\ndata %d\n", path, len(files[path]))
			_, _ = w.Write(files[path])
			fmt.Fprintln(w)
		}
		return nil
	})
}

// File reads a file of a release.
func (r Releases) File(ctx context.Context, tag, path string) (string, error) {
	return output(ctx, r.Repository, "git", "show", tag+":"+path)
}

// fastImport streams what write writes to git fast-import. Without deltas and
// with little compression a hundred megabytes take seconds.
func fastImport(ctx context.Context, repository string, write func(*bufio.Writer) error) error {
	if _, err := output(ctx, "", "git", "init", "--quiet", "--bare", "--template=", "--initial-branch=main", repository); err != nil {
		return err
	}
	r, w := io.Pipe()
	wrote := make(chan error, 1)
	go func() {
		b := bufio.NewWriterSize(w, 1<<20)
		err := write(b)
		err = errors.Join(err, b.Flush())
		_ = w.CloseWithError(err)
		wrote <- err
	}()
	result, err := run.Run(ctx, run.Command{
		Program: "git", Args: []string{"-c", "core.compression=1", "fast-import", "--quiet", "--force", "--depth=0"},
		Dir: repository, Env: run.Environ(), Stdin: r, Timeout: aptTime,
	})
	_ = r.CloseWithError(io.ErrClosedPipe)
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, result.Stderr)
	}
	return errors.Join(err, <-wrote)
}

// A commit to write; n orders commits in time.
type commit struct {
	ref, from, message string
	n                  int
}

func commitHead(w io.Writer, c commit) {
	at := 1_700_000_000 + 60*c.n
	fmt.Fprintf(w, "commit %s\nauthor Ann Author <ann@example.org> %d +0000\ncommitter Ann Author <ann@example.org> %d +0000\n", c.ref, at, at)
	fmt.Fprintf(w, "data %d\n%s\n", len(c.message), c.message)
	if c.from != "" {
		fmt.Fprintf(w, "from %s\n", c.from)
	}
}

func writeTree(w *bufio.Writer, tree string) error {
	return filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(tree, path)
		if err != nil {
			return err
		}
		if strings.ContainsAny(rel, "\"\n") {
			rel = strconv.Quote(rel)
		}
		mode, content := "100644", []byte(nil)
		info, err := d.Info()
		switch {
		case err != nil:
			return err
		case d.Type()&fs.ModeSymlink != 0:
			var target string
			target, err = os.Readlink(path)
			mode, content = "120000", []byte(target)
		default:
			if info.Mode()&0o111 != 0 {
				mode = "100755"
			}
			content, err = os.ReadFile(path)
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "M %s inline %s\ndata %d\n", mode, rel, len(content))
		_, err = w.Write(content)
		fmt.Fprintln(w)
		return err
	})
}
