// Package mirrortest makes real git repositories and serves them over loopback
// HTTP with git's own http-backend, for tests and benchmarks.
package mirrortest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/internal/run"
)

// A Server serves the bare repositories below Root at URL/<name>.git.
type Server struct {
	Root string
	URL  string // http://127.0.0.1:port

	// Requests counts what reached the server.
	Requests atomic.Int64
}

// Serve starts a Server that ends with the test. Wrappers, from the outermost
// in, can play a hostile or failing server in front of the real one.
func Serve(t testing.TB, wrap ...func(http.Handler) http.Handler) *Server {
	t.Helper()
	s := &Server{Root: t.TempDir()}
	handler, err := mirror.HTTPBackend(s.Root)
	if err != nil {
		t.Fatalf("serve git repositories: %v", err)
	}
	for i := len(wrap) - 1; i >= 0; i-- {
		handler = wrap[i](handler)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.Requests.Add(1)
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Repo makes an empty repository called name and its URL.
func (s *Server) Repo(t testing.TB, name string, initArgs ...string) *Repo {
	t.Helper()
	r := &Repo{t: t, Dir: filepath.Join(s.Root, name+".git"), URL: s.URL + "/" + name + ".git", at: time.Unix(1_700_000_000, 0)}
	Git(t, s.Root, "", append(append([]string{"init", "--quiet", "--bare", "--initial-branch=main"}, initArgs...), r.Dir)...)
	return r
}

// A Repo is a bare repository that a test writes to.
type Repo struct {
	Dir string
	URL string

	t  testing.TB
	at time.Time // of the last commit; each is a minute after the one before
}

// File is one entry of a tree: content, and how it is stored.
type File struct {
	Mode    string // "100644" if empty, "100755", "120000" (symlink) or "160000" (submodule)
	Content string // of a submodule: the commit
}

// Commit records files (path to content; an empty content deletes) on top of
// branch, which is made if need be, and returns the commit's hash.
func (r *Repo) Commit(branch, message string, files map[string]string) string {
	r.t.Helper()
	entries := map[string]File{}
	for path, content := range files {
		entries[path] = File{Content: content}
	}
	return r.CommitFiles(branch, message, entries)
}

// CommitFiles is Commit for entries with a mode.
func (r *Repo) CommitFiles(branch, message string, files map[string]File) string {
	r.t.Helper()
	r.at = r.at.Add(time.Minute)
	var b strings.Builder
	fmt.Fprintf(&b, "commit refs/heads/%s\n", branch)
	fmt.Fprintf(&b, "author Ann Author <ann@example.org> %d +0000\n", r.at.Unix())
	fmt.Fprintf(&b, "committer Carl Committer <carl@example.org> %d +0000\n", r.at.Unix())
	fmt.Fprintf(&b, "data %d\n%s\n", len(message), message)
	if parent := r.Hash("refs/heads/" + branch); parent != "" {
		fmt.Fprintf(&b, "from %s\n", parent)
	}
	for _, path := range sortedKeys(files) {
		writeEntry(&b, path, files[path])
	}
	Git(r.t, r.Dir, b.String(), "fast-import", "--quiet", "--force")
	return r.Hash("refs/heads/" + branch)
}

func writeEntry(b *strings.Builder, path string, f File) {
	mode := f.Mode
	if mode == "" {
		mode = "100644"
	}
	switch {
	case mode == "160000":
		fmt.Fprintf(b, "M %s %s %s\n", mode, f.Content, path)
	case f.Content == "" && f.Mode == "":
		fmt.Fprintf(b, "D %s\n", path)
	default:
		fmt.Fprintf(b, "M %s inline %s\ndata %d\n%s\n", mode, path, len(f.Content), f.Content)
	}
}

// Tag makes or moves a lightweight tag.
func (r *Repo) Tag(name, hash string) {
	r.t.Helper()
	Git(r.t, r.Dir, "", "update-ref", "refs/tags/"+name, hash)
}

// AnnotatedTag makes or moves an annotated tag and returns the tag object's hash.
func (r *Repo) AnnotatedTag(name, hash, message string) string {
	r.t.Helper()
	Git(r.t, r.Dir, "", "tag", "--force", "--annotate", "--message", message, name, hash)
	return r.Hash("refs/tags/" + name)
}

// Move points a branch somewhere else, as a forced push does.
func (r *Repo) Move(branch, hash string) {
	r.t.Helper()
	Git(r.t, r.Dir, "", "update-ref", "refs/heads/"+branch, hash)
}

// Delete removes a ref, given by its full name.
func (r *Repo) Delete(ref string) {
	r.t.Helper()
	Git(r.t, r.Dir, "", "update-ref", "-d", ref)
}

// Hash returns what ref points to, "" if it does not exist.
func (r *Repo) Hash(ref string) string {
	r.t.Helper()
	return strings.TrimSpace(Git(r.t, r.Dir, "", "for-each-ref", "--format=%(objectname)", ref))
}

// PackedRefs replaces all packed refs by n names made by name, all pointing at
// hash: how a repository with 100,000 refs is made in a moment.
func (r *Repo) PackedRefs(n int, hash string, name func(i int) string) {
	r.t.Helper()
	names := make([]string, n)
	for i := range names {
		names[i] = name(i)
	}
	sort.Strings(names)
	var b strings.Builder
	b.WriteString("# pack-refs with: peeled fully-peeled sorted \n")
	for _, name := range names {
		b.WriteString(hash + " " + name + "\n")
	}
	if err := os.WriteFile(filepath.Join(r.Dir, "packed-refs"), []byte(b.String()), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// Git runs git in dir with a clean configuration and returns its output.
func Git(t testing.TB, dir, stdin string, args ...string) string {
	t.Helper()
	var out strings.Builder
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	_, err := run.Run(ctx, run.Command{
		Program: "git", Args: args, Dir: dir, Stdin: strings.NewReader(stdin), Stdout: &out,
		Env: run.Environ(
			"HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
			"GIT_AUTHOR_NAME=Ann Author", "GIT_AUTHOR_EMAIL=ann@example.org",
			"GIT_COMMITTER_NAME=Carl Committer", "GIT_COMMITTER_EMAIL=carl@example.org",
			"GIT_AUTHOR_DATE=2023-11-15T00:00:00Z", "GIT_COMMITTER_DATE=2023-11-15T00:00:00Z",
		),
	})
	if err != nil {
		t.Fatalf("git %s: %v", strings.Join(args, " "), err)
	}
	return out.String()
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
