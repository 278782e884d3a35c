package watcher_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/watcher"
)

func releaseJSON(t *testing.T, fields map[string]any) string {
	t.Helper()
	b, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The release of a tag is quoted in its announcement, without its markup; what it
// says of security counts, however far down it stands.
func TestReleaseNotesInTheAnnouncement(t *testing.T) {
	s, g, f := withAPI(t)
	s.tagged(1)
	p := s.conditional(f)
	s.turn(p)
	g.change(func() {
		g.releases["1.0.1"] = releaseJSON(t, map[string]any{"tag_name": "1.0.1", "name": "Spring release", "html_url": "https://github.com/x/atrium/releases/tag/1.0.1",
			"body": "<!-- template -->\r\n## What's new\r\n* **Faster** [pages](https://example.org) by <!channel>\r\n" + strings.Repeat("padding ", 200) + "\r\nFixes CVE-2026-12345."})
	})
	s.repo.AnnotatedTag("1.0.1", s.commit("main", "news"), "the tag's own words")
	s.turn(p)
	a, ok := s.announcement(1)
	if !ok || !strings.HasPrefix(a.Note, "Spring release\nWhat's new\n– Faster pages by <!channel>\npadding") || len([]rune(a.Note)) > 600 {
		t.Errorf("note %q", a.Note)
	}
	if !a.Security || !a.Released || a.Page != "https://github.com/x/atrium/releases/tag/1.0.1" {
		t.Errorf("%+v", a)
	}
}

// Without a release the tag's message is quoted; a release that comes later
// amends what still waits, and brings one that mends a security hole out of quiet
// hours.
func TestReleaseThatComesLater(t *testing.T) {
	s, g, f := withAPI(t)
	s.tagged(1)
	p := s.conditional(f)
	s.turn(p)
	if _, err := p.News.Mute(t.Context(), "atrium", 0, fleet.Actor{ID: "U1"}); err != nil {
		t.Fatal(err)
	}
	s.repo.AnnotatedTag("1.0.1", s.commit("main", "news"), "the tag's own words")
	s.turn(p)
	if a, _ := s.announcement(1); a.Note != "the tag's own words" || a.Released || a.Security {
		t.Errorf("%+v", a)
	}
	if err := p.News.Unmute(t.Context(), "atrium", fleet.Actor{ID: "U1"}); err != nil {
		t.Fatal(err)
	}
	before := len(s.notices("news"))
	g.change(func() {
		g.releases["1.0.1"] = releaseJSON(t, map[string]any{"tag_name": "1.0.1", "name": "1.0.1", "body": "A security release.", "html_url": "javascript:alert(1)"})
	})
	s.hint(p)
	s.turn(p)
	a, _ := s.announcement(1)
	if a.Note != "A security release." || !a.Released || !a.Security || a.Page != "" || a.Moves != 1 {
		t.Errorf("%+v", a)
	}
	if n := len(s.notices("news")); n != before+1 {
		t.Errorf("%d notices more", n-before)
	}
	g.asked()
	s.hint(p)
	s.turn(p)
	for _, r := range g.asked() {
		if strings.Contains(r, "releases") {
			t.Errorf("asked once more: %s", r)
		}
	}
}

// Releases of each forge, and answers that are none.
func TestReleases(t *testing.T) {
	const text = `"the text"`
	cases := []struct{ kind, path, body, name, web string }{
		{"github", "/api/v3/repos/o/r/releases/tags/v1+2", `{"name":"One","body":"the text","html_url":"https://h/1"}`, "One", "https://h/1"},
		{"github", "/api/v3/repos/o/r/releases/tags/v1+2", `{"name":"One","body":"the text","draft":true}`, "draft", ""},
		{"gitlab", "/api/v4/projects/o/r/releases/v1+2", `{"name":"One","description":"the text","_links":{"self":"https://h/2"}}`, "One", "https://h/2"},
		{"gitlab", "/api/v4/projects/o/r/releases/v1+2", `{"name":"v1+2","description":"the text","_links":{"self":"http://h/2"}}`, "", ""},
		{"gitlab", "/api/v4/projects/o/r/releases/v1+2", `{"name":"One","description":"the text","upcoming_release":true}`, "draft", ""},
		{"gitea", "/api/v1/repos/o/r/releases/tags/v1+2", `{"name":"One","body":"the text","html_url":"https://u:p@h/3"}`, "One", ""},
		{"gitea", "/api/v1/repos/o/r/releases/tags/v1+2", `{"name":"One","body":"the text","draft":true}`, "draft", ""},
		{"gitea", "/api/v1/repos/o/r/releases/tags/v1+2", `[]`, "error", ""},
		{"gitea", "/api/v1/repos/o/r/releases/tags/v1+2", `<html>`, "error", ""},
		{"gitlab", "/api/v4/projects/o/r/releases/v1+2", `{"name":` + text + `,"description":{}}`, "error", ""},
		{"gitea", "/nowhere", ``, "draft", ""},
		{"github", "/nowhere", ``, "draft", ""},
		{"gitea", "/api/v1/repos/o/r/releases/tags/v1+2", `{"name":"One","body":"` + strings.Repeat("x", 9<<20) + `"}`, "error", ""},
	}
	for _, c := range cases {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != c.path {
				http.NotFound(w, r)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(c.body))
		}))
		at, err := url.Parse(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		f := &watcher.Forges{Client: local().Client(), Kinds: map[string]string{at.Host: c.kind}}
		r, found, err := f.Release(t.Context(), server.URL+"/o/r.git", "v1+2")
		switch {
		case c.name == "error" && err == nil, c.name != "error" && err != nil, found != (c.name != "draft" && c.name != "error"):
			t.Errorf("%s %.60s: found %v, %v", c.kind, c.body, found, err)
		case found && (r.Name != c.name || r.Text != "the text" || r.Web != c.web):
			t.Errorf("%s %s: %+v", c.kind, c.body, r)
		}
		server.Close()
	}
}

// A forge that asks for a rest gets it, for its releases too; the token goes to
// the forge alone and in a header.
func TestReleasesKeepToTheBudget(t *testing.T) {
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		if r.Header.Get("Authorization") != "Bearer s3cret" || strings.Contains(r.URL.String(), "s3cret") {
			t.Errorf("asked for %s with %v", r.URL, r.Header)
		}
		w.Header().Set("Retry-After", time.Now().Add(time.Minute).UTC().Format(http.TimeFormat))
		http.Error(w, "Retry later", http.StatusTooManyRequests)
	}))
	defer server.Close()
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	f := &watcher.Forges{Client: local().Client(), Kinds: map[string]string{at.Host: "gitlab"},
		Credential: func(string) *mirror.Credential { return &mirror.Credential{Username: "oauth2", Password: "s3cret"} }}
	if _, found, err := f.Release(t.Context(), server.URL+"/group/sub/r", "v1"); found || err == nil {
		t.Errorf("found %v, %v", found, err)
	}
	for range 3 {
		if _, found, err := f.Release(t.Context(), server.URL+"/group/sub/r", "v1"); found || err != nil {
			t.Errorf("in the rest: found %v, %v", found, err)
		}
	}
	if requests != 1 {
		t.Errorf("%d requests", requests)
	}
	if _, found, err := f.Release(t.Context(), "https://git.example.org/o/r.git", "v1"); found || err != nil {
		t.Errorf("a host of no known forge: found %v, %v", found, err)
	}
}

// What is left of a release's text is readable without the page it was made for.
func TestPlainMarkdown(t *testing.T) {
	for text, want := range map[string]string{
		"# Title\r\n\r\nText with `code`, **bold**, __more__ and [a link](https://x.example/?a=(b).": "Title\n\nText with code, bold, __more__ and a link.",
		"* one\n+ two\n- three\n---\n2 * 3 * 4":                                                      "– one\n– two\n– three\n\n2 * 3 * 4",
		"![logo](https://x/y.png)<img src=x onerror=alert(1)>a < b > c":                              "a < b > c",
		"<!-- hidden\nwords --> shown <!-- open":                                                     "shown",
		"```php\necho 1;\n```":                                                                       "echo 1;",
		"snake_case_name __init__.py":                                                                "snake_case_name __init__.py",
	} {
		if got := watcher.PlainMarkdown(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// FuzzPlainMarkdown: no text makes it longer or takes long.
func FuzzPlainMarkdown(f *testing.F) {
	for _, s := range []string{"# a\n* b **c** [d](e)", "<!-- x", "![[[((", strings.Repeat("[", 500), strings.Repeat("**", 500)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		items := strings.Count(s, "\n") + 1 // a dash is longer than the sign it stands for
		if got := watcher.PlainMarkdown(s); len(got) > len(s)+2*items {
			t.Errorf("%q became %q", s, got)
		}
	})
}
