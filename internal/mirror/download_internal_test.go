package mirror

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"
)

// answers is a server on the public internet.
type answers map[string]string // address to where it redirects

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	w := &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {a[r.URL.String()]}}, Body: http.NoBody, Request: r}
	if a[r.URL.String()] == "" {
		return nil, errors.New("asked for " + r.URL.String())
	}
	return w, nil
}

// A public server cannot lead the downloader into the private network, to plain
// http, or off the list of hosts.
func TestRedirectsStayOutside(t *testing.T) {
	for to, words := range map[string]string{
		"https://127.0.0.1/x": "inside a private network", "https://[::1]/x": "inside a private network", "https://10.0.0.1/x": "inside a private network",
		"https://169.254.169.254/latest": "inside a private network", "https://localhost/x": "inside a private network",
		"https://[::ffff:127.0.0.1]/x": "inside a private network", "http://example.org/x": "from https to another", "https://example.org:8443/x": "usual port",
		"file:///etc/passwd": "from https to another", "https://user@example.org/x": "user name", "https://other.example/x": "not on the list",
	} {
		d := NewDownloader(Policy{})
		if strings.HasPrefix(words, "not on") {
			d = NewDownloader(Policy{Hosts: []string{"example.org"}})
		}
		d.client.Transport = answers{"https://example.org/start": to}
		err := d.Get(t.Context(), "https://example.org/start", &bytes.Buffer{}, 100)
		var refused *Refused
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), words) {
			t.Errorf("a redirect to %s gives %v, want %q", to, err, words)
		}
	}
	d := NewDownloader(Policy{AllowHTTP: true})
	d.client.Transport = answers{"https://example.org/start": "http://example.org/x"}
	if err := d.Get(t.Context(), "https://example.org/start", &bytes.Buffer{}, 100); err == nil || !strings.Contains(err.Error(), "from https to another scheme") {
		t.Errorf("a step down to http gives %v", err)
	}
}
