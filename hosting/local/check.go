package local

import (
	"cmp"
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
	return ask(ctx, h, request{uri: c.URI, path: path})
}

// Probe implements hosting.Traffic.
func (b *Backend) Probe(ctx context.Context, uri fleet.URI, path string) (hosting.Answer, error) {
	if fronted(b.site(uri).path("live")) {
		return b.Front.Probe(ctx, uri, path)
	}
	if b.Public == nil {
		return ask(ctx, b.Handler(uri), request{uri: uri, path: path})
	}
	base, err := b.Public(uri)
	if err != nil {
		return hosting.Answer{}, err
	}
	return get(ctx, base, request{uri: uri, path: path})
}

// ask serves h on loopback for one request.
func ask(ctx context.Context, h http.Handler, r request) (hosting.Answer, error) {
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
	return get(ctx, "http://"+l.Addr().String(), r)
}

// checkTime bounds one request to a site.
const checkTime = 40 * time.Second

// A request is for one page of a site.
type request struct {
	uri  fleet.URI
	path string
	most int // bytes of the answer that are kept; 0: hosting.MaxBody
}

// get asks for one page as a visitor of uri would; redirects are not followed.
func get(ctx context.Context, base string, r request) (hosting.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	host, prefix, _ := strings.Cut(string(r.uri), "/")
	if prefix != "" {
		prefix = "/" + prefix
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+prefix+r.path, nil)
	if err != nil {
		return hosting.Answer{}, fmt.Errorf("check %s: %w", r.uri, err)
	}
	req.Host = host
	req.Header.Set("User-Agent", "distrobot")
	transport := &http.Transport{DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	begin := time.Now()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return hosting.Answer{}, fleet.Errorf(fleet.Failed, "The site %s did not answer.", r.uri).Because(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, int64(cmp.Or(r.most, hosting.MaxBody))))
	if err != nil {
		return hosting.Answer{}, fleet.Errorf(fleet.Failed, "The site %s broke its answer off.", r.uri).Because(err)
	}
	rest, _ := io.Copy(io.Discard, resp.Body)
	return hosting.Answer{Status: resp.StatusCode, Bytes: int64(len(body)) + rest, Body: body, Header: resp.Header, Took: time.Since(begin)}, nil
}
