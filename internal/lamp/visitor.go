package lamp

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// A Visitor is a person's browser: it keeps cookies and follows redirects, and
// finds every host name at one server.
type Visitor struct {
	base   string // scheme and host of the site
	client *http.Client
}

// A Page is what a visitor got at last.
type Page struct {
	Status int
	Body   string
	URL    string // after redirects
}

// maxPage bounds what is read of an answer, in bytes.
const maxPage = 8 << 20

// NewVisitor makes a visitor of the site host, "shop.example", which the server
// at address ("127.0.0.1:8080") serves.
func NewVisitor(address, host string) *Visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // it cannot fail without options
	}
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, address)
	}
	return &Visitor{base: "http://" + host, client: &http.Client{
		Jar: jar, Timeout: time.Minute, Transport: &http.Transport{DialContext: dial, MaxIdleConnsPerHost: 4},
	}}
}

// Get fetches a path of the site, or an address.
func (v *Visitor) Get(ctx context.Context, path string) (Page, error) {
	return v.do(ctx, request{method: http.MethodGet, path: path})
}

// Submit posts a form.
func (v *Visitor) Submit(ctx context.Context, path string, form url.Values) (Page, error) {
	return v.do(ctx, request{
		method: http.MethodPost, path: path, body: []byte(form.Encode()),
		header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
	})
}

type request struct {
	method, path string
	body         []byte
	header       map[string]string
}

func (v *Visitor) do(ctx context.Context, r request) (Page, error) {
	address := r.path
	if strings.HasPrefix(address, "/") {
		address = v.base + address
	}
	req, err := http.NewRequestWithContext(ctx, r.method, address, bytes.NewReader(r.body))
	if err != nil {
		return Page{}, err
	}
	for k, value := range r.header {
		req.Header.Set(k, value)
	}
	resp, err := v.client.Do(req)
	if err != nil {
		return Page{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxPage))
	return Page{Status: resp.StatusCode, Body: string(body), URL: resp.Request.URL.String()}, err
}

var generatorTag = regexp.MustCompile(`<meta name="generator" content="([^"]+)"`)

// Version reads the generator that the front page names: "WordPress 6.1.9".
func (v *Visitor) Version(ctx context.Context) (string, error) {
	p, err := v.Get(ctx, "/")
	if err != nil {
		return "", err
	}
	m := generatorTag.FindStringSubmatch(p.Body)
	if p.Status != http.StatusOK || m == nil {
		return "", p.unexpected("a page that names its generator")
	}
	return m[1], nil
}

var markup = regexp.MustCompile(`(?is)<(style|script)\b.*?</(style|script)>|<[^>]*>|\s+`)

// unexpected says that a page is not what was wanted.
func (p Page) unexpected(want string) error {
	return fmt.Errorf("%s answers %d with %d bytes instead of %s: %.600s", p.URL, p.Status, len(p.Body), want, markup.ReplaceAllString(p.Body, " "))
}
