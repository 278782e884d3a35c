package local

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// Check implements hosting.Traffic: a server of its own on a free port of
// loopback serves the one generation for the one request.
func (b *Backend) Check(ctx context.Context, c hosting.Copy, path string) (hosting.Answer, error) {
	s := b.site(c.URI)
	if fronted(s.genOf(c)) {
		return b.Front.Check(ctx, c.URI, genName(s, c), path)
	}
	h := &handler{backend: b, uri: c.URI, gen: func() (string, error) { return s.genOf(c), nil }}
	return ask(ctx, h, c.URI, path)
}

// Probe implements hosting.Traffic.
func (b *Backend) Probe(ctx context.Context, uri fleet.URI, path string) (hosting.Answer, error) {
	if fronted(b.site(uri).path("live")) {
		return b.Front.Probe(ctx, uri, path)
	}
	if b.Public == nil {
		return ask(ctx, b.Handler(uri), uri, path)
	}
	base, err := b.Public(uri)
	if err != nil {
		return hosting.Answer{}, err
	}
	return get(ctx, base, uri, path)
}

// ask serves h on loopback for one request.
func ask(ctx context.Context, h http.Handler, uri fleet.URI, path string) (hosting.Answer, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return hosting.Answer{}, err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(l) // ends with Close below
	}()
	defer func() {
		_ = server.Close()
		<-ended
	}()
	return get(ctx, "http://"+l.Addr().String(), uri, path)
}

// checkTime bounds one request to a site.
const checkTime = 40 * time.Second

// get asks for one page as a visitor of uri would; redirects are not followed.
func get(ctx context.Context, base string, uri fleet.URI, path string) (hosting.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	host, prefix, _ := strings.Cut(string(uri), "/")
	if prefix != "" {
		prefix = "/" + prefix
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+prefix+path, nil)
	if err != nil {
		return hosting.Answer{}, fmt.Errorf("check %s: %w", uri, err)
	}
	req.Host = host
	req.Header.Set("User-Agent", "distrobot")
	transport := &http.Transport{DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	begin := time.Now()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return hosting.Answer{}, fleet.Errorf(fleet.Failed, "The site %s did not answer.", uri).Because(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, hosting.MaxBody))
	if err != nil {
		return hosting.Answer{}, fleet.Errorf(fleet.Failed, "The site %s broke its answer off.", uri).Because(err)
	}
	rest, _ := io.Copy(io.Discard, resp.Body)
	return hosting.Answer{Status: resp.StatusCode, Bytes: int64(len(body)) + rest, Body: body, Took: time.Since(begin)}, nil
}
