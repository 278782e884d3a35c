package bot

import (
	"context"
	"errors"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"
)

// callTimeout bounds every call to Slack; slack-go's own client has no limit.
const callTimeout = 15 * time.Second

// client is the HTTP client under slack-go. It holds back reconnect storms,
// remembers the scopes of the token, and counts.
//
// It never repeats a call: chat.postMessage has no idempotency key, so what may
// be repeated is decided by the sender, who can look whether it arrived.
type client struct {
	http   *http.Client
	storm  *storm
	meter  Meter
	mu     sync.Mutex
	scopes []string
}

// newClient makes the client and the API over it. apiURL is Slack's own when
// empty.
func newClient(t Tokens, m Meter) (*client, *slack.Client) {
	c := &client{storm: &storm{}, meter: m, http: &http.Client{
		Timeout:   callTimeout,
		Transport: transport(),
		// A redirect would carry the token elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	opts := []slack.Option{slack.OptionHTTPClient(c)}
	if t.APIURL != "" {
		opts = append(opts, slack.OptionAPIURL(strings.TrimSuffix(t.APIURL, "/")+"/"))
	}
	if t.App != "" {
		opts = append(opts, slack.OptionAppLevelToken(t.App))
	}
	return c, slack.New(t.Bot, opts...)
}

// transport keeps more connections open than the default two a host: a burst of
// presses would otherwise wait for handshakes.
func transport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 64
	return t
}

// Do implements slack-go's client.
func (c *client) Do(req *http.Request) (*http.Response, error) {
	method := path.Base(req.URL.Path)
	if strings.Contains(req.URL.Path, "/upload/") {
		method = "upload" // its address is another one each time
	}
	if method == "apps.connections.open" {
		if err := stormOf(req.Context(), c.storm).wait(req.Context()); err != nil {
			return nil, err
		}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		c.meter.Add("slack_calls", method+" failed", 1)
		return nil, err
	}
	c.meter.Add("slack_calls", method+" "+resp.Status[:3], 1)
	if s := resp.Header.Get("X-OAuth-Scopes"); s != "" && method != "apps.connections.open" {
		c.mu.Lock()
		c.scopes = strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
		c.mu.Unlock()
	}
	return resp, nil
}

// missing lists the scopes of want that the token was not seen to have; nil
// when Slack has not told the scopes.
func (c *client) missing(want []string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.scopes == nil {
		return nil
	}
	var out []string
	for _, s := range want {
		if !slices.Contains(c.scopes, s) {
			out = append(out, s)
		}
	}
	return out
}

// storm spaces out apps.connections.open. slack-go opens a connection at once
// when it was told to disconnect and resets its back-off at each success, so a
// workspace that answers "too many websockets" saw 4,258 openings in 3 s. A
// connection that lived for less than shortLife doubles the wait before the
// next, from a second up to maxPause.
type storm struct {
	mu    sync.Mutex
	last  time.Time // when a connection was opened last
	short int       // openings in a row that came soon after the one before
}

const (
	shortLife = 10 * time.Second
	maxPause  = time.Minute
)

func (s *storm) wait(ctx context.Context) error {
	timer := time.NewTimer(s.next(time.Now()))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = time.Now()
	return nil
}

// next says how long to wait before opening.
func (s *storm) next(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last.IsZero() || now.Sub(s.last) >= shortLife {
		s.short = 0
		return 0
	}
	pause := min(time.Second<<min(s.short, 10), maxPause)
	s.short++
	return max(pause-now.Sub(s.last), 0)
}

type stormKey struct{}

// withStorm says which connection ctx is about: each has its own pauses.
func withStorm(ctx context.Context, s *storm) context.Context {
	return context.WithValue(ctx, stormKey{}, s)
}

// stormOf gives the pauses of a connection, or those of any other caller.
func stormOf(ctx context.Context, other *storm) *storm {
	if s, ok := ctx.Value(stormKey{}).(*storm); ok {
		return s
	}
	return other
}

// count is how many short connections there were in a row, 0 once one lasts.
func (s *storm) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.last) > maxPause+shortLife {
		return 0
	}
	return s.short
}

// errorCode gives Slack's code for an error ("not_in_channel"), "ratelimited"
// with how long to wait, "" for a failure of the network or of Slack's servers,
// after which a call may or may not have been carried out.
func errorCode(err error) (code string, wait time.Duration) {
	var limited *slack.RateLimitedError
	var refused slack.SlackErrorResponse
	var status slack.StatusCodeError
	switch {
	case errors.As(err, &limited):
		return "ratelimited", max(limited.RetryAfter, time.Second)
	case errors.As(err, &refused):
		switch refused.Err {
		case "ratelimited", "rate_limited":
			return "ratelimited", 30 * time.Second
		case "internal_error", "fatal_error", "service_unavailable", "request_timeout":
			return "", 0
		}
		return refused.Err, 0
	case errors.As(err, &status) && status.Code == http.StatusTooManyRequests:
		return "ratelimited", 30 * time.Second // without a Retry-After
	}
	return "", 0
}
