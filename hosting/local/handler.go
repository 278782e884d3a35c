package local

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"strings"
	"syscall"

	"github.com/distrobot/distrobot/fleet"
)

// maxRequest bounds the body of a request, in bytes.
const maxRequest = 1 << 20

// Handler serves one site as visitors see it.
func (b *Backend) Handler(uri fleet.URI) http.Handler {
	s := b.site(uri)
	return &handler{backend: b, uri: uri, held: s.held, gen: func() (string, error) {
		to, err := os.Readlink(s.path("live"))
		return s.path(to), err
	}}
}

// A handler serves one generation of a site, or whichever is live.
type handler struct {
	backend *Backend
	uri     fleet.URI
	held    func() bool            // nil: there is no hold (a private check)
	gen     func() (string, error) // directory of the generation to serve
}

// ServeHTTP reads the request to its end before it enters the site, and answers
// after it left: neither a slow visitor nor a large answer delays a hold.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-cache")
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		page(w, http.StatusRequestEntityTooLarge)
		return
	}
	answer, err := h.inside(r, body)
	switch {
	case errors.Is(err, errHeld) && h.backend.site(h.uri).left():
		movedPage(w)
	case errors.Is(err, errHeld):
		page(w, http.StatusServiceUnavailable)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission), errors.Is(err, errHidden):
		page(w, http.StatusNotFound)
	case err != nil:
		page(w, http.StatusInternalServerError)
	default:
		answer(w, r)
	}
}

var (
	errHeld   = errors.New("the site is held")
	errHidden = errors.New("not to be served")
)

// An answer is written once the request has left the site.
type answer func(http.ResponseWriter, *http.Request)

// inside does what has to be over before a migration copies the site's data.
func (h *handler) inside(r *http.Request, body []byte) (answer, error) {
	lock, err := h.enter()
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	dir, err := h.gen()
	if err != nil {
		return nil, err
	}
	g, err := openGeneration(h.backend, h.uri, dir)
	if err != nil {
		return nil, err
	}
	rel, err := g.relative(r.URL.Path)
	if err != nil {
		return nil, err
	}
	found, err := g.find(rel)
	if errors.Is(err, errDirectory) {
		if r.URL.Path != "" && !strings.HasSuffix(r.URL.Path, "/") {
			to := strings.TrimSuffix(path.Clean("/"+r.URL.Path), "/") + "/"
			return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }, nil
		}
		if found, err = g.find(path.Join(rel, "index.html")); err != nil {
			found, err = g.find(path.Join(rel, "index.cgi"))
		}
	}
	if err != nil {
		return nil, err
	}
	if found.program {
		return g.cgi(call{request: r, body: bytes.NewReader(body), size: len(body), script: found, lock: lock})
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return func(w http.ResponseWriter, _ *http.Request) { page(w, http.StatusMethodNotAllowed) }, nil
	}
	return g.static(found)
}

// enter takes serving.lock shared and then looks for the hold: whoever comes in
// is seen by Drain, and whoever comes after the hold stays out. Looking before
// as well keeps visitors from delaying a drain.
func (h *handler) enter() (*os.File, error) {
	s := h.backend.site(h.uri)
	if h.held == nil { // a private check is made by whoever holds the site
		return os.Open(os.DevNull)
	}
	if h.held() {
		return nil, errHeld
	}
	f, err := os.OpenFile(s.path("serving.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_SH)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err == nil && h.held() {
		err = errHeld
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}
