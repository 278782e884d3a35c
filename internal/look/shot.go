package look

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"math"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// A Shot is a page to take a picture of.
type Shot struct {
	// Site is the address of the site, "https://shop.example/de", and Path the page
	// below it, "/cart?x=1".
	Site, Path string
	Width      int      // of the window, in CSS pixels
	Masks      []string // CSS selectors of what moves: it is painted over
	// Get answers what the page asks of its own site: path is below Site and begins
	// with a slash. Everything else is refused. It is called from several goroutines.
	Get   func(ctx context.Context, path string) (Response, error)
	Limit time.Duration // of the whole; default 30 s
}

// A Response is what a site answers to a GET.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// A Picture is what was seen.
type Picture struct {
	Image  *image.RGBA
	Masked []image.Rectangle // what was painted over
	Cut    bool              // the page goes on below MaxHeight
	Status int               // of the page itself
	Failed int               // requests to the site itself that failed
	Others []string          // hosts that the page asked in vain, at most 20, sorted
}

// Bounds of a picture, in pixels.
const (
	MaxHeight  = 4000
	MaxWidth   = 2560
	MinWidth   = 240
	viewHeight = 900
	shotTime   = 30 * time.Second
)

// Shoot opens a page in a tab and a context of its own, waits until nothing comes
// any more, stops what moves, and takes a picture of all of it. An error says that
// it could not be looked at: it took too long, Chromium crashed, or the page did
// not answer.
func (e *Engine) Shoot(ctx context.Context, s Shot) (Picture, error) {
	limit := s.Limit
	if limit <= 0 {
		limit = shotTime
	}
	base, err := url.Parse(s.Site)
	if err != nil || base.Host == "" || s.Width < MinWidth || s.Width > MaxWidth {
		return Picture{}, fmt.Errorf("look: %q at %d px cannot be looked at", s.Site, s.Width)
	}
	tab, closeTab := chromedp.NewContext(e.ctx, chromedp.WithNewBrowserContext())
	defer closeTab()
	tab, cancel := context.WithTimeout(tab, limit)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	a := &answerer{site: base, get: s.Get, ctx: tab, idle: make(chan struct{}, 1)}
	pic, err := shoot(tab, s, a)
	a.wait()
	if err == nil {
		return pic, nil
	}
	switch {
	case ctx.Err() != nil:
		return Picture{}, context.Cause(ctx)
	case errors.Is(tab.Err(), context.DeadlineExceeded):
		return Picture{}, fmt.Errorf("it took longer than %s", limit)
	}
	return Picture{}, err
}

func shoot(tab context.Context, s Shot, a *answerer) (Picture, error) {
	if err := a.attach(tab); err != nil {
		return Picture{}, err
	}
	err := chromedp.Do(tab, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error { return prepare(ctx, t, s.Width) }),
		chromedp.Navigate(s.Site+s.Path))
	if err != nil {
		return Picture{}, err
	}
	if a.main() == 0 {
		return Picture{}, errors.New("the page did not answer")
	}
	a.settle(tab)
	still, err := chromedp.Run(tab, chromedp.Evaluate[string](stillScript(s.Masks), chromedp.EvalAwaitPromise))
	if err != nil {
		return Picture{}, err
	}
	a.settle(tab) // images that were to be loaded later
	pic, err := capture(tab, s.Width, still)
	pic.Status, pic.Failed, pic.Others = a.main(), a.failed(), a.others()
	return pic, err
}

// prepare sets a tab up before it opens anything.
func prepare(ctx context.Context, t *chromedp.Target, width int) error {
	_, sized := cdp.Call(ctx, t, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: int64(width), Height: viewHeight, DeviceScaleFactor: 1, Mobile: width < 600})
	_, calm := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}, {Name: "prefers-color-scheme", Value: "light"}}})
	_, zone := cdp.Call(ctx, t, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "UTC"})
	_, script := cdp.Call(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: newDocument})
	_, files := cdp.Call(ctx, t, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorDeny})
	return errors.Join(sized, calm, zone, script, files)
}

// A still is what stillScript says when everything stands.
type still struct {
	Height float64
	Masks  [][4]float64 // x, y, width, height
	Wrong  string       // a mask that is no selector
}

// capture takes the picture of a page that stands still.
func capture(tab context.Context, width int, said string) (Picture, error) {
	var st still
	if err := json.Unmarshal([]byte(said), &st); err != nil {
		return Picture{}, fmt.Errorf("the page does not stand still: %w", err)
	}
	if st.Wrong != "" {
		return Picture{}, fmt.Errorf("the mask %q is no CSS selector", st.Wrong)
	}
	height := math.Max(1, math.Min(math.Ceil(st.Height), MaxHeight))
	shot, err := chromedp.Run(tab, func(ctx context.Context, t *chromedp.Target) (page.CaptureScreenshotResult, error) {
		beyond := true
		return cdp.Call(ctx, t, page.CaptureScreenshot, page.CaptureScreenshotParams{
			Format: page.CaptureScreenshotFormatPng, CaptureBeyondViewport: &beyond, OptimizeForSpeed: &beyond,
			Clip: &page.Viewport{Width: float64(width), Height: height, Scale: 1},
		})
	})
	if err != nil {
		return Picture{}, err
	}
	img, err := DecodePNG(shot.Data, MaxWidth, MaxHeight)
	if err != nil {
		return Picture{}, err
	}
	pic := Picture{Image: img, Cut: st.Height > MaxHeight}
	for _, m := range st.Masks {
		r := image.Rect(pixel(m[0]), pixel(m[1]), pixel(m[0]+m[2])+1, pixel(m[1]+m[3])+1).Intersect(img.Bounds())
		if !r.Empty() && !slices.Contains(pic.Masked, r) {
			pic.Masked = append(pic.Masked, r)
		}
	}
	return pic, nil
}

// pixel keeps what a page says of itself within what an int holds.
func pixel(v float64) int { return int(math.Max(-1e6, math.Min(1e6, v))) }

// DecodePNG decodes a picture of at most the given size: its header is asked
// before its pixels are given room.
func DecodePNG(b []byte, width, height int) (*image.RGBA, error) {
	c, err := png.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("look: not a picture: %w", err)
	}
	if c.Width < 1 || c.Height < 1 || c.Width > width || c.Height > height {
		return nil, fmt.Errorf("look: a picture of %d by %d pixels is too large", c.Width, c.Height)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("look: not a picture: %w", err)
	}
	out := image.NewRGBA(image.Rect(0, 0, c.Width, c.Height))
	draw.Draw(out, out.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(out, out.Bounds(), img, img.Bounds().Min, draw.Over)
	return out, nil
}
