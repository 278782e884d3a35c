package watcher

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"
)

// Hinter takes hints; *Poller.
type Hinter interface {
	Hint(ctx context.Context, h Hint) (Hinted, error)
}

// GitHub receives GitHub's webhooks. Each must carry a SHA-256 signature under
// the shared secret; the old SHA-1 one is not looked at. A delivery is only a
// hint to read the repository: nothing in it is believed or shown. The push,
// create, delete and release events are used, ping is answered, others are
// accepted and ignored.
type GitHub struct {
	secret []byte
	hints  Hinter
	log    *slog.Logger
}

// NewGitHub makes the receiver. An empty secret is refused, because then anyone
// could sign.
func NewGitHub(secret string, hints Hinter, log *slog.Logger) (*GitHub, error) {
	if strings.TrimSpace(secret) == "" {
		return nil, errors.New("the secret of GitHub's webhooks is empty: set the one that is configured there")
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &GitHub{secret: []byte(secret), hints: hints, log: log}, nil
}

const (
	// maxDelivery bounds a body. GitHub's own cap is 25 MB; pushes, with at
	// most 20 commits in them, stay far below this.
	maxDelivery = 5 << 20
	// hintTime bounds the commit of a hint; GitHub waits 10 s for an answer.
	hintTime = 5 * time.Second
)

// delivery is an id as GitHub makes them: a UUID.
var delivery = regexp.MustCompile(`^[0-9A-Za-z-]{1,80}$`)

// ServeHTTP implements http.Handler.
func (g *GitHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "webhooks are posted", http.StatusMethodNotAllowed)
		return
	}
	signature, ok := readSignature(r.Header)
	if !ok {
		http.Error(w, "X-Hub-Signature-256 is missing or no SHA-256 signature", http.StatusUnauthorized)
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
	if !hmac.Equal(signature, g.sign(body)) {
		g.log.WarnContext(r.Context(), "a webhook with a wrong signature was refused", "from", r.RemoteAddr)
		http.Error(w, "the signature is wrong", http.StatusUnauthorized)
		return
	}
	g.accept(w, r, body)
}

// accept acts on a delivery that is surely GitHub's.
func (g *GitHub) accept(w http.ResponseWriter, r *http.Request, body []byte) {
	event, id := github.WebHookType(r), github.DeliveryID(r)
	if !delivery.MatchString(id) {
		http.Error(w, "X-GitHub-Delivery is missing", http.StatusBadRequest)
		return
	}
	payload, err := jsonOf(r.Header.Get("Content-Type"), body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnsupportedMediaType)
		return
	}
	urls, used, err := repositoryOf(event, payload)
	switch {
	case err != nil:
		http.Error(w, "the payload does not fit its event", http.StatusBadRequest)
	case !used:
		answer(w, http.StatusOK, "nothing to do")
	default:
		g.hint(w, r, Hint{ID: "github:" + id, URLs: urls})
	}
}

func (g *GitHub) hint(w http.ResponseWriter, r *http.Request, h Hint) {
	ctx, cancel := context.WithTimeout(r.Context(), hintTime)
	defer cancel()
	result, err := g.hints.Hint(ctx, h)
	if err != nil {
		g.log.WarnContext(ctx, "a webhook was not recorded", "delivery", h.ID, "err", err)
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

func (g *GitHub) sign(body []byte) []byte {
	mac := hmac.New(sha256.New, g.secret)
	mac.Write(body)
	return mac.Sum(nil)
}

// readSignature reads the one header that counts.
func readSignature(h http.Header) ([]byte, bool) {
	values := h.Values(github.SHA256SignatureHeader)
	if len(values) != 1 {
		return nil, false
	}
	text, ok := strings.CutPrefix(values[0], "sha256=")
	sum, err := hex.DecodeString(text)
	return sum, ok && err == nil && len(sum) == sha256.Size
}

// jsonOf finds the JSON in a body: GitHub sends it bare or as a form field.
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

// addressed is what go-github's two types of repository have in common.
type addressed interface {
	GetCloneURL() string
	GetHTMLURL() string
	GetSSHURL() string
	GetGitURL() string
}

// repositoryOf gives the addresses of the repository that an event is about;
// used is false for events that say nothing about refs.
func repositoryOf(event string, payload []byte) (urls []string, used bool, err error) {
	switch event {
	case "push", "create", "delete", "release":
	default:
		return nil, false, nil
	}
	parsed, err := github.ParseWebHook(event, payload)
	if err != nil {
		return nil, true, err
	}
	var repo addressed
	switch e := parsed.(type) {
	case *github.PushEvent:
		repo = e.GetRepo()
	case *github.CreateEvent:
		repo = e.GetRepo()
	case *github.DeleteEvent:
		repo = e.GetRepo()
	case *github.ReleaseEvent:
		repo = e.GetRepo()
	}
	for _, u := range []string{repo.GetCloneURL(), repo.GetHTMLURL(), repo.GetSSHURL(), repo.GetGitURL()} {
		if u != "" && len(u) <= 1024 {
			urls = append(urls, u)
		}
	}
	return urls, true, nil
}
