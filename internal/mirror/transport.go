package mirror

import (
	"crypto/tls"
	"net/http"
	"time"
)

// requestTime bounds one request with its whole answer. A listing of 64 MiB on a
// slow line takes less.
const requestTime = 60 * time.Second

// client returns the HTTP client for everything this policy allows. Redirects
// are returned, not followed: a person has to see that a repository moved, and a
// credential must not travel.
func (p Policy) client() *http.Client {
	conns := p.ConnsPerHost
	if conns == 0 {
		conns = 8
	}
	return &http.Client{
		Timeout: requestTime,
		Transport: &http.Transport{
			DialContext:            p.dial,
			ForceAttemptHTTP2:      true,
			MaxConnsPerHost:        conns,
			MaxIdleConnsPerHost:    conns,
			MaxIdleConns:           256,
			IdleConnTimeout:        10 * time.Minute, // longer than the gap between two polls of a busy host
			TLSHandshakeTimeout:    15 * time.Second,
			ResponseHeaderTimeout:  30 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(64)},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
