package watcher

import (
	"errors"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/distrobot/distrobot/internal/mirror"
)

// hosts remembers which hosts asked for a rest. Every replica learns it by
// itself: a host that is asked once more by each loses nothing.
type hosts struct {
	mu    sync.Mutex
	until map[string]time.Time
	fails map[string]int // failures in a row that are the host's
}

// After breakAfter failures in a row over all its repositories a host is left
// alone for a part of the interval, so that an outage of it costs few requests.
const (
	breakAfter = 5
	breakPart  = 6
)

// resting gives how long the host wants to be left alone, 0 if it does not.
func (h *hosts) resting(host string) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	rest := time.Until(h.until[host])
	if rest <= 0 {
		delete(h.until, host)
		return 0
	}
	return rest
}

// heard takes note of how a reading went. A host that does not say how long it
// wants to be left alone is for the time given.
func (h *hosts) heard(host string, failure error, breakFor time.Duration) {
	var e *mirror.Error
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.until == nil {
		h.until, h.fails = map[string]time.Time{}, map[string]int{}
	}
	if !errors.As(failure, &e) || e.Problem != mirror.Unreachable && e.Problem != mirror.RateLimited {
		delete(h.fails, host)
		return
	}
	rest := min(e.RetryAfter, longestRest)
	h.fails[host]++
	if rest == 0 && (e.Problem == mirror.RateLimited || h.fails[host] >= breakAfter) {
		rest = breakFor
	}
	if until := time.Now().Add(rest); rest > 0 && until.After(h.until[host]) {
		h.until[host] = until
	}
}

// hostOf names the host of a URL with its port, as limits go by it.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return address
	}
	return strings.ToLower(u.Host)
}
