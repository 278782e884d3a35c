package workspace

import (
	"crypto/subtle"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// maxBody bounds every request; a modal may have 250 KB.
const maxBody = 2 << 20

// guard lets nothing through that a foreign web page could have caused: the
// Host must be a loopback name or the configured one (DNS rebinding), and an
// Origin, if a browser sent one, must be this very server.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.hostAllowed(r.Host) {
			fail(w, http.StatusForbidden, "this workspace answers only on a loopback address or its configured base URL")
			return
		}
		if !originAllowed(r) {
			fail(w, http.StatusForbidden, "requests from other web pages are refused")
			return
		}
		s.learnBase(r)
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// hostAllowed reports whether a Host header names this machine.
func (s *Server) hostAllowed(host string) bool {
	s.mu.Lock()
	base, fixed := s.base, s.baseFixed
	s.mu.Unlock()
	if fixed && strings.EqualFold(host, strings.SplitN(base, "://", 2)[1]) {
		return true
	}
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	ip := net.ParseIP(strings.Trim(name, "[]"))
	return strings.EqualFold(name, "localhost") || ip != nil && ip.IsLoopback()
}

// originAllowed compares a browser's Origin with the Host it asked. Programs
// send none, except that slack-go dials its WebSocket with Slack's own Origin;
// there the one-time ticket, which no foreign page can have, is the authority.
// Sec-Fetch-Site catches what carries no Origin, such as an image.
func originAllowed(r *http.Request) bool {
	if r.URL.Path == "/link" {
		return true
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		u, err := url.Parse(origin)
		return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		// A link on another page may open ours, but nothing else.
		return r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document" && r.URL.Path == "/"
	}
	return true
}

// learnBase remembers the listener's address, unless it was configured. The
// Host header would do too, but anybody on this machine can make one up, and
// response URLs are built on what is remembered here.
func (s *Server) learnBase(r *http.Request) {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.baseFixed {
		s.base = "http://" + addr.String()
	}
}

// RequireToken wraps a handler so that it answers only requests with the
// workspace's bearer token. A program that adds endpoints of its own beside
// Handler protects them with it, together with Guard.
func (s *Server) RequireToken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !sameSecret(bearer(r), s.opts.Token) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="workspace"`)
			fail(w, http.StatusUnauthorized, "the workspace's token is missing or wrong; open the page by the address printed at the start")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Guard applies the Host, Origin and size checks of this workspace to another
// handler on the same listener.
func (s *Server) Guard(next http.Handler) http.Handler { return s.guard(next) }

// bearer returns the token of an Authorization header, or "".
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// sameSecret compares in constant time.
func sameSecret(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
