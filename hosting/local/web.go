package local

import (
	"context"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// Web is the built-in web server for the sites of a Backend, on loopback unless
// told otherwise: one address where the Host header chooses the site, and one
// port for each site, which is remembered over restarts. Make one with NewWeb.
type Web struct {
	backend *Backend
	host    string

	mu     sync.Mutex
	ports  map[fleet.URI]string // address of each site's own listener
	done   chan struct{}
	wg     sync.WaitGroup
	closed bool
}

// NewWeb makes a server for b's sites on ports of host, "127.0.0.1" when empty.
// Close ends it.
func NewWeb(b *Backend, host string) *Web {
	if host == "" {
		host = "127.0.0.1"
	}
	return &Web{backend: b, host: host, ports: map[fleet.URI]string{}, done: make(chan struct{})}
}

// Handler serves the site that the Host header names.
func (w *Web) Handler() http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		uri, ok := w.backend.match(r.Host, r.URL.Path)
		if !ok {
			page(rw, http.StatusNotFound)
			return
		}
		w.backend.Handler(uri).ServeHTTP(rw, r)
	})
}

// match finds the site with the longest address that a request is for.
func (b *Backend) match(host, path string) (fleet.URI, bool) {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for n := min(len(parts), 5); n >= 0; n-- {
		for _, h := range []string{host, name} {
			uri, err := fleet.ParseURI(strings.Join(append([]string{h}, parts[:n]...), "/"))
			if err != nil {
				continue
			}
			if s := b.site(uri); exists(s.path(s.last())) {
				return uri, true
			}
		}
	}
	return "", false
}

func exists(path string) bool { _, err := os.Lstat(path); return err == nil }

// URL gives the address at which a site is served on a port of its own, opening
// it when it is asked for the first time. It ends without a slash.
func (w *Web) URL(uri fleet.URI) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return "", fleet.Errorf(fleet.Later, "The web server is shutting down.")
	}
	if addr, ok := w.ports[uri]; ok {
		return "http://" + addr, nil
	}
	if _, err := os.Lstat(w.backend.site(uri).path("live")); err != nil {
		return "", fleet.Errorf(fleet.NotFound, "This host serves no site %s.", uri).Because(err)
	}
	l, err := w.listen(uri)
	if err != nil {
		return "", err
	}
	w.ports[uri] = l.Addr().String()
	w.wg.Add(1)
	go w.serve(l, w.backend.Handler(uri))
	return "http://" + w.ports[uri], nil
}

// listen takes the port the site had before, or a free one, which is kept.
func (w *Web) listen(uri fleet.URI) (net.Listener, error) {
	var lc net.ListenConfig
	kept := w.backend.site(uri).path("port")
	if b, err := os.ReadFile(kept); err == nil {
		if port, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 16); err == nil {
			l, err := lc.Listen(context.Background(), "tcp", net.JoinHostPort(w.host, strconv.FormatUint(port, 10)))
			if err == nil {
				return l, nil
			}
		}
	}
	l, err := lc.Listen(context.Background(), "tcp", net.JoinHostPort(w.host, "0"))
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return l, os.WriteFile(kept, []byte(port+"\n"), 0o644)
}

// Serve serves all sites by Host header on l until ctx is done; then it closes
// every listener, waits for requests under way, and returns.
func (w *Web) Serve(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, w.Close)
	defer stop()
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return l.Close()
	}
	w.wg.Add(1)
	w.mu.Unlock()
	w.serve(l, w.Handler())
	w.Close()
	return nil
}

// shutdownTime is how long requests under way may take when the server ends; a
// site's program has no longer.
const shutdownTime = cgiTime + 5*time.Second

func (w *Web) serve(l net.Listener, h http.Handler) {
	defer w.wg.Done()
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute,
		IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10,
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		<-w.done
		ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close()
		}
	}()
	_ = server.Serve(l)
	select {
	case <-w.done:
		<-ended
	default: // the listener failed; Close still ends the other goroutine
	}
}

// Close ends the server and waits for requests under way.
func (w *Web) Close() {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.done)
	}
	w.mu.Unlock()
	w.wg.Wait()
}
