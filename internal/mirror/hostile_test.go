package mirror_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/mirror"
)

const (
	advertType = "application/x-git-upload-pack-advertisement"
	resultType = "application/x-git-upload-pack-result"
	hashA      = "1111111111111111111111111111111111111111"
)

func pkt(s string) string { return fmt.Sprintf("%04x%s", len(s)+4, s) }

// v2 is a proper discovery; with the service line that some servers send.
var v2 = pkt("# service=git-upload-pack\n") + "0000" + pkt("version 2\n") + pkt("agent=git/x\n") +
	pkt("ls-refs=unborn future-thing\n") + pkt("fetch=shallow\n") + pkt("object-format=sha1\n") + pkt("new-capability\n") + "0000"

// A script answers the discovery and the POST.
type script struct {
	get, post         string
	getType, postType string
	header            map[string]string
	getCode, postCode int
}

func (s script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, kind, code := s.get, s.getType, s.getCode
	if kind == "" {
		kind = advertType
	}
	if r.Method == http.MethodPost {
		if body, kind, code = s.post, s.postType, s.postCode; kind == "" {
			kind = resultType
		}
	}
	for k, v := range s.header {
		w.Header().Set(k, v)
	}
	w.Header().Set("Content-Type", kind)
	if code != 0 {
		w.WriteHeader(code)
	}
	_, _ = io.WriteString(w, body)
}

func TestHostileServers(t *testing.T) {
	ok := pkt(hashA+" refs/heads/main\n") + "0000"
	many := strings.Repeat(pkt(hashA+" refs/heads/x\n"), 10_000)
	tests := []struct {
		name   string
		script script
		want   mirror.Problem // "" means that the listing is accepted
		refs   int
		text   string // contained in the error
	}{
		{name: "proper", script: script{get: v2, post: ok}, refs: 1},
		{name: "nothing matches", script: script{get: v2, post: "0000"}},
		{name: "content type with parameters", script: script{get: v2, post: ok, postType: resultType + "; charset=utf-8"}, refs: 1},
		{name: "unknown attributes", script: script{get: v2, post: pkt(hashA+" refs/heads/main new:thing x\n") + "0000"}, refs: 1},
		{name: "lines without line ends", script: script{get: v2, post: pkt(hashA+" refs/heads/main") + "0000"}, refs: 1},
		{name: "refs that were not asked for", script: script{get: v2, post: pkt(hashA+" refs/pull/1/head\n") + ok}, refs: 1},
		{name: "version 1", script: script{get: pkt("# service=git-upload-pack\n") + "0000" + pkt("version 1\n") + pkt(hashA+" refs/heads/main\x00agent=x\n") + "0000"}, refs: 1},
		{name: "version 0", script: script{get: pkt("# service=git-upload-pack\n") + "0000" + pkt(hashA+" HEAD\x00symref=HEAD:refs/heads/main\n") + pkt(hashA+" refs/heads/main\n") + "0000"}, refs: 1},
		{name: "version 0, empty", script: script{get: pkt("# service=git-upload-pack\n") + "0000" + pkt(strings.Repeat("0", 40)+" capabilities^{}\x00agent=x\n") + "0000"}},
		{name: "version 0, emptier", script: script{get: pkt("# service=git-upload-pack\n") + "00000000"}},

		{name: "empty body", script: script{get: v2, post: ""}, want: mirror.Broken},
		{name: "empty discovery", script: script{get: ""}, want: mirror.Broken},
		{name: "cut in the list", script: script{get: v2, post: pkt(hashA + " refs/heads/main\n")}, want: mirror.Broken},
		{name: "cut in a line", script: script{get: v2, post: ok[:30]}, want: mirror.Broken},
		{name: "cut in the capabilities", script: script{get: v2[:len(v2)-4]}, want: mirror.Broken},
		{name: "version 0 cut", script: script{get: pkt(hashA + " refs/heads/main\x00x\n")}, want: mirror.Broken},
		{name: "server's message", script: script{get: v2, post: pkt("ERR access denied\x1b[31m <!channel>\n")}, want: mirror.Broken, text: "access denied [31m <!channel>"},
		{name: "message in the discovery", script: script{get: pkt("ERR go away\n")}, want: mirror.Broken, text: "go away"},
		{name: "login page", script: script{get: "<html>Log in</html>", getType: "text/html; charset=utf-8"}, want: mirror.NotGit, text: "login page"},
		{name: "login page after the discovery", script: script{get: v2, post: "<html>", postType: "text/html"}, want: mirror.NotGit},
		{name: "page under git's content type", script: script{get: "<html>Log in</html>"}, want: mirror.Broken},
		{name: "dumb http server", script: script{get: hashA + "\trefs/heads/main\n", getType: "text/plain"}, want: mirror.NotGit},
		{name: "length 3", script: script{get: v2, post: "0003"}, want: mirror.Broken},
		{name: "length above the limit", script: script{get: v2, post: "ffff" + strings.Repeat("x", 70000)}, want: mirror.Broken},
		{name: "wrong hash length", script: script{get: v2, post: pkt(hashA+"11 refs/heads/main\n") + "0000"}, want: mirror.Broken},
		{name: "SHA-256 hash in a SHA-1 repository", script: script{get: v2, post: pkt(strings.Repeat("1", 64)+" refs/heads/main\n") + "0000"}, want: mirror.Broken},
		{name: "upper-case hash", script: script{get: v2, post: pkt(strings.Repeat("A", 40)+" refs/heads/main\n") + "0000"}, want: mirror.Broken},
		{name: "bad peeled hash", script: script{get: v2, post: pkt(hashA+" refs/tags/1 peeled:-x\n") + "0000"}, want: mirror.Broken},
		{name: "path traversal in a name", script: script{get: v2, post: pkt(hashA+" refs/heads/../../x\n") + "0000"}, want: mirror.Broken},
		{name: "control character in a name", script: script{get: v2, post: pkt(hashA+" refs/heads/a\x1bb\n") + "0000"}, want: mirror.Broken},
		{name: "delimiter in the list", script: script{get: v2, post: "0001" + ok}, want: mirror.Broken},
		{name: "unknown object format", script: script{get: pkt("version 2\n") + pkt("ls-refs\n") + pkt("object-format=md5\n") + "0000"}, want: mirror.Broken},
		{name: "no ls-refs", script: script{get: pkt("version 2\n") + pkt("fetch\n") + "0000"}, want: mirror.Broken},
		{name: "version 3", script: script{get: pkt("version 3\n") + "0000"}, want: mirror.Broken},

		{name: "404", script: script{getCode: 404}, want: mirror.NotFound, text: "no such repository"},
		{name: "401", script: script{getCode: 401}, want: mirror.NotFound},
		{name: "403", script: script{getCode: 403}, want: mirror.NotFound},
		{name: "500", script: script{getCode: 500}, want: mirror.Unreachable},
		{name: "418", script: script{getCode: 418}, want: mirror.NotGit},
		{name: "too many refs", script: script{get: v2, post: strings.Repeat(many, 51) + "0000"}, want: mirror.TooBig},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(tt.script)
			defer server.Close()
			got, err := newLister(t).List(t.Context(), mirror.Repo{URL: server.URL + "/shop.git"}, []string{"refs/heads/"})
			if tt.want == "" {
				if err != nil || len(got.Refs) != tt.refs {
					t.Errorf("got %+v, %v", got, err)
				}
				return
			}
			if !mirror.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got %v, want %q with %q", err, tt.want, tt.text)
			}
			if len(got.Refs) != 0 {
				t.Errorf("a failed listing has %d refs", len(got.Refs))
			}
		})
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	followed := 0
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed++ }))
	defer target.Close()
	tests := []struct{ location, text, hint string }{
		{
			"https://gitlab.example.org/group/shop.git/info/refs?service=git-upload-pack",
			"is at gitlab.example.org now", "use https://gitlab.example.org/group/shop.git instead",
		},
		{target.URL + "/info/refs", "another address", "change the URL"},
		{"https://user:pw@evil.example/x/info/refs", "is at evil.example now", "use https://evil.example/x instead"},
		{"javascript:alert(1)", "another address", "change the URL"},
		{"", "another address", "change the URL"},
	}
	for _, tt := range tests {
		server := httptest.NewServer(script{getCode: http.StatusMovedPermanently, header: map[string]string{"Location": tt.location}})
		_, err := newLister(t).List(t.Context(), mirror.Repo{URL: server.URL + "/shop", Credential: &mirror.Credential{Password: "t"}}, nil)
		server.Close()
		var e *mirror.Error
		if !asError(err, &e) || e.Problem != mirror.Redirected || !strings.Contains(e.Text, tt.text) || !strings.Contains(e.Hint, tt.hint) {
			t.Errorf("to %q: got %+v", tt.location, e)
		}
	}
	if followed != 0 {
		t.Errorf("%d redirects were followed", followed)
	}
}

func TestRateLimit(t *testing.T) {
	date := time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat)
	tests := []struct {
		code     int
		header   map[string]string
		problem  mirror.Problem
		min, max time.Duration
	}{
		{429, map[string]string{"Retry-After": "120"}, mirror.RateLimited, 120 * time.Second, 120 * time.Second},
		{429, nil, mirror.RateLimited, 0, 0},
		{429, map[string]string{"Retry-After": date}, mirror.RateLimited, 60 * time.Second, 91 * time.Second},
		{429, map[string]string{"Retry-After": "-5"}, mirror.RateLimited, 0, 0},
		{429, map[string]string{"Retry-After": "999999999"}, mirror.RateLimited, 24 * time.Hour, 24 * time.Hour},
		{403, map[string]string{"Retry-After": "7"}, mirror.RateLimited, 7 * time.Second, 7 * time.Second},
		{403, map[string]string{"X-RateLimit-Remaining": "0"}, mirror.RateLimited, 0, 0},
		{503, map[string]string{"Retry-After": "30"}, mirror.Unreachable, 30 * time.Second, 30 * time.Second},
	}
	for _, tt := range tests {
		server := httptest.NewServer(script{getCode: tt.code, header: tt.header})
		_, err := newLister(t).List(t.Context(), mirror.Repo{URL: server.URL + "/shop"}, nil)
		server.Close()
		var e *mirror.Error
		if !asError(err, &e) || e.Problem != tt.problem || e.RetryAfter < tt.min || e.RetryAfter > tt.max {
			t.Errorf("%d %v: got %+v", tt.code, tt.header, e)
		}
	}
}

// A rate limit must not be answered with more requests.
func TestRateLimitAfterFirstContactIsOneRequest(t *testing.T) {
	limited, requests := false, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		s := script{get: v2, post: "0000"}
		if limited {
			s.getCode, s.postCode = 429, 429
		}
		s.ServeHTTP(w, r)
	}))
	defer server.Close()
	l, repo := newLister(t), mirror.Repo{URL: server.URL + "/shop"}
	if _, err := l.List(t.Context(), repo, nil); err != nil {
		t.Fatal(err)
	}
	limited, requests = true, 0
	if _, err := l.List(t.Context(), repo, nil); !mirror.Is(err, mirror.RateLimited) || requests != 1 {
		t.Errorf("got %v after %d requests", err, requests)
	}
}

func TestListStopsWithItsContext(t *testing.T) {
	started := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", advertType)
		_, _ = io.WriteString(w, pkt("version 2\n"))
		_ = http.NewResponseController(w).Flush()
		close(started)
		<-r.Context().Done()
	}))
	defer server.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() { <-started; cancel(errWhy) }()
	if _, err := newLister(t).List(ctx, mirror.Repo{URL: server.URL + "/shop"}, nil); err == nil || err.Error() != errWhy.Error() {
		t.Errorf("got %v, want the cause of the cancellation", err)
	}
}

// An answer without end must be cut at the limit, not fill the memory.
func TestEndlessAnswer(t *testing.T) {
	line := []byte(pkt(hashA + " refs/pull/" + strings.Repeat("x", 60000) + "\n"))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			script{get: v2}.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", resultType)
		for {
			if _, err := w.Write(line); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	_, err := newLister(t).List(t.Context(), mirror.Repo{URL: server.URL + "/shop"}, []string{"refs/heads/"})
	if !mirror.Is(err, mirror.TooBig) {
		t.Errorf("got %v, want TooBig", err)
	}
}
