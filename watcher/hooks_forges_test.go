package watcher_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/watcher"
)

const oldSecret = "the secret before"

// forgeCase is one forge's way to send: a body and the headers that prove it.
type forgeCase struct {
	forge, event, body string
	sign               func(h http.Header, secret, body string)
	want               []string
}

func set(h http.Header, pairs ...string) {
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
}

// generically signs as the generic webhook is, at a time.
func generically(at time.Time) func(http.Header, string, string) {
	return func(h http.Header, secret, body string) {
		stamp := fmt.Sprint(at.Unix())
		set(h, "X-Distrobot-Timestamp", stamp, "X-Distrobot-Signature", "sha256="+sum(sha256.New, secret, stamp+"."+body))
	}
}

func forgeCases() []forgeCase {
	gitlab := func(event string) func(http.Header, string, string) {
		return func(h http.Header, secret, _ string) {
			set(h, "X-Gitlab-Token", secret, "X-Gitlab-Event", event, "X-Gitlab-Event-UUID", "13792a34-cac6-4fda-95a8-c58e00a3954e")
		}
	}
	gitea := func(h http.Header, secret, body string) {
		set(h, "X-Gitea-Event", "push", "X-Gitea-Delivery", "f6266f16-1bf3-46a5-9ea4-602e06ead473", "X-Gitea-Signature", sum(sha256.New, secret, body))
	}
	bitbucket := func(event string) func(http.Header, string, string) {
		return func(h http.Header, secret, body string) {
			set(h, "X-Event-Key", event, "X-Request-UUID", "dd9af8a4", "X-Hub-Signature", "sha256="+sum(sha256.New, secret, body))
		}
	}
	project := `{"object_kind":"tag_push","ref":"refs/tags/v1.0","project":{"web_url":"https://gl.example.org/a/b","git_http_url":"https://gl.example.org/a/b.git","git_ssh_url":"git@gl.example.org:a/b.git"},"repository":{"name":"b","url":"git@gl.example.org:a/b.git"}}`
	gl := []string{"https://gl.example.org/a/b.git", "git@gl.example.org:a/b.git", "https://gl.example.org/a/b"}
	return []forgeCase{
		{"gitlab", "push", project, gitlab("Push Hook"), gl},
		{"gitlab", "tag", project, gitlab("Tag Push Hook"), gl},
		{"gitlab", "release", project, gitlab("Release Hook"), gl},
		{"gitea", "push", `{"ref":"refs/heads/main","repository":{"clone_url":"https://gt.example.org/a/b.git","ssh_url":"git@gt.example.org:a/b.git","html_url":"https://gt.example.org/a/b"}}`,
			gitea, []string{"https://gt.example.org/a/b.git", "git@gt.example.org:a/b.git", "https://gt.example.org/a/b"}},
		{"bitbucket", "cloud", `{"push":{"changes":[]},"repository":{"full_name":"a/b","links":{"html":{"href":"https://bitbucket.org/a/b"},"self":{"href":"https://api.bitbucket.org/2.0/repositories/a/b"}}}}`,
			bitbucket("repo:push"), []string{"https://bitbucket.org/a/b", "https://api.bitbucket.org/2.0/repositories/a/b"}},
		{"bitbucket", "data centre", `{"eventKey":"repo:refs_changed","repository":{"slug":"b","links":{"clone":[{"href":"ssh://git@bb.example.org:7999/a/b.git","name":"ssh"},{"href":"https://bb.example.org/scm/a/b.git","name":"http"}]}}}`,
			bitbucket("repo:refs_changed"), []string{"ssh://git@bb.example.org:7999/a/b.git", "https://bb.example.org/scm/a/b.git"}},
		{"generic", "script", `{"url":"https://git.example.org/x.git"}`, generically(time.Now()), []string{"https://git.example.org/x.git"}},
	}
}

func posted(c forgeCase, secret string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/hooks/"+c.forge, strings.NewReader(c.body))
	r.Header.Set("Content-Type", "application/json")
	c.sign(r.Header, secret, c.body)
	return r
}

func receiveOf(t *testing.T, c forgeCase, r *http.Request) (int, []watcher.Hint) {
	t.Helper()
	h := &hints{}
	g, err := watcher.NewHooks(c.forge, []string{secret, oldSecret}, h, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	return w.Code, h.all
}

// Each forge's webhook is taken under the new and the old secret and refused
// under any other, unsigned, and without its event.
func TestForges(t *testing.T) {
	for _, c := range forgeCases() {
		t.Run(c.forge+" "+c.event, func(t *testing.T) {
			for _, s := range []string{secret, oldSecret} {
				code, got := receiveOf(t, c, posted(c, s))
				if code != http.StatusAccepted || len(got) != 1 {
					t.Fatalf("status %d, hints %+v", code, got)
				}
				if d := cmp.Diff(c.want, got[0].URLs); d != "" {
					t.Error(d)
				}
			}
			for _, s := range []string{"", "guess", secret + "x", secret[:5]} {
				if code, got := receiveOf(t, c, posted(c, s)); code != http.StatusUnauthorized || len(got) > 0 {
					t.Errorf("secret %q: status %d, hints %+v", s, code, got)
				}
			}
			bare := posted(c, secret)
			bare.Header = http.Header{"Content-Type": {"application/json"}}
			if code, got := receiveOf(t, c, bare); code != http.StatusUnauthorized || len(got) > 0 {
				t.Errorf("unsigned: status %d, hints %+v", code, got)
			}
			broken := c
			broken.body = "{"
			if code, got := receiveOf(t, c, posted(broken, secret)); code != http.StatusBadRequest || len(got) > 0 {
				t.Errorf("broken: status %d, hints %+v", code, got)
			}
		})
	}
}

func TestForgesIgnoreOtherEvents(t *testing.T) {
	for _, c := range forgeCases() {
		for _, header := range []string{"X-Gitlab-Event", "X-Gitea-Event", "X-Event-Key"} {
			r := posted(c, secret)
			if r.Header.Get(header) == "" {
				continue
			}
			r.Header.Set(header, "issue:created")
			if code, got := receiveOf(t, c, r); code != http.StatusOK || len(got) > 0 {
				t.Errorf("%s: status %d, hints %+v", c.forge, code, got)
			}
		}
	}
}

// The generic webhook's time is signed with it: neither an old one nor one from
// the future counts, and the time cannot be changed.
func TestGenericHookExpires(t *testing.T) {
	body := `{"url":"https://git.example.org/x.git"}`
	for _, shift := range []time.Duration{-6 * time.Minute, 6 * time.Minute, -24 * time.Hour} {
		c := forgeCase{forge: "generic", body: body, sign: generically(time.Now().Add(shift))}
		if code, got := receiveOf(t, c, posted(c, secret)); code != http.StatusUnauthorized || len(got) > 0 {
			t.Errorf("%v: status %d", shift, code)
		}
	}
	c := forgeCase{forge: "generic", body: body, sign: generically(time.Now().Add(-time.Hour))}
	r := posted(c, secret)
	r.Header.Set("X-Distrobot-Timestamp", fmt.Sprint(time.Now().Unix()))
	if code, _ := receiveOf(t, c, r); code != http.StatusUnauthorized {
		t.Errorf("a changed time: status %d", code)
	}
}

// A replay under another id, which no forge signs, acts no more; a script's
// equal bodies at different times do.
func TestHooksAreReplayLimited(t *testing.T) {
	for _, c := range forgeCases() {
		_, first := receiveOf(t, c, posted(c, secret))
		r := posted(c, secret)
		for _, id := range []string{"X-Gitlab-Event-UUID", "X-Gitea-Delivery", "X-Request-UUID"} {
			if r.Header.Get(id) != "" {
				r.Header.Set(id, "another")
			}
		}
		_, second := receiveOf(t, c, r)
		if !slices.ContainsFunc(first[0].IDs, func(id string) bool { return slices.Contains(second[0].IDs, id) }) {
			t.Errorf("%s: %v and %v have nothing in common", c.forge, first[0].IDs, second[0].IDs)
		}
	}
	script := forgeCase{forge: "generic", body: `{"url":"https://git.example.org/x.git"}`, sign: generically(time.Now())}
	_, first := receiveOf(t, script, posted(script, secret))
	script.sign = generically(time.Now().Add(-time.Minute))
	_, second := receiveOf(t, script, posted(script, secret))
	if slices.Equal(first[0].IDs, second[0].IDs) {
		t.Errorf("equal ids %v", first[0].IDs)
	}
}

func TestHooksNeedAForgeAndSecrets(t *testing.T) {
	for _, c := range []struct {
		forge   string
		secrets []string
	}{{"sourcehut", []string{"x"}}, {"gitlab", nil}, {"gitea", []string{"x", ""}}, {"generic", []string{" "}}} {
		if _, err := watcher.NewHooks(c.forge, c.secrets, &hints{}, nil); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}

// FuzzForges posts any body with any event, well signed or not.
func FuzzForges(f *testing.F) {
	for i, c := range forgeCases() {
		f.Add(i, c.body, true)
		f.Add(i, c.body, false)
	}
	f.Add(4, `{"repository":{"links":[1]}}`, true)
	f.Add(4, `{"repository":{"links":{"clone":{"href":null}}}}`, true)
	f.Fuzz(func(t *testing.T, which int, body string, signed bool) {
		cases := forgeCases()
		c := cases[uint(which)%uint(len(cases))]
		c.body = body
		with := secret
		if !signed {
			with = "guess"
		}
		code, got := receiveOf(t, c, posted(c, with))
		if !signed && (code != http.StatusUnauthorized || len(got) > 0) {
			t.Errorf("%s unsigned: status %d, hints %+v", c.forge, code, got)
		}
		if (code == http.StatusAccepted) != (len(got) == 1) || code >= 500 {
			t.Errorf("%s: status %d, hints %+v", c.forge, code, got)
		}
		for _, h := range got {
			for _, u := range h.URLs {
				if u == "" || len(u) > 1024 {
					t.Errorf("%s: address %q", c.forge, u)
				}
			}
		}
	})
}
