// Package sample writes to bare git repositories: the sample distribution of
// distrobot try, and the fixtures of tests and benchmarks. Commits are made with
// git fast-import, without a working tree, at times that depend on nothing but
// the number of commits, so that the same calls give the same hashes.
package sample

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/distrobot/distrobot/internal/run"
)

// A Repo is a bare repository that one goroutine writes to.
type Repo struct {
	Dir string

	at time.Time // of the last commit; each is a minute after the one before
}

// A File is one entry of a tree.
type File struct {
	Mode    string // "100644" if empty, "100755", "120000" (symbolic link) or "160000" (submodule)
	Content string // of a link its target, of a submodule its commit
	Delete  bool   // the path is removed
}

// Init makes an empty bare repository at dir with the default branch main. args
// are further arguments for git init.
func Init(ctx context.Context, dir string, args ...string) (*Repo, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, err
	}
	args = append(append([]string{"init", "--quiet", "--bare", "--template=", "--initial-branch=main"}, args...), dir)
	if _, err := Git(ctx, filepath.Dir(dir), "", args...); err != nil {
		return nil, err
	}
	return &Repo{Dir: dir, at: time.Unix(1_700_000_000, 0)}, nil
}

// Commit records files, by path, on top of branch, which is made if need be, and
// returns the commit's hash.
func (r *Repo) Commit(ctx context.Context, branch, message string, files map[string]File) (string, error) {
	r.at = r.at.Add(time.Minute)
	parent, err := r.Hash(ctx, "refs/heads/"+branch)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "commit refs/heads/%s\n", branch)
	fmt.Fprintf(&b, "author Ann Author <ann@example.org> %d +0000\n", r.at.Unix())
	fmt.Fprintf(&b, "committer Carl Committer <carl@example.org> %d +0000\n", r.at.Unix())
	fmt.Fprintf(&b, "data %d\n%s\n", len(message), message)
	if parent != "" {
		fmt.Fprintf(&b, "from %s\n", parent)
	}
	paths := make([]string, 0, len(files))
	for path := range files {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	for _, path := range paths {
		writeEntry(&b, path, files[path])
	}
	if _, err := Git(ctx, r.Dir, b.String(), "fast-import", "--quiet", "--force"); err != nil {
		return "", err
	}
	return r.Hash(ctx, "refs/heads/"+branch)
}

func writeEntry(b *strings.Builder, path string, f File) {
	mode := f.Mode
	if mode == "" {
		mode = "100644"
	}
	switch {
	case f.Delete:
		fmt.Fprintf(b, "D %s\n", path)
	case mode == "160000":
		fmt.Fprintf(b, "M %s %s %s\n", mode, f.Content, path)
	default:
		fmt.Fprintf(b, "M %s inline %s\ndata %d\n%s\n", mode, path, len(f.Content), f.Content)
	}
}

// Tag makes or moves a lightweight tag.
func (r *Repo) Tag(ctx context.Context, name, hash string) error {
	_, err := Git(ctx, r.Dir, "", "update-ref", "refs/tags/"+name, hash)
	return err
}

// AnnotatedTag makes or moves an annotated tag and returns the hash of the tag
// object.
func (r *Repo) AnnotatedTag(ctx context.Context, name, hash, message string) (string, error) {
	if _, err := Git(ctx, r.Dir, "", "tag", "--force", "--annotate", "--message", message, name, hash); err != nil {
		return "", err
	}
	return r.Hash(ctx, "refs/tags/"+name)
}

// Move points a branch somewhere else, as a forced push does.
func (r *Repo) Move(ctx context.Context, branch, hash string) error {
	_, err := Git(ctx, r.Dir, "", "update-ref", "refs/heads/"+branch, hash)
	return err
}

// Delete removes a ref, given by its full name.
func (r *Repo) Delete(ctx context.Context, ref string) error {
	_, err := Git(ctx, r.Dir, "", "update-ref", "-d", ref)
	return err
}

// Hash returns what the ref with this full name points to, "" if there is none.
func (r *Repo) Hash(ctx context.Context, ref string) (string, error) {
	out, err := Git(ctx, r.Dir, "", "for-each-ref", "--format=%(objectname)", ref)
	return strings.TrimSpace(out), err
}

// PackedRefs replaces all packed refs by names, which all point at hash: a
// repository with 100,000 refs in a moment.
func (r *Repo) PackedRefs(names []string, hash string) error {
	names = append([]string{}, names...)
	sort.Strings(names)
	var b strings.Builder
	b.WriteString("# pack-refs with: peeled fully-peeled sorted \n")
	for _, name := range names {
		b.WriteString(hash + " " + name + "\n")
	}
	return os.WriteFile(filepath.Join(r.Dir, "packed-refs"), []byte(b.String()), 0o644)
}

// Git runs git in dir with a configuration and an identity of its own and returns
// its output.
func Git(ctx context.Context, dir, stdin string, args ...string) (string, error) {
	var out strings.Builder
	_, err := run.Run(ctx, run.Command{
		Program: "git", Args: args, Dir: dir, Stdin: strings.NewReader(stdin), Stdout: &out,
		Env: run.Environ(
			"HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
			"GIT_AUTHOR_NAME=Ann Author", "GIT_AUTHOR_EMAIL=ann@example.org",
			"GIT_COMMITTER_NAME=Carl Committer", "GIT_COMMITTER_EMAIL=carl@example.org",
			"GIT_AUTHOR_DATE=2023-11-15T00:00:00Z", "GIT_COMMITTER_DATE=2023-11-15T00:00:00Z",
		),
		Timeout: 10 * time.Minute,
	})
	if err != nil {
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return out.String(), nil
}
