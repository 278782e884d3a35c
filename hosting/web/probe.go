package web

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// Address gives the base of URLs at which this machine's own requests for a
// site, with its host name in the Host header, reach it as a visitor's do; for
// a listener on a unix socket it is "unix:" and the path.
func (f *Front) Address(uri fleet.URI) (string, error) {
	if _, err := f.find(uri); err != nil {
		return "", err
	}
	host, _ := hostOf(uri)
	secure := f.certificate(host) != nil
	_, port := nameAndPort(host)
	network, addr := f.dialled(secure, port)
	switch {
	case network == "unix":
		return "unix:" + addr, nil
	case secure:
		return "https://" + addr, nil
	}
	return "http://" + addr, nil
}

// Probe fetches what a visitor of a site gets, without following redirects.
func (f *Front) Probe(ctx context.Context, uri fleet.URI, page string) (hosting.Answer, error) {
	if _, err := f.find(uri); err != nil {
		return hosting.Answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	host, prefix := hostOf(uri)
	secure := f.certificate(host) != nil
	base := "http://"
	if secure {
		base = "https://"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+host+prefix+page, nil)
	if err != nil {
		return hosting.Answer{}, err
	}
	req.Header.Set("User-Agent", "distrobot")
	_, port := nameAndPort(host)
	t := f.transport(secure, port)
	defer t.CloseIdleConnections()
	begin := time.Now()
	resp, err := t.RoundTrip(req)
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

func insecure() *tls.Config { return &tls.Config{InsecureSkipVerify: true} } //nolint:gosec // see transport

// Forget gives up what PHP's cache of compiled files holds of a generation, and
// tells how many files that were. The cache is one for all sites and is never
// cleared by itself: call it when a generation is deleted, before the files go.
func (f *Front) Forget(ctx context.Context, uri fleet.URI, gen string) (int, error) {
	return f.cached(ctx, "forget", uri, gen)
}

// Warm compiles into that cache, of a generation that may be next, the files
// that it holds of the live one, and tells how many. It compiles nothing if the
// cache has little room.
func (f *Front) Warm(ctx context.Context, uri fleet.URI, gen string) (int, error) {
	return f.cached(ctx, "warm", uri, gen)
}

// Compiled lists the files that the cache holds of the live generation, as paths
// below its view; what does not fit into an answer is left out.
func (f *Front) Compiled(ctx context.Context, uri fleet.URI) ([]string, error) {
	a, err := f.cache(ctx, "compiled", uri, "")
	if err != nil || a.status != http.StatusOK {
		return nil, err
	}
	return slices.Collect(strings.FieldsFuncSeq(string(a.body), func(r rune) bool { return r == '\n' })), nil
}

// cached asks the gate to do something with the cache and one generation.
func (f *Front) cached(ctx context.Context, what string, uri fleet.URI, gen string) (int, error) {
	a, err := f.cache(ctx, what, uri, gen)
	if err != nil || a.status == 0 {
		return 0, err
	}
	n, err := strconv.Atoi(string(a.body))
	if err != nil {
		return 0, fmt.Errorf("%s generation %s of %s: status %d, %.200q", what, gen, uri, a.status, a.log)
	}
	return n, nil
}

// cache asks the gate about the cache; of a site without PHP the answer is none.
func (f *Front) cache(ctx context.Context, what string, uri fleet.URI, gen string) (reply, error) {
	s, err := f.find(uri)
	if err != nil || !s.PHP {
		return reply{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	return ask(ctx, call{socket: f.socket(uri), params: map[string]string{
		"SCRIPT_FILENAME": f.gate(), "REQUEST_METHOD": http.MethodGet, checkParam: what, "DISTROBOT_GENERATION": filepath.Base(gen),
	}})
}
