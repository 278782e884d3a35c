package look

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// Bounds of what a page may ask.
const (
	maxRequests = 2000
	maxAtOnce   = 6 // as browsers open connections to one host
	maxOthers   = 20
	quietTime   = 150 * time.Millisecond // nothing asked for so long: the page is there
	settleTime  = 5 * time.Second        // pages that ask for ever are looked at after that
)

// An answerer answers the requests of one tab.
type answerer struct {
	site *url.URL
	get  func(ctx context.Context, path string) (Response, error)
	ctx  context.Context
	idle chan struct{} // told when the last open request was answered
	work sync.WaitGroup

	mu     sync.Mutex
	asked  int
	open   int
	bad    int
	status int
	hosts  map[string]bool
	turns  chan struct{}
}

// attach makes every request of the tab wait for an answer of ours.
func (a *answerer) attach(tab context.Context) error {
	a.turns, a.hosts = make(chan struct{}, maxAtOnce), map[string]bool{}
	if err := chromedp.Listen(tab, a.hear); err != nil {
		return err
	}
	return chromedp.Do(tab, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, fetch.Enable, fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: "*"}}})
		return err
	}))
}

// hear is called with each event; it must not wait.
func (a *answerer) hear(ev any) {
	paused, ok := ev.(*fetch.EventRequestPaused)
	if !ok {
		return
	}
	a.mu.Lock()
	a.asked++
	a.open++
	tooMany := a.asked > maxRequests
	a.mu.Unlock()
	a.work.Go(func() {
		defer a.closed()
		a.answer(paused, tooMany)
	})
}

func (a *answerer) closed() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open--; a.open == 0 {
		select {
		case a.idle <- struct{}{}:
		default:
		}
	}
}

// answer fetches what a request is for, or refuses it.
func (a *answerer) answer(p *fetch.EventRequestPaused, refuse bool) {
	path, ours := a.below(p.Request.URL)
	if !ours || refuse || p.Request.Method != http.MethodGet && p.Request.Method != http.MethodHead {
		a.send(p, Response{}, false)
		return
	}
	select {
	case a.turns <- struct{}{}:
	case <-a.ctx.Done():
		return
	}
	r, err := a.get(a.ctx, path)
	<-a.turns
	a.mu.Lock()
	// The browser asks for its icon by itself.
	if (err != nil || r.Status >= http.StatusBadRequest) && path != "/favicon.ico" && p.ResourceType != network.ResourceTypeDocument {
		a.bad++
	}
	if p.ResourceType == network.ResourceTypeDocument && err == nil && a.status == 0 && !redirects(r) {
		a.status = r.Status
	}
	a.mu.Unlock()
	a.send(p, r, err == nil)
}

func redirects(r Response) bool {
	return r.Status >= 300 && r.Status < 400 && r.Header.Get("Location") != ""
}

// below gives the path of an address below the site, and whether it is there.
func (a *answerer) below(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil {
		return "", false
	}
	path, inside := strings.CutPrefix(u.EscapedPath(), strings.TrimSuffix(a.site.EscapedPath(), "/"))
	web := u.Scheme == "http" || u.Scheme == "https"
	if !web || !strings.EqualFold(u.Host, a.site.Host) || !inside || path != "" && path[0] != '/' {
		a.mu.Lock()
		defer a.mu.Unlock()
		if len(a.hosts) < maxOthers && u.Hostname() != "" {
			a.hosts[u.Hostname()] = true
		}
		return "", false
	}
	if path == "" {
		path = "/"
	}
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	return path, true
}

// dropped are headers that belong to the connection, or that would let a page
// outlive its picture.
var dropped = []string{"Connection", "Transfer-Encoding", "Content-Length", "Content-Encoding", "Clear-Site-Data", "Refresh", "Link"}

// send gives the browser its answer. A tab that is gone needs none.
func (a *answerer) send(p *fetch.EventRequestPaused, r Response, good bool) {
	_ = chromedp.Do(a.ctx, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		if !good {
			_, err := cdp.Call(ctx, t, fetch.FailRequest, fetch.FailRequestParams{RequestID: p.RequestID, ErrorReason: network.ErrorReasonBlockedByClient})
			return err
		}
		var headers []*fetch.HeaderEntry
		for name, values := range r.Header {
			for _, v := range values {
				if !slices.Contains(dropped, http.CanonicalHeaderKey(name)) {
					headers = append(headers, &fetch.HeaderEntry{Name: name, Value: strings.ToValidUTF8(v, "?")})
				}
			}
		}
		_, err := cdp.Call(ctx, t, fetch.FulfillRequest, fetch.FulfillRequestParams{
			RequestID: p.RequestID, ResponseCode: int64(r.Status), ResponseHeaders: headers, Body: r.Body})
		if err != nil && ctx.Err() == nil { // a header that Chromium does not take
			_, again := cdp.Call(ctx, t, fetch.FailRequest, fetch.FailRequestParams{RequestID: p.RequestID, ErrorReason: network.ErrorReasonFailed})
			err = errors.Join(err, again)
		}
		return err
	}))
}

// settle waits until nothing was asked for quietTime, for settleTime at most.
func (a *answerer) settle(ctx context.Context) {
	over := time.NewTimer(settleTime)
	defer over.Stop()
	for {
		before, open := a.count()
		calm := time.NewTimer(quietTime)
		select {
		case <-ctx.Done():
			calm.Stop()
			return
		case <-over.C:
			calm.Stop()
			return
		case <-a.idle:
			calm.Stop()
			continue
		case <-calm.C:
		}
		if now, still := a.count(); open == 0 && still == 0 && now == before {
			return
		}
	}
}

func (a *answerer) count() (asked, open int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked, a.open
}

// main is the status that the page itself was answered with; 0 is none yet.
func (a *answerer) main() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.status
}

func (a *answerer) failed() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.bad
}

func (a *answerer) others() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Sorted(maps.Keys(a.hosts))
}

// wait lets the last answers end; they do with their tab.
func (a *answerer) wait() { a.work.Wait() }
