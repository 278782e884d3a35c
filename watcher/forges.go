package watcher

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/mirror"
)

// Forges asks the APIs of GitHub, GitLab, Gitea and Forgejo for what git itself
// does not tell: whether anything has changed at all, in a request that costs
// nothing, and what a release says. Everything works without them, so whatever
// fails here only means to do without. Fill the exported fields.
type Forges struct {
	// Client connects; (mirror.Policy).Client keeps to what is allowed.
	Client *http.Client
	// Credential gives what a repository is read with, nil for none. Its
	// password is the token of the API too.
	Credential func(url string) *mirror.Credential
	// Kinds names the forges on hosts whose names do not tell: host, with its
	// port if it has one, to "github", "gitlab" or "gitea".
	Kinds map[string]string
	Log   *slog.Logger

	once   sync.Once
	mu     sync.Mutex
	apis   map[string]*api // by base address and token
	states states
	asked  map[string]time.Time // announcements whose release was asked for lately
}

// ForgeKinds lists what Forges.Kinds may name.
func ForgeKinds() []string { return []string{"github", "gitlab", "gitea"} }

// ParseForges reads entries like "git.example.org=gitlab" for Forges.Kinds.
func ParseForges(entries []string) (map[string]string, error) {
	out := map[string]string{}
	for i, entry := range entries {
		if entry = strings.ToLower(strings.TrimSpace(entry)); entry == "" {
			continue
		}
		host, kind, ok := strings.Cut(entry, "=")
		if kind == "forgejo" {
			kind = "gitea" // its API is Gitea's
		}
		if !ok || host == "" || strings.ContainsAny(host, "/@ ") || kind != "github" && kind != "gitlab" && kind != "gitea" {
			return nil, fmt.Errorf("entry %d is not HOST=github, HOST=gitlab, HOST=gitea or HOST=forgejo", i+1)
		}
		out[host] = kind
	}
	return out, nil
}

// An api is one forge's API as one token sees it.
type api struct {
	kind      string
	base      string // ends in a slash
	token     string
	client    *http.Client // keeps to the budget and bounds answers
	github    *github.Client
	allowance *allowance
}

// A project is a repository as its forge names it.
type project struct {
	api  *api
	url  string
	path string // "owner/name"; GitLab's may have groups in it
}

// githubAPI is where GitHub itself answers; its other installations answer below
// /api/v3/ of their own host.
const githubAPI = "https://api.github.com/"

// apiTime bounds one request.
const apiTime = 10 * time.Second

func (f *Forges) setUp() {
	f.once.Do(func() {
		f.apis, f.asked = map[string]*api{}, map[string]time.Time{}
		f.states.all = map[string]*state{}
		if f.Log == nil {
			f.Log = slog.New(slog.DiscardHandler)
		}
	})
}

// project finds the forge of a repository; false if it is not known.
func (f *Forges) project(repo string) (project, bool) {
	f.setUp()
	u, err := url.Parse(repo)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" && u.Scheme != "ssh" || u.Host == "" {
		return project{}, false
	}
	if u.Scheme == "ssh" { // the API of the same host is reached over https
		u = &url.URL{Scheme: "https", Host: u.Hostname(), Path: u.Path}
	}
	path := strings.TrimSuffix(strings.Trim(u.Path, "/"), ".git")
	kind := f.kindOf(strings.ToLower(u.Host))
	parts := strings.Count(path, "/") + 1
	if kind == "" || parts < 2 || parts > 2 && kind != "gitlab" {
		return project{}, false
	}
	return project{api: f.api(kind, baseOf(kind, u), f.token(u.String())), url: repo, path: path}, true
}

// kindOf tells a forge by the name of its host.
func (f *Forges) kindOf(host string) string {
	if kind := f.Kinds[host]; kind != "" {
		return kind
	}
	switch {
	case host == "github.com":
		return "github"
	case host == "git.drupalcode.org" || strings.Contains(host, "gitlab"):
		return "gitlab"
	case host == "codeberg.org" || strings.Contains(host, "gitea") || strings.Contains(host, "forgejo"):
		return "gitea"
	}
	return ""
}

// compareLink is the page on which the forge of a repository shows what lies
// between two refs, "" if it is not known.
func (f *Forges) compareLink(repo string, from, to fleet.Ref) string {
	u, err := url.Parse(repo)
	if err != nil {
		return ""
	}
	return fleet.CompareLinkAt(f.kindOf(strings.ToLower(u.Host)), repo, from, to)
}

func baseOf(kind string, u *url.URL) string {
	version := map[string]string{"github": "/api/v3/", "gitlab": "/api/v4/", "gitea": "/api/v1/"}[kind]
	if strings.EqualFold(u.Host, "github.com") {
		return githubAPI
	}
	return u.Scheme + "://" + u.Host + version
}

func (f *Forges) token(repo string) string {
	if f.Credential == nil {
		return ""
	}
	if c := f.Credential(repo); c != nil {
		return c.Password
	}
	return ""
}

// api gives the one api of an address and token, so that all repositories behind
// it share its budget.
func (f *Forges) api(kind, base, token string) *api {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := base + "\n" + token
	if a := f.apis[key]; a != nil {
		return a
	}
	client := f.Client
	if client == nil {
		client = mirror.Policy{}.Client()
	}
	a := &api{kind: kind, base: base, token: token, allowance: &allowance{}}
	a.client = &http.Client{Timeout: apiTime, CheckRedirect: client.CheckRedirect,
		Transport: &frugal{next: client.Transport, api: a}}
	if kind == "github" {
		a.github = github.NewClient(a.client)
		a.github.UserAgent = "distrobot"
		if at, err := url.Parse(base); err == nil {
			a.github.BaseURL = at
		}
	}
	f.apis[key] = a
	return a
}
