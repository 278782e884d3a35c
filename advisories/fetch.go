package advisories

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// An answer is what fetching a document gave.
type answer struct {
	findings
	tag, modified string // its ETag and Last-Modified
	unchanged     bool   // it is what it was; findings are empty
}

// A failure is why a document could not be read, in words for people.
type failure struct {
	text  string
	after time.Duration // the server asks to be left alone for so long; 0 does not
	down  bool          // the other documents of the server would fail too
}

func (f *failure) Error() string { return f.text }

// longestAfter bounds what a server may ask for.
const longestAfter = 24 * time.Hour

// fetch reads one document, unless it is what kept was made of.
func (r *Reader) fetch(ctx context.Context, s Source, d document, kept fleet.FeedPage) (answer, error) {
	if s.local() {
		return readLocal(d, kept)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.address, nil)
	if err != nil {
		return answer{}, &failure{text: "its address is none that can be asked"}
	}
	req.Header.Set("User-Agent", r.Agent)
	if s.Token != "" {
		req.Header.Set("Authorization", "Bearer "+s.Token)
	}
	if kept.Tag != "" {
		req.Header.Set("If-None-Match", kept.Tag)
	}
	if kept.Modified != "" {
		req.Header.Set("If-Modified-Since", kept.Modified)
	}
	res, err := r.client().Do(req)
	if err != nil {
		return answer{}, unreachable(err)
	}
	defer res.Body.Close()
	return r.understand(res, d)
}

// understand reads a server's answer.
func (r *Reader) understand(res *http.Response, d document) (answer, error) {
	host := res.Request.URL.Host
	switch {
	case res.StatusCode == http.StatusNotModified:
		return answer{unchanged: true}, nil
	case res.StatusCode == http.StatusNotFound && d.absent:
		return answer{}, nil
	case res.StatusCode >= 300 && res.StatusCode < 400:
		return answer{}, &failure{text: fmt.Sprintf("%s sends on to another address (%.100s), which is not followed", host, fleet.Clean(res.Header.Get("Location"), 100)), down: true}
	case res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden:
		return answer{}, &failure{text: fmt.Sprintf("%s refuses to answer (%d)", host, res.StatusCode), down: true}
	case res.StatusCode != http.StatusOK:
		return answer{}, &failure{text: fmt.Sprintf("%s answered %d", host, res.StatusCode), after: retryAfter(res.Header.Get("Retry-After"), r.now()),
			down: res.StatusCode == http.StatusTooManyRequests}
	}
	body := &bounded{r: res.Body, left: d.limit}
	found, err := d.read(body)
	switch {
	case body.over:
		return answer{}, &failure{text: fmt.Sprintf("%s sent more than %d MiB", host, d.limit>>20)}
	case body.err != nil:
		return answer{}, unreachable(body.err)
	case err != nil:
		return answer{}, &failure{text: fmt.Sprintf("%s: %s", host, fleet.Clean(err.Error(), 160))}
	}
	return answer{findings: found, tag: header(res, "ETag"), modified: header(res, "Last-Modified")}, nil
}

// header gives a header to be sent back next time, unless it is of no use.
func header(res *http.Response, name string) string {
	v := res.Header.Get(name)
	if len(v) > 200 {
		return ""
	}
	return v
}

// readLocal reads a file of this machine; its size and time stand for its ETag.
func readLocal(d document, kept fleet.FeedPage) (answer, error) {
	f, err := os.Open(d.address)
	if err != nil {
		return answer{}, &failure{text: "the file cannot be opened: " + fleet.Clean(errors.Unwrap(err).Error(), 100)}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return answer{}, &failure{text: "it is not a file"}
	}
	tag := fmt.Sprintf("%d %d", info.Size(), info.ModTime().UnixNano())
	if tag == kept.Tag {
		return answer{unchanged: true}, nil
	}
	body := &bounded{r: f, left: d.limit}
	found, err := d.read(body)
	switch {
	case body.over:
		return answer{}, &failure{text: fmt.Sprintf("the file is larger than %d MiB", d.limit>>20)}
	case err != nil:
		return answer{}, &failure{text: "the file: " + fleet.Clean(err.Error(), 160)}
	}
	return answer{findings: found, tag: tag}, nil
}

// bounded reads at most left bytes, and remembers why it ended.
type bounded struct {
	r    io.Reader
	left int64
	over bool
	err  error // of the connection
}

var errTooLong = errors.New("it is too long")

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		b.over = true
		return 0, errTooLong
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

// unreachable says in words for people why there was no answer; the error's own
// text would name addresses of our network.
func unreachable(err error) error {
	var dns *net.DNSError
	var timeout net.Error
	var u *url.Error
	host := ""
	if errors.As(err, &u) {
		if at, e := url.Parse(u.URL); e == nil {
			host = at.Host + " "
		}
	}
	switch {
	case errors.As(err, &dns):
		return &failure{text: "there is no host " + fleet.Clean(dns.Name, 80), down: true}
	case errors.As(err, &timeout) && timeout.Timeout():
		return &failure{text: host + "did not answer in time", down: true}
	}
	return &failure{text: host + "cannot be reached", down: true}
}

// retryAfter reads the header in either of its forms, within bounds.
func retryAfter(text string, now time.Time) time.Duration {
	after := time.Duration(0)
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		after = time.Duration(min(n, int(longestAfter/time.Second))) * time.Second
	} else if t, err := http.ParseTime(text); err == nil {
		after = t.Sub(now)
	}
	return min(max(after, 0), longestAfter)
}
