package watcher

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Hinter takes hints; *Poller.
type Hinter interface {
	Hint(ctx context.Context, h Hint) (Hinted, error)
}

// Hooks receives the webhooks of one sort of forge. Each delivery must prove
// that its sender knows a shared secret. It is only a hint to read the
// repository: nothing in it is believed or shown. Events that say nothing about
// refs are accepted and ignored.
type Hooks struct {
	forge   forge
	secrets [][]byte
	hints   Hinter
	log     *slog.Logger
}

// A forge is what differs between the senders of webhooks.
type forge struct {
	name   string
	signed func(h http.Header) bool                      // the proof is there, in the right form
	proves func(h http.Header, body, secret []byte) bool // and was made with this secret
	event  func(h http.Header) string
	id     func(h http.Header) string // of the delivery; "" if this forge gives none
	// signsID says that the id is as good as signed; the body, which may be the
	// same each time, is then no name of the delivery.
	signsID bool
	mustID  bool // a delivery without an id is refused
	// repository gives the addresses of the repository that an event is about;
	// used is false for events that say nothing about refs.
	repository func(event string, payload []byte) (urls []string, used bool, err error)
}

// forges lists the senders that are understood.
func forges() []forge { return []forge{github60, gitlab, gitea, bitbucket, generic} }

// NewHooks makes the receiver of a forge: "github", "gitlab", "gitea" (Forgejo
// too), "bitbucket" or "generic". While a secret is exchanged for another both
// are given. None, or an empty one, is refused, because then anyone could sign.
func NewHooks(name string, secrets []string, hints Hinter, log *slog.Logger) (*Hooks, error) {
	g := &Hooks{hints: hints, log: log}
	if log == nil {
		g.log = slog.New(slog.DiscardHandler)
	}
	for _, f := range forges() {
		if f.name == name {
			g.forge = f
		}
	}
	if g.forge.name == "" {
		return nil, fmt.Errorf("webhooks of %q are not understood", name)
	}
	for _, s := range secrets {
		if s = strings.TrimSpace(s); s == "" {
			return nil, fmt.Errorf("a secret of the webhooks of %s is empty: set the one that is configured there", name)
		}
		g.secrets = append(g.secrets, []byte(s))
	}
	if len(g.secrets) == 0 {
		return nil, fmt.Errorf("the webhooks of %s have no secret", name)
	}
	return g, nil
}

const (
	// maxDelivery bounds a body. GitHub's own cap is 25 MB; pushes, with at
	// most 20 commits in them, stay far below this.
	maxDelivery = 5 << 20
	// hintTime bounds the commit of a hint; GitHub waits 10 s for an answer.
	hintTime = 5 * time.Second
)

// delivery is an id as forges make them: a UUID.
var delivery = regexp.MustCompile(`^[0-9A-Za-z-]{1,80}$`)

// ServeHTTP implements http.Handler.
func (g *Hooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "webhooks are posted", http.StatusMethodNotAllowed)
		return
	}
	if !g.forge.signed(r.Header) {
		http.Error(w, "the proof of the shared secret is missing or of a wrong form", http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxDelivery))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			http.Error(w, "the delivery is too large", http.StatusRequestEntityTooLarge)
			return
		}
		http.Error(w, "the delivery was cut off", http.StatusBadRequest)
		return
	}
	if !g.proven(r.Header, body) {
		g.log.WarnContext(r.Context(), "a webhook with a wrong signature was refused", "forge", g.forge.name, "from", r.RemoteAddr)
		http.Error(w, "the signature is wrong", http.StatusUnauthorized)
		return
	}
	g.accept(w, r, body)
}

// proven tries every secret, so that the time it takes tells nothing of which
// one it was.
func (g *Hooks) proven(h http.Header, body []byte) bool {
	ok := false
	for _, s := range g.secrets {
		if g.forge.proves(h, body, s) {
			ok = true
		}
	}
	return ok
}

// accept acts on a delivery that is surely the forge's.
func (g *Hooks) accept(w http.ResponseWriter, r *http.Request, body []byte) {
	id := g.forge.id(r.Header)
	if id != "" && !delivery.MatchString(id) || id == "" && g.forge.mustID {
		http.Error(w, "the id of the delivery is missing or of a wrong form", http.StatusBadRequest)
		return
	}
	payload, err := jsonOf(r.Header.Get("Content-Type"), body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnsupportedMediaType)
		return
	}
	urls, used, err := g.forge.repository(g.forge.event(r.Header), payload)
	switch {
	case err != nil:
		http.Error(w, "the payload does not fit its event", http.StatusBadRequest)
	case !used:
		answer(w, http.StatusOK, "nothing to do")
	default:
		g.hint(w, r, Hint{IDs: g.ids(id, body), URLs: urls})
	}
}

// ids names a delivery by its id, which is not signed, and by its body, which
// is: neither a redelivery nor a replay under another id acts twice.
func (g *Hooks) ids(id string, body []byte) []string {
	if g.forge.signsID {
		return []string{g.forge.name + ":" + id}
	}
	sum := sha256.Sum256(body)
	out := []string{g.forge.name + ":body:" + hex.EncodeToString(sum[:16])}
	if id != "" {
		out = append(out, g.forge.name+":"+id)
	}
	return out
}

func (g *Hooks) hint(w http.ResponseWriter, r *http.Request, h Hint) {
	ctx, cancel := context.WithTimeout(r.Context(), hintTime)
	defer cancel()
	result, err := g.hints.Hint(ctx, h)
	if err != nil {
		g.log.WarnContext(ctx, "a webhook was not recorded", "forge", g.forge.name, "delivery", h.IDs, "err", err)
		http.Error(w, "not recorded; deliver it again", http.StatusServiceUnavailable)
		return
	}
	answer(w, http.StatusAccepted, string(result))
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n") // whoever delivered it may be gone
}

func mac(secret []byte, parts ...[]byte) []byte {
	m := hmac.New(sha256.New, secret)
	for _, p := range parts {
		m.Write(p)
	}
	return m.Sum(nil)
}

// hexSum reads the one header that counts: prefix and a SHA-256 sum in hex.
func hexSum(h http.Header, name, prefix string) ([]byte, bool) {
	values := h.Values(name)
	if len(values) != 1 {
		return nil, false
	}
	text, ok := strings.CutPrefix(values[0], prefix)
	sum, err := hex.DecodeString(text)
	return sum, ok && err == nil && len(sum) == sha256.Size
}

// signedBy is the proof that most forges give: an HMAC of the body in a header.
func signedBy(name, prefix string) (func(http.Header) bool, func(http.Header, []byte, []byte) bool) {
	signed := func(h http.Header) bool { _, ok := hexSum(h, name, prefix); return ok }
	proves := func(h http.Header, body, secret []byte) bool {
		sum, ok := hexSum(h, name, prefix)
		return ok && hmac.Equal(sum, mac(secret, body))
	}
	return signed, proves
}

// jsonOf finds the JSON in a body: it comes bare or, from GitHub if so set, as a form field.
func jsonOf(contentType string, body []byte) ([]byte, error) {
	kind, _, _ := mime.ParseMediaType(contentType)
	switch kind {
	case "application/json":
		return body, nil
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		if err != nil || form.Get("payload") == "" {
			return nil, errors.New("the form has no payload")
		}
		return []byte(form.Get("payload")), nil
	}
	return nil, errors.New("the content type must be application/json")
}
