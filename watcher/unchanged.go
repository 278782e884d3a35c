package watcher

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/distrobot/distrobot/internal/mirror"
)

// Conditional requests. GitHub answers "not modified" to a token without
// counting the request, in about a kilobyte of headers. A listing of refs over
// git costs as much from worthAsking refs on, so those below are read over git,
// which is cheaper. What counts is always the listing over git: the API only says
// that there is no need for one, and only after both have once told the same.
const (
	worthAsking = 16
	// wholeEvery is how long an unchanged listing is believed without reading
	// it over git again, whatever the API says.
	wholeEvery = time.Hour
	// maxRemembered bounds the refs of all remembered listings, about 200 bytes
	// each; repositories beyond are read over git.
	maxRemembered = 200_000
	maxPrefixes   = 2 // requests for one reading; git takes all prefixes at once
	maxDoubts     = 3 // disagreements until a repository is left to git for wholeEvery
)

// Unchanged gives the last listing of a repository if the forge says that it
// still holds. Learn must be told of each listing read instead.
func (f *Forges) Unchanged(ctx context.Context, repo mirror.Repo, prefixes []string) (mirror.Listing, bool) {
	p, ok := f.project(repo.URL)
	if !ok || p.api.github == nil || p.api.token == "" || len(prefixes) == 0 || len(prefixes) > maxPrefixes {
		return mirror.Listing{}, false
	}
	now := time.Now()
	s, ok := f.states.get(repo.URL, prefixes)
	if !ok || now.Before(s.avoid) {
		return mirror.Listing{}, false
	}
	s.told, s.fresh = map[string]map[string]string{}, map[string]string{}
	same := s.tags != nil && now.Sub(s.at) < wholeEvery
	for _, prefix := range prefixes {
		if !p.api.allowance.poll(now) {
			return mirror.Listing{}, false
		}
		unmodified, err := f.ask(ctx, p, prefix, &s)
		if err != nil {
			f.gaveUp(ctx, p, &s, err)
			return mirror.Listing{}, false
		}
		same = same && unmodified
	}
	if same {
		s.told, s.fresh = nil, nil // nothing is to be compared
	}
	f.states.put(repo.URL, s)
	return s.listing, same
}

// ask sends one conditional request and notes what it was answered with.
func (f *Forges) ask(ctx context.Context, p project, prefix string, s *state) (unmodified bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, apiTime)
	defer cancel()
	path := "repos/" + escaped(p.path) + "/git/matching-refs/" + escaped(strings.TrimPrefix(prefix, "refs/"))
	req, err := p.api.github.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		return false, err
	}
	if tag := s.tags[prefix]; tag != "" {
		req.Header.Set("If-None-Match", tag)
	}
	var refs []*github.Reference
	resp, err := p.api.github.Do(ctx, req, &refs)
	if resp != nil && resp.Response != nil && resp.StatusCode == http.StatusNotModified && s.tags[prefix] != "" {
		s.fresh[prefix] = s.tags[prefix]
		return true, nil
	}
	if err != nil {
		return false, err
	}
	tag := resp.Header.Get("ETag")
	if tag == "" || len(tag) > 200 || resp.NextPage != 0 {
		return false, errNoTag // what is not whole cannot be compared
	}
	hashes := make(map[string]string, len(refs))
	for _, r := range refs {
		hashes[r.GetRef()] = r.GetObject().GetSHA()
	}
	s.told[prefix], s.fresh[prefix] = hashes, tag
	return false, nil
}

// escaped is a path whose parts mean nothing but themselves.
func escaped(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return strings.Join(parts, "/")
}

var errNoTag = errors.New("the answer has no name of its own or comes in pages")

// gaveUp leaves a repository, or an API that does not take the token, to git for
// a while.
func (f *Forges) gaveUp(ctx context.Context, p project, s *state, err error) {
	until := time.Now().Add(wholeEvery)
	var e *github.ErrorResponse
	switch {
	case errors.Is(err, errSpent) || ctx.Err() != nil:
		return // the allowance knows
	case errors.As(err, &e) && e.Response != nil && e.Response.StatusCode == http.StatusUnauthorized:
		p.api.allowance.ban(until)
		f.Log.WarnContext(ctx, "the API of a forge refuses the token; its repositories are read over git alone", "api", p.api.base)
	default:
		f.Log.DebugContext(ctx, "a repository is read over git alone for a while", "url", p.url, "err", err)
	}
	s.avoid, s.told, s.fresh = until, nil, nil
	f.states.put(p.url, *s)
}

// Learn takes note of a listing that was read over git. What the API told just
// before is believed from now on only if it is the same: it may lag behind git,
// and would then hide what it shows later.
func (f *Forges) Learn(repo mirror.Repo, prefixes []string, listing mirror.Listing) {
	p, ok := f.project(repo.URL)
	if !ok || p.api.github == nil || p.api.token == "" || len(prefixes) == 0 || len(prefixes) > maxPrefixes {
		return
	}
	if len(listing.Refs) < worthAsking {
		f.states.drop(repo.URL)
		return
	}
	s, _ := f.states.get(repo.URL, prefixes)
	asked, before := s.fresh != nil, s.listing
	s.prefixes, s.listing, s.at = prefixes, listing, time.Now()
	s.tags = s.agreed(before)
	switch {
	case s.tags != nil:
		s.doubts = 0
	case asked:
		if s.doubts++; s.doubts >= maxDoubts {
			s.doubts, s.avoid = 0, time.Now().Add(wholeEvery)
		}
	}
	s.told, s.fresh = nil, nil
	f.states.put(repo.URL, s)
}
