package watcher_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/internal/mirror/mirrortest"
	"github.com/distrobot/distrobot/watcher"
)

// A githubAPI answers as GitHub's REST API does, over what a real repository
// holds: ETags, 304 to whoever is authorised without counting it, the two rate
// limits and their headers, 404 for what the token may not see, and releases.
type githubAPI struct {
	*testing.T
	mu        sync.Mutex
	repo      *mirrortest.Repo
	token     string
	limit     int
	remaining int
	reset     time.Time
	abuse     time.Duration     // Retry-After of the second limit; 0 is not reached
	frozen    []apiRef          // the API lags behind git and still shows these
	releases  map[string]string // JSON by tag
	requests  []string          // "STATUS path"
	paged     bool
}

type apiRef struct {
	Ref    string    `json:"ref"`
	NodeID string    `json:"node_id"`
	URL    string    `json:"url"`
	Object apiObject `json:"object"`
}

type apiObject struct {
	Type string `json:"type"`
	SHA  string `json:"sha"`
	URL  string `json:"url"`
}

// withAPI makes a scene whose server has GitHub's API in front of its git.
func withAPI(t *testing.T) (*scene, *githubAPI, *watcher.Forges) {
	api := &githubAPI{T: t, token: "t0ken", limit: 5000, remaining: 5000, reset: time.Now().Add(time.Hour), releases: map[string]string{}}
	s := newScene(t, api.before)
	api.repo = s.repo
	at, err := url.Parse(s.repo.URL)
	if err != nil {
		t.Fatal(err)
	}
	return s, api, api.forges(at.Host)
}

func (g *githubAPI) forges(host string) *watcher.Forges {
	return &watcher.Forges{Client: local().Client(), Kinds: map[string]string{host: "github"},
		Credential: func(string) *mirror.Credential {
			return &mirror.Credential{Username: "x-access-token", Password: "t0ken"}
		}}
}

// before serves the API and lets everything else through to git.
func (g *githubAPI) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, ok := strings.CutPrefix(r.URL.Path, "/api/v3/repos/x/atrium/")
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		status := g.answer(w, r, path)
		g.requests = append(g.requests, fmt.Sprint(status, " ", path))
	})
}

func (g *githubAPI) answer(w http.ResponseWriter, r *http.Request, path string) int {
	refuse := func(status int, message string) int {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"message": message, "documentation_url": "https://docs.github.com/rest"})
		return status
	}
	rate := func() {
		w.Header().Set("X-RateLimit-Limit", strconv.Itoa(g.limit))
		w.Header().Set("X-RateLimit-Remaining", strconv.Itoa(g.remaining))
		w.Header().Set("X-RateLimit-Reset", strconv.FormatInt(g.reset.Unix(), 10))
		w.Header().Set("X-RateLimit-Resource", "core")
	}
	if r.Header.Get("Authorization") != "Bearer "+g.token {
		return refuse(http.StatusUnauthorized, "Bad credentials")
	}
	if g.abuse > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(g.abuse/time.Second)))
		return refuse(http.StatusForbidden, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.")
	}
	if time.Now().After(g.reset) {
		g.remaining, g.reset = g.limit, time.Now().Add(time.Hour)
	}
	if g.remaining <= 0 {
		rate()
		return refuse(http.StatusForbidden, "API rate limit exceeded for user ID 1.")
	}
	body, found := g.resource(path)
	tag := fmt.Sprintf(`W/"%x"`, sha256.Sum256([]byte(body)))
	if found && r.Header.Get("If-None-Match") == tag {
		rate() // not counted
		w.Header().Set("ETag", tag)
		w.WriteHeader(http.StatusNotModified)
		return http.StatusNotModified
	}
	g.remaining--
	rate()
	if !found {
		return refuse(http.StatusNotFound, "Not Found")
	}
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "private, max-age=60, s-maxage=60")
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if g.paged {
		w.Header().Set("Link", `<https://api.github.com/repositories/1/git/matching-refs/tags?page=2>; rel="next"`)
	}
	_, _ = w.Write([]byte(body))
	return http.StatusOK
}

func (g *githubAPI) resource(path string) (string, bool) {
	if tag, ok := strings.CutPrefix(path, "releases/tags/"); ok {
		body, found := g.releases[tag]
		return body, found
	}
	prefix, ok := strings.CutPrefix(path, "git/matching-refs/")
	if !ok {
		return "", false
	}
	refs := []apiRef{}
	for _, r := range g.refs() {
		if strings.HasPrefix(r.Ref, "refs/"+prefix) {
			refs = append(refs, r)
		}
	}
	body, err := json.Marshal(refs)
	if err != nil {
		g.Error(err)
	}
	return string(body), true
}

// refs reads what the repository really holds, unless the API lags.
func (g *githubAPI) refs() []apiRef {
	if g.frozen != nil {
		return g.frozen
	}
	var out []apiRef
	for line := range strings.Lines(mirrortest.Git(g.T, g.repo.Dir, "", "for-each-ref", "--format=%(refname) %(objecttype) %(objectname)")) {
		f := strings.Fields(line)
		out = append(out, apiRef{Ref: f[0], NodeID: "REF_x", URL: "https://api.github.com/" + f[0],
			Object: apiObject{Type: f[1], SHA: f[2], URL: "https://api.github.com/" + f[2]}})
	}
	return out
}

// freeze makes the API show from now on what it shows now; thaw ends it.
func (g *githubAPI) freeze() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.frozen = g.refs()
}

func (g *githubAPI) change(change func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change()
}

// asked takes the requests since the last time.
func (g *githubAPI) asked() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := g.requests
	g.requests = nil
	return out
}

func (g *githubAPI) left() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.remaining
}
