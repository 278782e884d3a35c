// Package mirrortest makes real git repositories and serves them over loopback
// HTTP with git's own http-backend, for tests. Its functions fail the test
// instead of returning errors.
package mirrortest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/internal/mirror/sample"
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

// Repo makes an empty repository called name.
func (s *Server) Repo(t testing.TB, name string, initArgs ...string) *Repo {
	t.Helper()
	r, err := sample.Init(t.Context(), filepath.Join(s.Root, name+".git"), initArgs...)
	if err != nil {
		t.Fatal(err)
	}
	return &Repo{Dir: r.Dir, URL: s.URL + "/" + name + ".git", repo: r, t: t}
}

// A Repo is a repository on a Server that a test writes to.
type Repo struct {
	Dir string
	URL string

	repo *sample.Repo
	t    testing.TB
}

// File is one entry of a tree.
type File = sample.File

// Commit records files (path to content; an empty content deletes) on top of
// branch and returns the commit's hash.
func (r *Repo) Commit(branch, message string, files map[string]string) string {
	r.t.Helper()
	entries := map[string]File{}
	for path, content := range files {
		entries[path] = File{Content: content, Delete: content == ""}
	}
	return r.CommitFiles(branch, message, entries)
}

// CommitFiles is Commit for entries with a mode.
func (r *Repo) CommitFiles(branch, message string, files map[string]File) string {
	r.t.Helper()
	hash, err := r.repo.Commit(context.Background(), branch, message, files)
	return r.must(hash, err)
}

// Tag makes or moves a lightweight tag.
func (r *Repo) Tag(name, hash string) {
	r.t.Helper()
	r.must("", r.repo.Tag(context.Background(), name, hash))
}

// AnnotatedTag makes or moves an annotated tag and returns the tag object's hash.
func (r *Repo) AnnotatedTag(name, hash, message string) string {
	r.t.Helper()
	object, err := r.repo.AnnotatedTag(context.Background(), name, hash, message)
	return r.must(object, err)
}

// Move points a branch somewhere else, as a forced push does.
func (r *Repo) Move(branch, hash string) {
	r.t.Helper()
	r.must("", r.repo.Move(context.Background(), branch, hash))
}

// Delete removes a ref, given by its full name.
func (r *Repo) Delete(ref string) {
	r.t.Helper()
	r.must("", r.repo.Delete(context.Background(), ref))
}

// Hash returns what ref points to, "" if it does not exist.
func (r *Repo) Hash(ref string) string {
	r.t.Helper()
	hash, err := r.repo.Hash(context.Background(), ref)
	return r.must(hash, err)
}

func (r *Repo) must(s string, err error) string {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

// Git runs git in dir with a clean configuration and returns its output.
func Git(t testing.TB, dir, stdin string, args ...string) string {
	t.Helper()
	out, err := sample.Git(context.Background(), dir, stdin, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
