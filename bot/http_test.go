package bot

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// signed makes a request as Slack signs it, age old.
func signed(secret, path, kind, body string, age time.Duration) *http.Request {
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	at := fmt.Sprint(time.Now().Add(-age).Unix())
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "v0:%s:%s", at, body)
	req.Header.Set("Content-Type", kind)
	req.Header.Set("X-Slack-Request-Timestamp", at)
	req.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return req
}

const formType = "application/x-www-form-urlencoded"

func TestForgedRequestsAreRefused(t *testing.T) {
	r := newRig(t, rigOptions{http: true})
	secret := r.ws.SigningSecret()
	body, n := "command=%2Fdistro&text=list&user_id=U0ALICE&team_id=T0LOCAL&channel_id=C0SITES&trigger_id=", 0
	fresh := func() string { n++; return body + fmt.Sprint(n) }
	tests := []struct {
		name string
		req  func() *http.Request
		want int
	}{
		{"good", func() *http.Request { return signed(secret, "/slack/commands", formType, fresh(), 0) }, 200},
		{"four minutes old", func() *http.Request { return signed(secret, "/slack/commands", formType, fresh(), 4*time.Minute) }, 200},
		{"six minutes old", func() *http.Request { return signed(secret, "/slack/commands", formType, fresh(), 6*time.Minute) }, 401},
		{"six minutes ahead", func() *http.Request { return signed(secret, "/slack/commands", formType, fresh(), -6*time.Minute) }, 401},
		{"other secret", func() *http.Request { return signed("guess", "/slack/commands", formType, fresh(), 0) }, 401},
		{"empty secret", func() *http.Request { return signed("", "/slack/commands", formType, fresh(), 0) }, 401},
		{"no signature", func() *http.Request {
			q := signed(secret, "/slack/commands", formType, fresh(), 0)
			q.Header.Del("X-Slack-Signature")
			return q
		}, 401},
		{"no time", func() *http.Request {
			q := signed(secret, "/slack/commands", formType, fresh(), 0)
			q.Header.Del("X-Slack-Request-Timestamp")
			return q
		}, 401},
		{"short signature", func() *http.Request {
			q := signed(secret, "/slack/commands", formType, fresh(), 0)
			q.Header.Set("X-Slack-Signature", "v0=00")
			return q
		}, 401},
		{"another body", func() *http.Request {
			q := signed(secret, "/slack/commands", formType, fresh(), 0)
			q.Body = http.NoBody
			return q
		}, 401},
		{"a GET", func() *http.Request { return httptest.NewRequest(http.MethodGet, "/slack/commands", nil) }, 405},
		{"too large", func() *http.Request {
			return signed(secret, "/slack/commands", formType, strings.Repeat("x", maxBody+1), 0)
		}, 413},
		{"payload in the address", func() *http.Request {
			return signed(secret, `/slack/interactions?payload={"type":"block_actions"}`, formType, "", 0)
		}, 400},
		{"not a payload", func() *http.Request { return signed(secret, "/slack/interactions", formType, "payload=%7B", 0) }, 400},
		{"not JSON", func() *http.Request { return signed(secret, "/slack/events", "application/json", "{", 0) }, 400},
		{"unknown event", func() *http.Request {
			return signed(secret, "/slack/events", "application/json", `{"type":"event_callback","event_id":"E1","event":{"type":"brand_new"}}`, 0)
		}, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			r.bot.Handler().ServeHTTP(w, tt.req())
			if w.Code != tt.want {
				t.Errorf("%d %s, want %d", w.Code, w.Body, tt.want)
			}
		})
	}
	if n := len(r.desk.asked()); n != 2 {
		t.Errorf("the desk was asked %d times, want twice", n)
	}
}

// TestReplayedRequest: whoever recorded a rightly signed request cannot use it.
func TestReplayedRequest(t *testing.T) {
	r := newRig(t, rigOptions{http: true})
	q := signed(r.ws.SigningSecret(), "/slack/commands", formType, "command=%2Fdistro&text=list&trigger_id=1", 0)
	header := q.Header
	for range 3 {
		q := httptest.NewRequest(http.MethodPost, "/slack/commands", strings.NewReader("command=%2Fdistro&text=list&trigger_id=1"))
		q.Header = header
		r.bot.Handler().ServeHTTP(httptest.NewRecorder(), q)
	}
	r.eventually("noted", func() bool {
		found, err := r.store.Read(t.Context(), r.bot.disp.seen.record("cmd.1"))
		return err == nil && found[0]
	})
	// Another replica, which has not seen the signature, knows the trigger.
	other := r.newBot(rigOptions{http: true}, "two")
	other.id = r.bot.identity()
	q.Body = io.NopCloser(strings.NewReader("command=%2Fdistro&text=list&trigger_id=1"))
	other.Handler().ServeHTTP(httptest.NewRecorder(), q)
	if n := len(r.desk.asked()); n != 1 {
		t.Errorf("the desk was asked %d times", n)
	}
}

func TestURLVerification(t *testing.T) {
	r := newRig(t, rigOptions{http: true})
	w := httptest.NewRecorder()
	r.bot.Handler().ServeHTTP(w, signed(r.ws.SigningSecret(), "/slack/events", "application/json", `{"type":"url_verification","challenge":"abc"}`, 0))
	if w.Code != 200 || w.Body.String() != "abc" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

func TestEmptySecretIsRefused(t *testing.T) {
	if _, err := newHTTPMode("", nil, nil); !errors.Is(err, errNoSecret) {
		t.Errorf("newHTTPMode: %v", err)
	}
	if _, err := New(Config{Tokens: Tokens{Bot: "xoxb-1"}}); !errors.Is(err, errNoSecret) {
		t.Errorf("New: %v", err)
	}
}

// TestOverload: what cannot be taken is refused at once, so that Slack tells the
// person, instead of being queued until nobody waits for it.
func TestOverload(t *testing.T) {
	r := newRig(t, rigOptions{http: true})
	r.bot.http.pool = newPool(0)
	w := httptest.NewRecorder()
	r.bot.Handler().ServeHTTP(w, signed(r.ws.SigningSecret(), "/slack/commands", formType, "command=%2Fdistro&text=list", 0))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("%d", w.Code)
	}
}

// TestResponseURLs: a payload cannot make the bot call other servers.
func TestResponseURLs(t *testing.T) {
	own := newResponder("http://127.0.0.1:8765/api/")
	slackOnly := newResponder("")
	for _, tt := range []struct {
		r    *responder
		url  string
		want bool
	}{
		{slackOnly, "https://hooks.slack.com/actions/T0/1/x", true},
		{slackOnly, "http://hooks.slack.com/actions/T0/1/x", false},
		{slackOnly, "https://hooks.slack.com.evil.example/x", false},
		{slackOnly, "https://hooks.slack.com@evil.example/x", false},
		{slackOnly, "http://169.254.169.254/latest", false},
		{slackOnly, "http://127.0.0.1:8765/response/x", false},
		{own, "http://127.0.0.1:8765/response/x", true},
		{own, "http://127.0.0.1:6379/", false},
		{own, "file:///etc/passwd", false},
		{own, "", false},
	} {
		if got := tt.r.allowed(tt.url); got != tt.want {
			t.Errorf("allowed(%q) = %v", tt.url, got)
		}
	}
}
