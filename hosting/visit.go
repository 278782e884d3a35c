package hosting

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// visitTime bounds one request of a visitor.
const visitTime = 20 * time.Second

// Visit asks for a page as a visitor would, from this machine, for backends whose
// sites are elsewhere. base is where visitors' requests go, "http://192.0.2.7"; ""
// goes by the site's name, over HTTPS. No redirect is followed, and a certificate
// may belong to another name: a new site's may still be missing.
func Visit(ctx context.Context, base string, uri fleet.URI, page string) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, visitTime)
	defer cancel()
	at := orDefault(strings.TrimSuffix(base, "/"), "https://"+string(uri)) + page
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return Answer{}, fleet.Errorf(fleet.Failed, "The site %s has an address that is none.", uri).Because(err)
	}
	req.Host = string(uri)
	begin := time.Now()
	visitor := &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, //nolint:gosec // see above
	}
	resp, err := visitor.Do(req)
	if err != nil {
		return Answer{}, fleet.Errorf(fleet.Failed, "The site %s did not answer.", uri).Because(err)
	}
	return ReadAnswer(resp, begin)
}

// ReadAnswer reads a response to a request that was sent at begin.
func ReadAnswer(resp *http.Response, begin time.Time) (Answer, error) {
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxBody))
	if err != nil {
		return Answer{}, fleet.Errorf(fleet.Failed, "The site broke its answer off.").Because(err)
	}
	rest, _ := io.Copy(io.Discard, resp.Body)
	return Answer{Status: resp.StatusCode, Bytes: int64(len(body)) + rest, Body: body, Took: time.Since(begin)}, nil
}
