package watcher

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// An allowance is what is left of the requests that a forge's API grants to a
// token. GitHub counts them over everybody who uses the token, so replicas that
// heed the answer share one budget without talking to each other.
type allowance struct {
	mu        sync.Mutex
	known     bool
	limit     int
	remaining int
	reset     time.Time // when a new budget begins
	rest      time.Time // asked for by the forge: nothing at all is sent before
	tokens    float64   // of our own pace
	at        time.Time
}

const (
	// reserve is the part of a budget that polls leave for release notes and
	// for whatever else uses the token.
	reserve = 0.2
	// pace and burst bound the polls of one process. GitHub's second limit is
	// 900 points a minute, a GET being one, whatever it is answered with: three
	// replicas stay below it.
	pace  = 5 // a second
	burst = 30
	// longestBan bounds what an answer can make us wait.
	longestBan = 24 * time.Hour
	// shortestBan is for answers that ask for a rest and do not say how long;
	// GitHub's documents ask for a minute at least.
	shortestBan = time.Minute
)

// poll reports whether a poll may be sent now, and takes it off the pace.
func (a *allowance) poll(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Before(a.rest) || a.known && now.Before(a.reset) && float64(a.remaining) <= reserve*float64(a.limit) {
		return false
	}
	if a.at.IsZero() {
		a.tokens = burst
	}
	a.tokens = min(burst, a.tokens+pace*max(0, now.Sub(a.at).Seconds()))
	a.at = now
	if a.tokens < 1 {
		return false
	}
	a.tokens--
	return true
}

// may reports whether anything may be sent.
func (a *allowance) may(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !now.Before(a.rest) && !(a.known && a.remaining <= 0 && now.Before(a.reset))
}

// heard takes note of an answer. GitHub and GitLab count in headers of their own
// names; a forge that has none is held to Retry-After alone.
func (a *allowance) heard(resp *http.Response, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	h := resp.Header
	for _, prefix := range []string{"X-RateLimit-", "RateLimit-"} {
		limit, err1 := strconv.Atoi(h.Get(prefix + "Limit"))
		remaining, err2 := strconv.Atoi(h.Get(prefix + "Remaining"))
		reset, err3 := strconv.ParseInt(h.Get(prefix+"Reset"), 10, 64)
		if err1 != nil || err2 != nil || err3 != nil {
			continue
		}
		a.known, a.limit, a.remaining = true, limit, remaining
		a.reset = earlier(time.Unix(reset, 0), now.Add(longestBan))
		break
	}
	limited := resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusForbidden && (h.Get("Retry-After") != "" || a.known && a.remaining <= 0)
	if !limited && resp.StatusCode != http.StatusServiceUnavailable {
		return
	}
	wait := time.Duration(0)
	if n, err := strconv.ParseUint(h.Get("Retry-After"), 10, 31); err == nil {
		wait = time.Duration(n) * time.Second
	} else if at, err := http.ParseTime(h.Get("Retry-After")); err == nil {
		wait = at.Sub(now)
	} else if a.known && a.remaining <= 0 {
		wait = a.reset.Sub(now)
	}
	if wait <= 0 {
		wait = shortestBan
	}
	if until := now.Add(min(wait, longestBan)); until.After(a.rest) {
		a.rest = until
	}
}

// ban leaves an API alone that would not have us.
func (a *allowance) ban(until time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if until.After(a.rest) {
		a.rest = until
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// errSpent is given for a request that is not sent, because the forge asked for
// a rest or has nothing left to grant.
var errSpent = errors.New("the forge's API grants no more requests at the moment")

// maxAPIAnswer bounds an answer. A hundred thousand refs, the most that is
// worth a conditional request, are about 30 MB; few are above 1 MB.
const maxAPIAnswer = 8 << 20

// frugal sends requests to an api with its token, keeps to its budget and bounds
// what comes back.
type frugal struct {
	next http.RoundTripper
	api  *api
}

// RoundTrip implements http.RoundTripper.
func (f *frugal) RoundTrip(req *http.Request) (*http.Response, error) {
	if !f.api.allowance.may(time.Now()) {
		return nil, errSpent
	}
	if f.api.token != "" {
		req = req.Clone(req.Context())
		req.Header.Set("Authorization", "Bearer "+f.api.token)
	}
	next := f.next
	if next == nil {
		next = http.DefaultTransport
	}
	resp, err := next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	f.api.allowance.heard(resp, time.Now())
	resp.Body = &bounded{ReadCloser: resp.Body, left: maxAPIAnswer}
	return resp, nil
}

// bounded fails instead of handing on more than it may, so that an answer that
// was cut is not taken for a whole one.
type bounded struct {
	io.ReadCloser
	left int64
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errors.New("the answer of the forge's API is too long")
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
