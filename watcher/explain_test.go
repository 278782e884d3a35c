package watcher_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/internal/mirror/mirrortest"
	"github.com/distrobot/distrobot/watcher"
)

func tagged(url, expr string) fleet.Distribution {
	return fleet.Distribution{Name: "atrium", URL: url, Track: fleet.Track{Tags: expr}}
}

// What a person may type, and the sentence that answers it.
func TestBadInputIsExplained(t *testing.T) {
	s := newScene(t)
	s.repo.Tag("1.0.0", s.commit("main", "first"))
	s.repo.Tag("1.1.0-rc1", s.commit("main", "second"))
	empty := s.server.Repo(t, "empty")
	web := mirrortest.Serve(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/private") {
				http.Error(w, "who are you?", http.StatusUnauthorized)
				return
			}
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<html>log in")) // the client may have gone
		})
	})
	open, strict := local(), mirror.Policy{}
	cases := []struct {
		name   string
		policy mirror.Policy
		dist   fleet.Distribution
		ref    string
		code   fleet.Code
		text   string // part of text and hint
	}{
		{"no such repository", open, tagged(s.server.URL+"/nothing.git", `.*`), "", fleet.NotFound, ""},
		{"private", open, tagged(web.URL+"/private/x.git", `.*`), "", fleet.NotFound, ""},
		{"a web page", open, tagged(web.URL+"/x.git", `.*`), "", fleet.Invalid, ""},
		{"nobody listens", open, tagged("http://127.0.0.1:1/x.git", `.*`), "", fleet.Later, ""},
		{"no such host", open, tagged("http://nobody.invalid/x.git", `.*`), "", fleet.Later, "nobody.invalid"},
		{"userinfo", strict, tagged("https://me:secret@github.com/o/r.git", `.*`), "", fleet.Invalid, "user name or a password"},
		{"file", strict, tagged("file:///etc", `.*`), "", fleet.Invalid, "file://"},
		{"transport helper", strict, tagged("ext::sh -c id", `.*`), "", fleet.Invalid, "ext::"},
		{"leading dash", strict, tagged("--upload-pack=id", `.*`), "", fleet.Invalid, "dash"},
		{"private address", strict, tagged("https://10.0.0.1/o/r.git", `.*`), "", fleet.Invalid, "private network"},
		{"this machine", strict, tagged("https://localhost/o/r.git", `.*`), "", fleet.Invalid, "this machine"},
		{"plain http", strict, tagged("http://example.org/o/r.git", `.*`), "", fleet.Invalid, "https"},
		{"invalid expression", open, tagged(s.repo.URL, `1.(`), "", fleet.Invalid, "not a regular expression"},
		{"expression matches nothing", open, tagged(s.repo.URL, `7\.x-.*`), "", fleet.NotFound, "The newest tags are 1.1.0-rc1, 1.0.0"},
		{"only a pre-release", open, tagged(s.repo.URL, `1\.1.*`), "", fleet.NotFound, "pre-releases"},
		{"no tags", open, tagged(empty.URL, `.*`), "", fleet.NotFound, "no tags"},
		{"empty repository", open, fleet.Distribution{Name: "a", URL: empty.URL}, "", fleet.NotFound, "empty"},
		{"no such branch", open, fleet.Distribution{Name: "a", URL: s.repo.URL, Track: fleet.Track{Branch: "old"}}, "", fleet.NotFound, "no branch old"},
		{"no such name", open, tagged(s.repo.URL, `.*`), "9.9", fleet.NotFound, "no branch or tag"},
		{"a name with control characters", open, tagged(s.repo.URL, `.*`), "a\x00b", fleet.Invalid, "name of a branch"},
		{"a very long name", open, tagged(s.repo.URL, `.*`), strings.Repeat("a", 300), fleet.Invalid, "name of a branch"},
		{"no repository", open, fleet.Distribution{Name: "a"}, "", fleet.Refused, "no repository"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := &watcher.Poller{Store: s.store, Refs: mirror.NewLister(c.policy)}
			ref, err := p.Resolve(t.Context(), c.dist, c.ref)
			var e *fleet.Error
			if fleet.CodeOf(err) != c.code {
				t.Fatalf("got %+v, %v (%s), want %s", ref, err, fleet.CodeOf(err), c.code)
			}
			e = err.(*fleet.Error)
			if e.Text == "" || !strings.Contains(e.Text+" "+e.Hint, c.text) {
				t.Errorf("%q, hint %q", e.Text, e.Hint)
			}
			if strings.Contains(e.Text+e.Hint, "secret") {
				t.Errorf("the password is shown: %q", e.Text)
			}
		})
	}
}

func TestResolve(t *testing.T) {
	s := newScene(t)
	first := s.commit("main", "first")
	s.repo.AnnotatedTag("1.0.0", first, "release")
	s.repo.Tag("both", first)
	second := s.commit("both", "second")
	tests := []struct {
		name  string
		track fleet.Track
		ref   string
		want  fleet.Ref
	}{
		{"best tag", fleet.Track{Tags: `\d.*`}, "", fleet.Ref{Name: "refs/tags/1.0.0", Commit: first, Version: "1.0.0"}},
		{"tracked branch", fleet.Track{Branch: "main"}, "", fleet.Ref{Name: "refs/heads/main", Commit: first}},
		{"default branch", fleet.Track{}, "", fleet.Ref{Name: "refs/heads/main", Commit: first}},
		{"named tag", fleet.Track{Branch: "main"}, "1.0.0", fleet.Ref{Name: "refs/tags/1.0.0", Commit: first, Version: "1.0.0"}},
		{"tag before branch", fleet.Track{}, "both", fleet.Ref{Name: "refs/tags/both", Commit: first, Version: "both"}},
		{"tracked branch before tag", fleet.Track{Branch: "both"}, "both", fleet.Ref{Name: "refs/heads/both", Commit: second}},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			got, err := s.poller().Resolve(context.Background(), fleet.Distribution{Name: "a", URL: s.repo.URL, Track: c.track}, c.ref)
			if err != nil {
				t.Fatal(err)
			}
			if got.Hash == "" || got.Name != c.want.Name || got.Commit != c.want.Commit || got.Version != c.want.Version {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// The check command: at once, out of turn, with the reason when it fails.
func TestPollNow(t *testing.T) {
	s := newScene(t)
	s.repo.Tag("1.0.0", s.commit("main", "first"))
	s.track(byTags)
	p := s.poller()
	s.poll(p)
	if err := p.Poll(t.Context(), "nobody"); fleet.CodeOf(err) != fleet.NotFound {
		t.Error(err)
	}
	s.down.Store(true)
	if err := p.Poll(t.Context(), "atrium"); fleet.CodeOf(err) != fleet.Later {
		t.Error(err)
	}
	s.down.Store(false)
	s.repo.Tag("1.1.0", s.commit("main", "second"))
	s.poll(p)
	if a, ok := s.announcement(1); !ok || a.To.Version != "1.1.0" {
		t.Errorf("%+v", a)
	}
}
