package workspace

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// appRequest is one signed request to an app in HTTP mode.
type appRequest struct {
	kind      string // commands, interactions or events: replaces {kind} in the address
	body      []byte
	form      bool // else JSON
	signature string
	age       time.Duration
	retry     int
	reason    string
}

// appAnswer is what the app said.
type appAnswer struct {
	status  int
	body    []byte
	noRetry bool
}

// overHTTP delivers an envelope in HTTP mode.
func (s *Server) overHTTP(e *envelope) ack {
	req := encodeForHTTP(e.kind, e.payload)
	req.signature, req.retry, req.reason = "good", e.attempt, e.reason
	answer, err := s.send(req)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return ack{problem: problemTimeout}
	case err != nil:
		return ack{problem: problemDispatch}
	case answer.status < 200 || answer.status > 299:
		return ack{problem: fmt.Sprintf("http_%d", answer.status), noRetry: answer.noRetry}
	}
	a := ack{}
	if e.answers && len(bytes.TrimSpace(answer.body)) > 0 {
		a.payload = answer.body
	}
	return a
}

// encodeForHTTP writes a payload as Slack posts it: commands as a form,
// interactions as a form with one field, events as JSON.
func encodeForHTTP(kind string, payload obj) appRequest {
	switch kind {
	case "slash_commands":
		form := url.Values{}
		for k, v := range payload {
			if text, ok := v.(string); ok {
				form.Set(k, text)
			} else {
				form.Set(k, string(encode(v)))
			}
		}
		return appRequest{kind: "commands", form: true, body: []byte(form.Encode())}
	case "interactive":
		form := url.Values{"payload": {string(encode(payload))}}
		return appRequest{kind: "interactions", form: true, body: []byte(form.Encode())}
	}
	return appRequest{kind: "events", body: encode(payload)}
}

// send signs and posts one request.
func (s *Server) send(req appRequest) (appAnswer, error) {
	ctx, cancel := context.WithTimeout(s.ctx, s.opts.AckTimeout)
	defer cancel()
	address := strings.ReplaceAll(s.opts.AppURL, "{kind}", req.kind)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(req.body))
	if err != nil {
		return appAnswer{}, fmt.Errorf("app URL: %w", err)
	}
	r.Header.Set("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
	r.Header.Set("Content-Type", "application/json")
	if req.form {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if req.retry > 0 {
		r.Header.Set("X-Slack-Retry-Num", strconv.Itoa(req.retry))
		r.Header.Set("X-Slack-Retry-Reason", req.reason)
	}
	s.sign(r.Header, req)
	res, err := s.client.Do(r)
	if err != nil {
		return appAnswer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return appAnswer{}, err
	}
	return appAnswer{status: res.StatusCode, body: body, noRetry: res.Header.Get("X-Slack-No-Retry") == "1"}, nil
}

// sign adds Slack's signature headers: HMAC-SHA256 over v0:timestamp:body.
// "bad" signs with another secret, "none" leaves the headers out.
func (s *Server) sign(h http.Header, req appRequest) {
	if req.signature == "none" {
		return
	}
	secret := s.opts.SigningSecret
	if req.signature == "bad" {
		secret = derive(secret, "not the secret")
	}
	stamp := strconv.FormatInt(time.Now().Add(-req.age).Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "v0:%s:", stamp)
	mac.Write(req.body)
	h.Set("X-Slack-Request-Timestamp", stamp)
	h.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
}

// VerifyAppURL does what Slack does when an events address is entered: it
// sends url_verification and wants the challenge back.
func (s *Server) VerifyAppURL() error {
	challenge := shortID(24)
	req := encodeForHTTP("events_api", obj{"type": "url_verification", "token": "local", "challenge": challenge})
	req.signature = "good"
	answer, err := s.send(req)
	if err != nil {
		return fmt.Errorf("app URL: %w", err)
	}
	if answer.status != http.StatusOK || !strings.Contains(string(answer.body), challenge) {
		return fmt.Errorf("app URL: answered %d without the challenge", answer.status)
	}
	return nil
}
