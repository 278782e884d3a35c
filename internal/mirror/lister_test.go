package mirror_test

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/internal/mirror/mirrortest"
	"github.com/google/go-cmp/cmp"
)

// local allows what tests need: plain HTTP on loopback.
var local = mirror.Policy{AllowPrivate: true, AllowHTTP: true}

func newLister(t *testing.T) *mirror.Lister {
	l := mirror.NewLister(local)
	t.Cleanup(l.Close)
	return l
}

// dropProtocol plays a web server that does not pass Git-Protocol on, as many do.
func dropProtocol(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Git-Protocol")
		next.ServeHTTP(w, r)
	})
}

// dropProtocolOfPosts keeps its promise of version 2 only in the discovery.
func dropProtocolOfPosts(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			r.Header.Del("Git-Protocol")
		}
		next.ServeHTTP(w, r)
	})
}

func TestListOverEveryProtocol(t *testing.T) {
	servers := []struct {
		name string
		wrap []func(http.Handler) http.Handler
		init []string
	}{
		{name: "version 2"},
		{name: "version 0", wrap: []func(http.Handler) http.Handler{dropProtocol}},
		{name: "version 2 promised, version 0 spoken", wrap: []func(http.Handler) http.Handler{dropProtocolOfPosts}},
		{name: "version 2 with SHA-256", init: []string{"--object-format=sha256"}},
		{name: "version 0 with SHA-256", init: []string{"--object-format=sha256"}, wrap: []func(http.Handler) http.Handler{dropProtocol}},
	}
	for _, s := range servers {
		t.Run(s.name, func(t *testing.T) {
			repo := mirrortest.Serve(t, s.wrap...).Repo(t, "shop", s.init...)
			first := repo.Commit("main", "First", map[string]string{"a": "1"})
			second := repo.Commit("main", "Second", map[string]string{"a": "2"})
			repo.Commit("main-old", "Other", map[string]string{"b": "1"})
			repo.Tag("1.0", first)
			tag := repo.AnnotatedTag("1.1", second, "Version 1.1")
			l := newLister(t)

			got, err := l.List(t.Context(), mirror.Repo{URL: repo.URL}, []string{"HEAD", "refs/heads/main", "refs/tags/1."})
			if err != nil {
				t.Fatal(err)
			}
			format := "sha1"
			if len(s.init) > 0 {
				format = "sha256"
			}
			want := mirror.Listing{ObjectFormat: format, Refs: []mirror.Ref{
				{Name: "HEAD", Hash: second, Symref: "refs/heads/main"},
				{Name: "refs/heads/main", Hash: second},
				{Name: "refs/heads/main-old", Hash: repo.Hash("refs/heads/main-old")},
				{Name: "refs/tags/1.0", Hash: first},
				{Name: "refs/tags/1.1", Hash: tag, Peeled: second},
			}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if r, ok := got.Find("refs/tags/1.1"); !ok || r.Commit() != second {
				t.Errorf("tag 1.1 is %+v, want the commit %s", r, second)
			}
			only, err := l.List(t.Context(), mirror.Repo{URL: repo.URL + "/"}, []string{"refs/tags/1.1"})
			if err != nil || len(only.Refs) != 1 {
				t.Errorf("one tag: got %+v, %v", only, err)
			}
			none, err := l.List(t.Context(), mirror.Repo{URL: repo.URL}, []string{"refs/heads/absent"})
			if err != nil || len(none.Refs) != 0 {
				t.Errorf("no such branch: got %+v, %v, want a complete empty listing", none, err)
			}
			all, err := l.List(t.Context(), mirror.Repo{URL: repo.URL}, nil)
			if err != nil || len(all.Refs) != 5 {
				t.Errorf("everything: got %+v, %v", all, err)
			}
		})
	}
}

func TestEmptyRepository(t *testing.T) {
	for _, wrap := range [][]func(http.Handler) http.Handler{nil, {dropProtocol}} {
		repo := mirrortest.Serve(t, wrap...).Repo(t, "new")
		got, err := newLister(t).List(t.Context(), mirror.Repo{URL: repo.URL}, nil)
		if err != nil || len(got.Refs) != 0 {
			t.Errorf("got %+v, %v", got, err)
		}
		if wrap == nil && got.Unborn != "refs/heads/main" {
			t.Errorf("the branch of an empty repository is %q", got.Unborn)
		}
	}
}

// After the first contact one request is enough, and a ref that moves, goes or
// comes is seen by it.
func TestLaterListingsTakeOneRequest(t *testing.T) {
	server := mirrortest.Serve(t)
	repo := server.Repo(t, "shop")
	first := repo.Commit("main", "First", map[string]string{"a": "1"})
	l := newLister(t)
	list := func() mirror.Listing {
		t.Helper()
		got, err := l.List(t.Context(), mirror.Repo{URL: repo.URL}, []string{"refs/heads/main", mirror.TagPrefix(regexp.MustCompile(`^1\.`))})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	list()
	if n := server.Requests.Load(); n != 2 {
		t.Errorf("the first contact took %d requests, want 2", n)
	}
	second := repo.Commit("main", "Second", map[string]string{"a": "2"})
	tag := repo.AnnotatedTag("1.0", first, "one")
	if r, _ := list().Find("refs/heads/main"); r.Hash != second {
		t.Errorf("the branch moved to %s but is listed at %s", second, r.Hash)
	}
	moved := repo.AnnotatedTag("1.0", second, "moved")
	if r, _ := list().Find("refs/tags/1.0"); r.Hash != moved || r.Hash == tag || r.Peeled != second {
		t.Errorf("the moved tag is listed as %+v", r)
	}
	repo.Move("main", first)
	if r, _ := list().Find("refs/heads/main"); r.Hash != first {
		t.Errorf("the forced branch is listed at %s", r.Hash)
	}
	repo.Delete("refs/tags/1.0")
	if r, ok := list().Find("refs/tags/1.0"); ok {
		t.Errorf("the deleted tag is still listed: %+v", r)
	}
	if n := server.Requests.Load(); n != 6 {
		t.Errorf("first contact and 4 more listings took %d requests, want 6", n)
	}
}

// A repository that is replaced by one with another object format answers with an
// empty body; the client must find out, not report that everything was deleted.
func TestRepositoryReplacedByAnotherFormat(t *testing.T) {
	server := mirrortest.Serve(t)
	repo := server.Repo(t, "shop")
	repo.Commit("main", "First", map[string]string{"a": "1"})
	l := newLister(t)
	if _, err := l.List(t.Context(), mirror.Repo{URL: repo.URL}, nil); err != nil {
		t.Fatal(err)
	}
	mirrortest.Git(t, server.Root, "", "init", "--quiet", "--bare", "--initial-branch=main", "--object-format=sha256", server.Root+"/next.git")
	rename(t, repo.Dir, server.Root+"/previous.git")
	rename(t, server.Root+"/next.git", repo.Dir)
	hash := repo.Commit("main", "Again", map[string]string{"a": "1"})
	got, err := l.List(t.Context(), mirror.Repo{URL: repo.URL}, []string{"refs/heads/main"})
	if err != nil || got.ObjectFormat != "sha256" || len(got.Refs) != 1 || got.Refs[0].Hash != hash {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestMissingAndUnreachable(t *testing.T) {
	server := mirrortest.Serve(t)
	l := newLister(t)
	_, err := l.List(t.Context(), mirror.Repo{URL: server.URL + "/absent.git"}, nil)
	if !mirror.Is(err, mirror.NotFound) || strings.Contains(err.Error(), "absent.git") {
		t.Errorf("a missing repository gives %v", err)
	}
	_, err = l.List(t.Context(), mirror.Repo{URL: "http://127.0.0.1:1/shop.git"}, nil)
	if !mirror.Is(err, mirror.Unreachable) {
		t.Errorf("a closed port gives %v", err)
	}
	_, err = l.List(t.Context(), mirror.Repo{URL: "https://host.invalid/shop.git"}, nil)
	if !mirror.Is(err, mirror.Unreachable) {
		t.Errorf("an unknown host gives %v", err)
	}
	var refused *mirror.Refused
	if _, err = mirror.NewLister(mirror.Policy{AllowHTTP: true}).List(t.Context(), mirror.Repo{URL: server.URL + "/shop.git"}, nil); !errors.As(err, &refused) {
		t.Errorf("a loopback address under the default policy gives %v, want a refusal", err)
	}
}

func TestCredentialIsSentAtOnce(t *testing.T) {
	var without, with int
	server := mirrortest.Serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if user, password, ok := r.BasicAuth(); !ok || user != "x-access-token" || password != "t0ken" {
				without++
				w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			with++
			next.ServeHTTP(w, r)
		})
	})
	repo := server.Repo(t, "private")
	repo.Commit("main", "First", map[string]string{"a": "1"})
	l := newLister(t)
	if _, err := l.List(t.Context(), mirror.Repo{URL: repo.URL}, nil); !mirror.Is(err, mirror.NotFound) {
		t.Errorf("without a credential: got %v", err)
	}
	without = 0
	private := mirror.Repo{URL: repo.URL, Credential: &mirror.Credential{Username: "x-access-token", Password: "t0ken"}}
	if _, err := l.List(t.Context(), private, nil); err != nil || without != 0 || with != 2 {
		t.Errorf("with a credential: %v after %d requests without and %d with it, want 0 and 2", err, without, with)
	}
}
