package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"golang.org/x/time/rate"

	"github.com/distrobot/distrobot/fleet"
)

// maxBody bounds a request of Slack's; the largest are presses on full messages.
const maxBody = 1 << 20

// errNoSecret refuses HTTP mode without a signing secret: anybody could press
// Confirm.
var errNoSecret = errors.New("HTTP mode needs a signing secret")

// httpMode receives Slack's signed requests: /slack/commands,
// /slack/interactions and /slack/events, or one address for all of them.
type httpMode struct {
	secret string
	d      *dispatcher
	pool   *pool
	ready  func() bool // the bot knows which workspace is its own
	base   context.Context
	log    *slog.Logger

	forged *rate.Limiter // of log lines about forged requests

	// signatures of commands and presses that were let in; verify alone would
	// let the same request pass again for five minutes.
	signatures seen
}

func newHTTPMode(secret string, d *dispatcher, p *pool) (*httpMode, error) {
	if secret == "" {
		return nil, errNoSecret
	}
	return &httpMode{secret: secret, d: d, pool: p, log: d.log, forged: rate.NewLimiter(1, 10)}, nil
}

// ServeHTTP verifies a request and answers it within three seconds.
func (h *httpMode) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "POST only", http.StatusMethodNotAllowed)
		return
	}
	if stale(r.Header, time.Now()) { // before the body: whoever cannot sign shall cost little
		h.refuse(w, r, errStale)
		return
	}
	body, status := read(w, r)
	if status != 0 {
		http.Error(w, "body too large or cut off", status)
		return
	}
	if err := h.verify(r.Header, body); err != nil {
		h.refuse(w, r, err)
		return
	}
	// The signature covers the body alone. What was signed as one kind must not be
	// read as another: the words of a message in an event could be a form.
	switch kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); {
	case kind == "application/json":
		h.event(w, r, body)
	case kind == "application/x-www-form-urlencoded" && !json.Valid(body):
		h.form(w, r, body)
	default:
		h.d.meter.Add("slack_requests", "misshapen", 1)
		http.Error(w, "neither JSON nor a form", http.StatusUnsupportedMediaType)
	}
}

// refuse answers a request that Slack did not sign. Anybody may send such ones,
// so only some are logged, and all are counted.
func (h *httpMode) refuse(w http.ResponseWriter, r *http.Request, err error) {
	h.d.meter.Add("slack_requests", "forged", 1)
	if h.forged.Allow() {
		h.log.WarnContext(r.Context(), "request with a bad signature refused", "error", err, "from", r.RemoteAddr, "path", fleet.Clean(r.URL.Path, 100))
	}
	http.Error(w, "bad signature", http.StatusUnauthorized)
}

var errStale = errors.New("its time is missing or more than five minutes away")

// stale reports whether the time that a request says it was signed at rules it
// out, whatever its signature: a first look that needs no body.
func stale(header http.Header, now time.Time) bool {
	at, err := strconv.ParseInt(header.Get("X-Slack-Request-Timestamp"), 10, 64)
	return err != nil || header.Get("X-Slack-Signature") == "" || now.Sub(time.Unix(at, 0)).Abs() > signedFor
}

// signedFor is how far a signature's time may be from ours (Slack: five minutes).
const signedFor = 5 * time.Minute

// bodyWait bounds the reading of a body: Slack sends it at once.
const bodyWait = 5 * time.Second

// read reads a body within size and time; status is 0 if that worked.
func read(w http.ResponseWriter, r *http.Request) (body []byte, status int) {
	slow := http.NewResponseController(w)
	_ = slow.SetReadDeadline(time.Now().Add(bodyWait)) // a writer of tests knows no deadline
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	_ = slow.SetReadDeadline(time.Time{})
	var large *http.MaxBytesError
	switch {
	case err == nil:
		return body, 0
	case errors.As(err, &large):
		return nil, http.StatusRequestEntityTooLarge
	}
	return nil, http.StatusBadRequest
}

// verify checks Slack's signature, version 0, over the raw body: at most five
// minutes old, compared in constant time.
func (h *httpMode) verify(header http.Header, body []byte) error {
	v, err := slack.NewSecretsVerifier(header, h.secret)
	if err != nil {
		return err
	}
	if _, err := v.Write(body); err != nil {
		return err
	}
	return v.Ensure()
}

// form handles slash commands and interactions. Only the body is read: a
// payload in the address is not covered by the signature.
func (h *httpMode) form(w http.ResponseWriter, r *http.Request, body []byte) {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		http.Error(w, "not a form", http.StatusBadRequest)
		return
	}
	if !h.signatures.enter(r.Header.Get("X-Slack-Signature"), time.Now()) {
		h.d.meter.Add("slack_requests", "replayed", 1)
		h.log.WarnContext(r.Context(), "a request was replayed", "from", r.RemoteAddr, "path", r.URL.Path)
		w.WriteHeader(http.StatusOK) // Slack never repeats these
		return
	}
	if payload := values.Get("payload"); payload != "" {
		var c slack.InteractionCallback
		if err := json.Unmarshal([]byte(payload), &c); err != nil {
			http.Error(w, "not a payload", http.StatusBadRequest)
			return
		}
		h.run(w, r, "interaction", func(ctx context.Context, a *acker) { h.d.interaction(ctx, c, a) })
		return
	}
	if values.Get("ssl_check") == "1" {
		w.WriteHeader(http.StatusOK)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	c, err := slack.SlashCommandParse(r)
	if err != nil || c.Command == "" {
		http.Error(w, "not a command", http.StatusBadRequest)
		return
	}
	h.run(w, r, "command", func(ctx context.Context, a *acker) { h.d.command(ctx, c, a) })
}

// event handles the Events API, its challenge included.
func (h *httpMode) event(w http.ResponseWriter, r *http.Request, body []byte) {
	var outer struct {
		Type      string `json:"type"`
		Challenge string `json:"challenge"`
	}
	if err := json.Unmarshal(body, &outer); err != nil {
		http.Error(w, "not JSON", http.StatusBadRequest)
		return
	}
	if outer.Type == slackevents.URLVerification {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = io.WriteString(w, outer.Challenge)
		return
	}
	e, err := slackevents.ParseEvent(body, slackevents.OptionNoVerifyToken())
	if err != nil {
		h.log.InfoContext(r.Context(), "event not understood", "error", err)
		w.WriteHeader(http.StatusOK) // repeating it would not help
		return
	}
	h.run(w, r, "event", func(ctx context.Context, a *acker) { h.d.event(ctx, e, a) })
}

// run gives a request to a worker and writes the acknowledgement when it comes.
// The worker goes on after that. Without room, 503 makes Slack tell the person
// (or repeat the event).
func (h *httpMode) run(w http.ResponseWriter, r *http.Request, kind string, f func(context.Context, *acker)) {
	if !h.ready() {
		http.Error(w, "starting", http.StatusServiceUnavailable)
		return
	}
	acked := make(chan any, 1)
	a := h.d.acker(kind, func(payload any) { acked <- payload })
	began := h.pool.try(func() {
		h.d.guard(fleet.WithOrigin(h.base, fleet.Origin{Via: fleet.ViaHTTP}), kind, func(ctx context.Context) { f(ctx, a) })
		a.ack(nil) // a handler that panicked
	})
	if !began {
		h.d.meter.Add("slack_requests", "refused", 1)
		http.Error(w, "overloaded", http.StatusServiceUnavailable)
		return
	}
	timer := time.NewTimer(ackWait)
	defer timer.Stop()
	select {
	case payload := <-acked:
		h.answer(w, r, payload)
	case <-timer.C:
		w.WriteHeader(http.StatusOK)
	case <-r.Context().Done():
	}
}

func (h *httpMode) answer(w http.ResponseWriter, r *http.Request, payload any) {
	if payload == nil {
		w.WriteHeader(http.StatusOK)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if err := json.NewEncoder(w).Encode(payload); err != nil {
		h.log.WarnContext(r.Context(), "acknowledgement not written", "error", err)
	}
}
