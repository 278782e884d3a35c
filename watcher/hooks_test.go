package watcher_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/watcher"
)

const secret = "a shared secret"

// hints notes what arrives behind the signature check.
type hints struct {
	all []watcher.Hint
	err error
}

func (h *hints) Hint(_ context.Context, hint watcher.Hint) (watcher.Hinted, error) {
	h.all = append(h.all, hint)
	return watcher.HintTaken, h.err
}

func pushOf(url string) string {
	return fmt.Sprintf(`{"ref":"refs/heads/main","repository":{"id":1,"clone_url":%q,"html_url":"https://github.com/o/r","ssh_url":"git@github.com:o/r.git"}}`, url)
}

func sum(h func() hash.Hash, key, body string) string {
	mac := hmac.New(h, []byte(key))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

// delivery is a request as GitHub sends it.
func delivery(event, id, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/github", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-GitHub-Event", event)
	r.Header.Set("X-GitHub-Delivery", id)
	r.Header.Set("X-Hub-Signature-256", "sha256="+sum(sha256.New, secret, body))
	return r
}

func receive(t *testing.T, h watcher.Hinter, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	g, err := watcher.NewHooks("github", []string{secret}, h, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	return w
}

func TestWebhookSignature(t *testing.T) {
	body := pushOf("https://github.com/o/r.git")
	good := "sha256=" + sum(sha256.New, secret, body)
	cases := []struct {
		name   string
		change func(*http.Request)
		status int
	}{
		{"signed", func(*http.Request) {}, http.StatusAccepted},
		{"unsigned", func(r *http.Request) { r.Header.Del("X-Hub-Signature-256") }, http.StatusUnauthorized},
		{"forged", func(r *http.Request) {
			r.Header.Set("X-Hub-Signature-256", "sha256="+sum(sha256.New, "guess", body))
		}, http.StatusUnauthorized},
		{"of another body", func(r *http.Request) {
			r.Header.Set("X-Hub-Signature-256", "sha256="+sum(sha256.New, secret, body+" "))
		}, http.StatusUnauthorized},
		{"under the empty secret", func(r *http.Request) {
			r.Header.Set("X-Hub-Signature-256", "sha256="+sum(sha256.New, "", body))
		}, http.StatusUnauthorized},
		{"only SHA-1", func(r *http.Request) {
			r.Header.Del("X-Hub-Signature-256")
			r.Header.Set("X-Hub-Signature", "sha1="+sum(sha1.New, secret, body))
		}, http.StatusUnauthorized},
		{"SHA-1 in its place", func(r *http.Request) {
			r.Header.Set("X-Hub-Signature-256", "sha1="+sum(sha1.New, secret, body))
		}, http.StatusUnauthorized},
		{"cut off", func(r *http.Request) { r.Header.Set("X-Hub-Signature-256", good[:40]) }, http.StatusUnauthorized},
		{"two of them", func(r *http.Request) { r.Header.Add("X-Hub-Signature-256", good) }, http.StatusUnauthorized},
		{"no delivery id", func(r *http.Request) { r.Header.Del("X-GitHub-Delivery") }, http.StatusBadRequest},
		{"odd delivery id", func(r *http.Request) { r.Header.Set("X-GitHub-Delivery", "a b{}") }, http.StatusBadRequest},
		{"not posted", func(r *http.Request) { r.Method = http.MethodGet }, http.StatusMethodNotAllowed},
		{"another content", func(r *http.Request) { r.Header.Set("Content-Type", "text/xml") }, http.StatusUnsupportedMediaType},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := &hints{}
			r := delivery("push", "d-1", body)
			c.change(r)
			if w := receive(t, h, r); w.Code != c.status {
				t.Errorf("status %d, want %d: %s", w.Code, c.status, w.Body)
			}
			if (len(h.all) == 1) != (c.status == http.StatusAccepted) {
				t.Errorf("hints %+v", h.all)
			}
		})
	}
}

func TestWebhookSecretIsRequired(t *testing.T) {
	for _, empty := range []string{"", "  "} {
		if _, err := watcher.NewHooks("github", []string{empty}, &hints{}, nil); err == nil {
			t.Errorf("%q is taken for a secret", empty)
		}
	}
}

func TestWebhookEvents(t *testing.T) {
	repo := `"repository":{"id":1,"clone_url":"https://github.com/o/r.git","html_url":"https://github.com/o/r"}`
	urls := []string{"https://github.com/o/r.git", "https://github.com/o/r"}
	cases := []struct {
		event, body string
		status      int
		want        []string
	}{
		{"push", `{"ref":"refs/tags/1.0",` + repo + `}`, http.StatusAccepted, urls},
		{"create", `{"ref":"1.0","ref_type":"tag",` + repo + `}`, http.StatusAccepted, urls},
		{"delete", `{"ref":"1.0","ref_type":"tag",` + repo + `}`, http.StatusAccepted, urls},
		{"release", `{"action":"published",` + repo + `}`, http.StatusAccepted, urls},
		{"ping", `{"zen":"Speak like a human."}`, http.StatusOK, nil},
		{"issues", `{}`, http.StatusOK, nil},
		{"", `{}`, http.StatusOK, nil},
		{"push", `{"ref":`, http.StatusBadRequest, nil},
		{"push", `[]`, http.StatusBadRequest, nil},
		{"push", `{}`, http.StatusAccepted, nil},
	}
	for _, c := range cases {
		t.Run(c.event, func(t *testing.T) {
			h := &hints{}
			if w := receive(t, h, delivery(c.event, "d-1", c.body)); w.Code != c.status {
				t.Errorf("status %d, want %d: %s", w.Code, c.status, w.Body)
			}
			var got []string
			for _, hint := range h.all {
				got = hint.URLs
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestWebhookAsForm(t *testing.T) {
	h := &hints{}
	r := delivery("push", "d-1", url.Values{"payload": {pushOf("https://github.com/o/r.git")}}.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if w := receive(t, h, r); w.Code != http.StatusAccepted || len(h.all) != 1 {
		t.Errorf("status %d, hints %+v", w.Code, h.all)
	}
}

func TestWebhookBodyIsBounded(t *testing.T) {
	h := &hints{}
	w := receive(t, h, delivery("push", "d-1", strings.Repeat(" ", 5<<20)+pushOf("x")))
	if w.Code != http.StatusRequestEntityTooLarge || len(h.all) != 0 {
		t.Errorf("status %d, hints %+v", w.Code, h.all)
	}
}

// A hint that could not be recorded must be delivered again.
func TestWebhookWhenTheStoreIsAway(t *testing.T) {
	if w := receive(t, &hints{err: errors.New("away")}, delivery("push", "d-1", pushOf("x"))); w.Code != http.StatusServiceUnavailable {
		t.Errorf("status %d", w.Code)
	}
}

// A webhook leads to a poll at once; nothing is announced that the repository
// does not show; a replay does nothing.
func TestWebhookLeadsToAPoll(t *testing.T) {
	s := newScene(t)
	s.repo.Tag("1.0.0", s.commit("main", "first"))
	s.track(byTags)
	p := s.poller()
	p.Interval = time.Hour
	s.poll(p)
	s.run(p)
	spelled := strings.TrimSuffix(strings.ToUpper(s.repo.URL), ".GIT") + "/"
	if w := receive(t, p, delivery("push", "d-1", pushOf(spelled))); w.Code != http.StatusAccepted {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	s.await("the poll", func() bool { return !s.due() })
	if _, ok := s.announcement(1); ok {
		t.Error("a webhook announced something by itself")
	}
	if s.cursor().Hooked.IsZero() {
		t.Error("the webhook left no trace")
	}
	s.repo.Tag("1.1.0", s.commit("main", "second"))
	if w := receive(t, p, delivery("push", "d-1", pushOf(s.repo.URL))); !strings.Contains(w.Body.String(), string(watcher.HintRepeated)) || s.due() {
		t.Errorf("replayed: %d %s", w.Code, w.Body)
	}
	if w := receive(t, p, delivery("create", "d-2", pushOf(s.repo.URL))); !strings.Contains(w.Body.String(), string(watcher.HintTaken)) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	s.await("the announcement", func() bool { _, ok := s.announcement(1); return ok })
	if w := receive(t, p, delivery("push", "d-3", pushOf("https://github.com/somebody/else.git"))); !strings.Contains(w.Body.String(), string(watcher.HintUnknown)) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// due reports whether the repository's turn has come and was not taken.
func (s *scene) due() bool {
	s.Helper()
	row := fleet.Poll{URL: s.repo.URL}
	if _, err := s.store.Read(s.Context(), &row); err != nil {
		s.Fatal(err)
	}
	return !row.Next.After(now(s.T, s.store))
}

func FuzzWebhook(f *testing.F) {
	f.Add("push", "application/json", pushOf("https://github.com/o/r.git"), true)
	f.Add("create", "application/x-www-form-urlencoded", "payload=%7B%7D", true)
	f.Add("release", "application/json; charset=utf-8", `{"repository":{"clone_url":1}}`, true)
	f.Add("push", "application/json", `{"repository":null,"commits":[null]}`, false)
	f.Fuzz(func(t *testing.T, event, contentType, body string, signed bool) {
		h := &hints{}
		g, err := watcher.NewHooks("github", []string{secret}, h, nil)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, "/github", bytes.NewReader([]byte(body)))
		r.Header = http.Header{"X-Github-Event": {event}, "Content-Type": {contentType}, "X-Github-Delivery": {"d-1"},
			"X-Hub-Signature-256": {"sha256=" + sum(sha256.New, secret, body)}}
		if !signed {
			r.Header.Set("X-Hub-Signature-256", "sha256="+sum(sha256.New, "guess", body))
		}
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		if !signed && (w.Code != http.StatusUnauthorized || len(h.all) > 0) {
			t.Errorf("unsigned: status %d, hints %+v", w.Code, h.all)
		}
		if (w.Code == http.StatusAccepted) != (len(h.all) == 1) || w.Code >= 500 {
			t.Errorf("status %d, hints %+v", w.Code, h.all)
		}
	})
}
