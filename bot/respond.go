package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/slack-go/slack"
)

// response is what is posted to a response URL, or handed back with the
// acknowledgement of a slash command.
type response struct {
	Type    string        `json:"response_type,omitempty"` // "in_channel" or "ephemeral"
	Text    string        `json:"text"`
	Blocks  []slack.Block `json:"blocks,omitempty"`
	Replace bool          `json:"replace_original"`
	Thread  string        `json:"thread_ts,omitempty"`
	file    *filed        // what is sent beside it
}

// responder posts to response URLs: five uses within 30 minutes, and the
// fastest way to change the message that was pressed.
type responder struct {
	http *http.Client
	host string // of the API, beside Slack's own
}

func newResponder(apiURL string) *responder {
	r := &responder{http: &http.Client{Timeout: 5 * time.Second, Transport: transport(), CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}}
	if u, err := url.Parse(apiURL); err == nil {
		r.host = u.Host
	}
	return r
}

var errForeignURL = errors.New("response URL is not Slack's")

// allowed keeps payloads from making the bot call other servers: only Slack's
// own host over TLS, or the host of the API that is configured.
func (r *responder) allowed(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil || u.User != nil {
		return false
	}
	if u.Scheme == "https" && u.Host == "hooks.slack.com" {
		return true
	}
	return r.host != "" && r.host != "slack.com" && u.Host == r.host && (u.Scheme == "https" || u.Scheme == "http")
}

func (r *responder) post(ctx context.Context, to string, msg response) error {
	if !r.allowed(to) {
		return errForeignURL
	}
	body, err := json.Marshal(msg)
	if err != nil {
		return fmt.Errorf("encode response: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make response request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := r.http.Do(req)
	if err != nil {
		return fmt.Errorf("post response: %w", err)
	}
	defer resp.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(resp.Body, 512))
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("post response: %s: %q", resp.Status, said)
	}
	return nil
}
