package mirror

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Repo is a repository to contact.
type Repo struct {
	URL        string
	Credential *Credential // nil for anonymous access
}

// Credential is sent as HTTP Basic authentication with every request, at once.
// GitHub takes x-access-token and GitLab oauth2 as the user name of a token.
type Credential struct{ Username, Password string }

func (c *Credential) authorization() string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(c.Username+":"+c.Password))
}

// Limits of one listing.
const (
	// MaxListing bounds the bytes of one answer, after decompression.
	MaxListing = 64 << 20
	// MaxRefs bounds the refs of one Listing.
	MaxRefs = 500_000
	// rememberFor is how long capabilities of a repository are believed.
	rememberFor = 24 * time.Hour
)

// A Lister lists refs. It is safe for concurrent use; keep one for the life of
// the program, since it holds the connections and what it learned of servers.
type Lister struct {
	policy Policy
	client *http.Client
	now    func() time.Time
	env    []string // for programs; nil is run.Environ()

	mu    sync.Mutex
	known map[string]remembered // by URL
}

type remembered struct {
	caps capabilities
	at   time.Time
}

// NewLister returns a Lister for the repositories that policy allows.
func NewLister(policy Policy) *Lister {
	return &Lister{policy: policy, client: policy.client(), now: time.Now, known: map[string]remembered{}}
}

// Close ends idle connections.
func (l *Lister) Close() { l.client.CloseIdleConnections() }

// List asks where the refs of repo that begin with one of prefixes point now;
// no prefixes means all refs. Names come with their refs/heads/ or refs/tags/.
// To ask for one ref, give its full name and use Listing.Find.
//
// The first request for a repository takes a round trip more than the later
// ones, which rely on remembered capabilities and fall back to asking again.
//
// A nil error means that the server's answer was complete; an empty Listing then
// says that nothing matches. Errors are *Refused or *Error, or the context's.
func (l *Lister) List(ctx context.Context, repo Repo, prefixes []string) (Listing, error) {
	if err := l.policy.Check(repo.URL); err != nil {
		return Listing{}, err
	}
	if err := checkPrefixes(prefixes); err != nil {
		return Listing{}, err
	}
	repo = l.policy.dress(repo)
	if overSSH(repo.URL) {
		return l.listOverSSH(ctx, repo, prefixes)
	}
	if caps, ok := l.recall(repo.URL); ok {
		listing, err := l.post(ctx, repo, caps, prefixes)
		if err == nil || !mayBeStale(err) {
			return listing, err
		}
		l.forget(repo.URL)
	}
	return l.discover(ctx, repo, prefixes)
}

// mayBeStale reports whether asking for the capabilities again could help: the
// server answered, but not with what they promised.
func mayBeStale(err error) bool {
	return Is(err, NotFound) || Is(err, Broken) || Is(err, NotGit) || Is(err, Redirected)
}

// discover asks for the capabilities and then for the refs, unless the server is
// an old one, whose first answer already lists them. A server, or a proxy before
// it, that promises version 2 and does not keep to it is asked in the old way.
func (l *Lister) discover(ctx context.Context, repo Repo, prefixes []string) (Listing, error) {
	found, err := l.advertised(ctx, repo, prefixes, protocol2)
	if err == nil && !found.v2 {
		return found.listing, nil
	}
	if err == nil {
		var listing Listing
		if listing, err = l.post(ctx, repo, found.caps, prefixes); err == nil {
			l.remember(repo.URL, found.caps)
			return listing, nil
		}
	}
	if !Is(err, Broken) {
		return Listing{}, err
	}
	old, oldErr := l.advertised(ctx, repo, prefixes, "")
	if oldErr != nil || old.v2 {
		return Listing{}, err
	}
	return old.listing, nil
}

// protocol2 is the value of the Git-Protocol header that asks for version 2.
const protocol2 = "version=2"

// advertised sends one discovery. An empty protocol asks for version 0.
func (l *Lister) advertised(ctx context.Context, repo Repo, prefixes []string, protocol string) (advertisement, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint(repo.URL, "/info/refs?service=git-upload-pack"), nil)
	if err != nil {
		return advertisement{}, refuse(httpsHint, "This is not a URL that I can read.")
	}
	if protocol != "" {
		req.Header.Set("Git-Protocol", protocol)
	}
	var found advertisement
	err = l.do(req, repo, "application/x-git-upload-pack-advertisement", func(body io.Reader) (err error) {
		found, err = readAdvertisement(body, prefixes, MaxRefs)
		return err
	})
	return found, err
}

// post sends one ls-refs request.
func (l *Lister) post(ctx context.Context, repo Repo, caps capabilities, prefixes []string) (Listing, error) {
	sent := prefixes
	if len(sent) > maxSentPrefixes {
		sent = nil
	}
	body := bytes.NewReader(lsRefsRequest(caps, sent))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint(repo.URL, "/git-upload-pack"), body)
	if err != nil {
		return Listing{}, refuse(httpsHint, "This is not a URL that I can read.")
	}
	req.Header.Set("Git-Protocol", protocol2)
	req.Header.Set("Content-Type", "application/x-git-upload-pack-request")
	var listing Listing
	err = l.do(req, repo, "application/x-git-upload-pack-result", func(body io.Reader) (err error) {
		listing, err = readLsRefs(body, caps.format, collector{prefixes: prefixes, limit: MaxRefs})
		return err
	})
	if err != nil {
		return Listing{}, err
	}
	return listing, nil
}

func endpoint(url, path string) string { return strings.TrimRight(url, "/") + path }

// recall returns what is remembered of url, unless it is a day old.
func (l *Lister) recall(url string) (capabilities, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r, ok := l.known[url]
	return r.caps, ok && l.now().Sub(r.at) < rememberFor
}

func (l *Lister) remember(url string, caps capabilities) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.known) >= 10_000 { // more than anybody tracks: drop what is old
		for u, r := range l.known {
			if l.now().Sub(r.at) >= rememberFor {
				delete(l.known, u)
			}
		}
	}
	l.known[url] = remembered{caps: caps, at: l.now()}
}

func (l *Lister) forget(url string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.known, url)
}
