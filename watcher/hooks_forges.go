package watcher

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// gitlab are GitLab's webhooks. They carry the secret itself, so they are worth
// no more than the TLS around them. Compared are sums of equal length.
var gitlab = forge{
	name:   "gitlab",
	signed: func(h http.Header) bool { return len(h.Values("X-Gitlab-Token")) == 1 && h.Get("X-Gitlab-Token") != "" },
	proves: func(h http.Header, _, secret []byte) bool {
		got, want := sha256.Sum256([]byte(h.Get("X-Gitlab-Token"))), sha256.Sum256(secret)
		return hmac.Equal(got[:], want[:])
	},
	event:      func(h http.Header) string { return h.Get("X-Gitlab-Event") },
	id:         func(h http.Header) string { return cmp.Or(h.Get("Idempotency-Key"), h.Get("X-Gitlab-Event-UUID")) },
	repository: repositoryIn("Push Hook", "Tag Push Hook", "Release Hook", "System Hook"),
}

// gitea are the webhooks of Gitea and of Forgejo, which sends Gitea's headers
// beside its own.
var gitea = func() forge {
	f := forge{name: "gitea", repository: repositoryIn("push", "create", "delete", "release")}
	f.signed, f.proves = signedBy("X-Gitea-Signature", "")
	f.event = func(h http.Header) string { return h.Get("X-Gitea-Event") }
	f.id = func(h http.Header) string { return h.Get("X-Gitea-Delivery") }
	return f
}()

// bitbucket are the webhooks of Bitbucket Cloud and Data Center.
var bitbucket = func() forge {
	f := forge{name: "bitbucket", repository: repositoryIn("repo:push", "repo:refs_changed")}
	f.signed, f.proves = signedBy("X-Hub-Signature", "sha256=")
	f.event = func(h http.Header) string { return h.Get("X-Event-Key") }
	f.id = func(h http.Header) string { return cmp.Or(h.Get("X-Request-UUID"), h.Get("X-Request-Id")) }
	return f
}()

// The headers of the generic webhook, which any script can send. What is signed
// is the time, a dot and the body: {"url": "https://git.example.org/x.git"}.
const (
	hookTime      = "X-Distrobot-Timestamp" // seconds since 1970
	hookSignature = "X-Distrobot-Signature" // sha256=HEX
	hookWindow    = 5 * time.Minute
)

var generic = forge{
	name: "generic",
	signed: func(h http.Header) bool {
		_, ok := hexSum(h, hookSignature, "sha256=")
		at, err := strconv.ParseInt(h.Get(hookTime), 10, 64)
		return ok && err == nil && time.Since(time.Unix(at, 0)).Abs() < hookWindow
	},
	proves: func(h http.Header, body, secret []byte) bool {
		sum, ok := hexSum(h, hookSignature, "sha256=")
		return ok && hmac.Equal(sum, mac(secret, []byte(h.Get(hookTime)), []byte("."), body))
	},
	event: func(http.Header) string { return "push" },
	id: func(h http.Header) string {
		sum, _ := hexSum(h, hookSignature, "sha256=")
		return hex.EncodeToString(sum)
	},
	signsID:    true,
	repository: repositoryIn("push"),
}

// repositoryIn reads the addresses of the repository out of the events named.
func repositoryIn(events ...string) func(string, []byte) ([]string, bool, error) {
	return func(event string, payload []byte) ([]string, bool, error) {
		if !slices.Contains(events, event) {
			return nil, false, nil
		}
		var p pushed
		if err := json.Unmarshal(payload, &p); err != nil {
			return nil, true, err
		}
		urls := append([]string{p.URL}, p.Project.addresses()...)
		urls = append(urls, p.Repository.addresses()...)
		return slices.DeleteFunc(urls, func(u string) bool { return u == "" || len(u) > 1024 }), true, nil
	}
}

// pushed is what the payloads of GitLab, Gitea, Bitbucket and of scripts say
// about the repository; each fills its own part.
type pushed struct {
	URL        string `json:"url"`
	Project    place  `json:"project"`
	Repository place  `json:"repository"`
}

type place struct {
	GitHTTPURL string `json:"git_http_url"` // GitLab
	GitSSHURL  string `json:"git_ssh_url"`
	WebURL     string `json:"web_url"`
	CloneURL   string `json:"clone_url"` // Gitea
	SSHURL     string `json:"ssh_url"`
	HTMLURL    string `json:"html_url"`
	Links      links  `json:"links"` // Bitbucket
}

func (p place) addresses() []string {
	return append([]string{p.GitHTTPURL, p.GitSSHURL, p.WebURL, p.CloneURL, p.SSHURL, p.HTMLURL}, p.Links...)
}

// links are the addresses in Bitbucket's links: Cloud has an object under
// "html", Data Center a list under "clone".
type links []string

// maxLinks bounds what is taken of a list that its sender chose.
const maxLinks = 10

// UnmarshalJSON implements json.Unmarshaler. What has another shape is passed over.
func (l *links) UnmarshalJSON(data []byte) error {
	var byName map[string]json.RawMessage
	if json.Unmarshal(data, &byName) != nil {
		return nil
	}
	for _, name := range []string{"html", "clone", "self"} {
		var one struct{ Href string }
		var many []struct{ Href string }
		switch {
		case json.Unmarshal(byName[name], &one) == nil:
			*l = append(*l, one.Href)
		case json.Unmarshal(byName[name], &many) == nil:
			for _, m := range many[:min(len(many), maxLinks)] {
				*l = append(*l, m.Href)
			}
		}
	}
	return nil
}
