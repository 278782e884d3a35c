package mirror

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A Downloader gets single files under a Policy. It is safe for concurrent use.
type Downloader struct {
	policy Policy
	client *http.Client
}

// NewDownloader returns a Downloader for the addresses that policy allows.
func NewDownloader(policy Policy) *Downloader {
	client := policy.client()
	client.Timeout = 0 // a large file on a slow line is in order as long as it moves
	if t, ok := client.Transport.(*http.Transport); ok {
		t.DisableCompression = true // the bytes as they are: checksums count them
	}
	return &Downloader{policy: policy, client: client}
}

// Close ends idle connections.
func (d *Downloader) Close() { d.client.CloseIdleConnections() }

// Bounds of one download.
const (
	maxRedirects = 5
	downloadTime = 15 * time.Minute
	downloadIdle = 60 * time.Second // without a single byte
)

// CheckDownload returns nil if the file at rawURL may be asked for and a
// *Refused otherwise. Unlike a repository's, a file's address may have a query
// and any path.
func (p Policy) CheckDownload(rawURL string) error {
	if err := checkShape(rawURL); err != nil {
		return err
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		return refuse(httpsHint, "This is not a URL that I can read.")
	}
	switch {
	case u.User != nil:
		return refuse("Leave it out.", "The URL contains a user name or a password.")
	case u.Scheme == "ssh":
		return refuse(httpsHint, "Files are not fetched over SSH.")
	case strings.Contains(rawURL, "#"):
		return refuse("Leave out everything from the # on.", "The URL has a fragment, which a file has not.")
	}
	if err := p.checkScheme(u); err != nil {
		return err
	}
	return p.checkHost(u)
}

// Upgrade gives the https form of an address of a scheme that is not allowed but
// was usual once: http:// and, for repositories, git://. Hosts that served those
// serve https today. Any other address is returned as it is.
func (p Policy) Upgrade(rawURL string) string {
	rest, ok := strings.CutPrefix(rawURL, "git://")
	if !ok && !p.AllowHTTP {
		rest, ok = strings.CutPrefix(rawURL, "http://")
	}
	if ok {
		return "https://" + rest
	}
	return rawURL
}

// Get writes the file at rawURL to w, at most limit bytes. Redirects are
// followed while each of them is allowed too and none leads from https to http.
// Errors are *Refused, *Error, the context's or w's.
func (d *Downloader) Get(ctx context.Context, rawURL string, w io.Writer, limit int64) error {
	return d.get(ctx, rawURL, nil, w, limit)
}

// get is Get with header lines, which no redirect to another host is given.
func (d *Downloader) get(ctx context.Context, rawURL string, header http.Header, w io.Writer, limit int64) error {
	ctx, cancel := context.WithTimeout(ctx, downloadTime)
	defer cancel()
	for range maxRedirects + 1 {
		if err := d.policy.CheckDownload(rawURL); err != nil {
			return err
		}
		next, err := d.once(ctx, rawURL, header, w, limit)
		if err != nil || next == "" {
			return err
		}
		if strings.HasPrefix(rawURL, "https:") && !strings.HasPrefix(next, "https:") {
			return refuse("", "The server redirects from https to another scheme.")
		}
		if !sameHost(rawURL, next) {
			header = nil
		}
		rawURL = next
	}
	return problem(Redirected, nil, "The server redirects more than %d times.", maxRedirects)
}

// once makes one request; next is where a redirect leads.
func (d *Downloader) once(ctx context.Context, rawURL string, header http.Header, w io.Writer, limit int64) (next string, err error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, rawURL, nil)
	if err != nil {
		return "", refuse(httpsHint, "This is not a URL that I can read.")
	}
	maps.Copy(req.Header, header)
	req.Header.Set("User-Agent", userAgent)
	idle := time.AfterFunc(downloadIdle, func() { stop(errIdle) })
	defer idle.Stop()
	resp, err := d.client.Do(req)
	if err != nil {
		return "", downloadError(ctx, req.URL.Hostname(), err)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		to, err := resp.Location()
		if err != nil {
			return "", problem(Broken, err, "%s redirects to nowhere.", req.URL.Hostname())
		}
		return to.String(), nil
	case resp.StatusCode != http.StatusOK:
		return "", statusProblem(req.URL.Hostname(), resp)
	case resp.ContentLength > limit:
		return "", tooLarge(limit)
	}
	in := &moving{r: io.LimitReader(resp.Body, limit+1), idle: idle}
	n, err := io.Copy(w, in)
	switch {
	case in.err != nil:
		return "", downloadError(ctx, req.URL.Hostname(), in.err)
	case err != nil:
		return "", err
	case n > limit:
		return "", tooLarge(limit)
	}
	return "", nil
}

var errIdle = errors.New("no data for a minute")

func tooLarge(limit int64) error {
	return problem(TooBig, nil, "The file is larger than the limit of %d MiB.", limit>>20)
}

// moving restarts the idle timer at each piece that comes in, and keeps the
// error of reading apart from that of writing.
type moving struct {
	r    io.Reader
	idle *time.Timer
	err  error
}

func (m *moving) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if n > 0 {
		m.idle.Reset(downloadIdle)
	}
	if err != nil && err != io.EOF {
		m.err = err
	}
	return n, err
}

// downloadError words why there is no (whole) answer.
func downloadError(ctx context.Context, host string, err error) error {
	var refused *Refused
	var known *Error
	switch {
	case errors.As(err, &refused):
		return refused
	case errors.As(err, &known):
		return known
	case errors.Is(context.Cause(ctx), context.Canceled):
		return context.Canceled
	}
	return problem(Unreachable, fmt.Errorf("%w (%w)", err, orNil(context.Cause(ctx))), "%s cannot be reached, or stopped in the middle of the file.", host)
}

// orNil gives an error to wrap where there may be none.
func orNil(err error) error {
	if err == nil {
		return errors.New("no time limit was reached")
	}
	return err
}

func statusProblem(host string, resp *http.Response) error {
	switch code := resp.StatusCode; {
	case code == http.StatusTooManyRequests:
		return problem(RateLimited, nil, "%s asks to be contacted less often.", host)
	case code >= 500:
		return problem(Unreachable, nil, "%s has a fault of its own at the moment (status %d).", host, code)
	}
	return problem(NotFound, nil, "%s does not give this file (status %d).", host, resp.StatusCode)
}
