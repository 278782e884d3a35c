package hosting_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/local"
)

// soakLimit is the setting under which the checker is tried.
const soakLimit = 2 * time.Second

// A patient is a site's server that answers 503, once at least, until it is well.
type patient struct {
	well    time.Time // zero is never
	refused atomic.Int64
	page    string
	status  int
}

func (p *patient) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if !p.well.IsZero() && time.Now().After(p.well) && p.refused.Load() > 0 {
		fmt.Fprint(w, strings.Repeat("all is well ", 20))
		return
	}
	p.refused.Add(1)
	w.WriteHeader(p.status)
	fmt.Fprint(w, p.page)
}

// watched has the checker of the soak look at a server, over real HTTP.
func watched(t *testing.T, p *patient) (took time.Duration, bad error) {
	t.Helper()
	srv := httptest.NewServer(p)
	defer srv.Close()
	w := &hosting.Worker{Soak: soakLimit, Backend: &local.Backend{Data: t.TempDir(), Public: func(fleet.URI) (string, error) { return srv.URL, nil }}}
	c := hosting.Copy{URI: "shop.example", App: hosting.App{Check: hosting.Check{Path: "/", Status: http.StatusOK, MinBytes: 100, Marker: "well"}}}
	begun := time.Now()
	bad = w.Watch(t.Context(), c)
	return time.Since(begun), bad
}

// The checker faces outages of any length below its limit, up to the very end of
// it, and condemns no site for one.
func TestTransientOutagesAreForgiven(t *testing.T) {
	const trials, atOnce = 1000, 250
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	var refused, condemned atomic.Int64
	var all sync.WaitGroup
	free := make(chan struct{}, atOnce)
	for range trials {
		outage := time.Duration(random.Int64N(int64(soakLimit)))
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			p := &patient{well: time.Now().Add(outage), status: http.StatusServiceUnavailable}
			if took, bad := watched(t, p); bad != nil {
				condemned.Add(1)
				t.Errorf("an outage of %s condemned its site after %s: %v (seed %d)", outage, took, bad, seed)
			}
			refused.Add(p.refused.Load())
		})
	}
	all.Wait()
	t.Logf("%d outages, %d times 503, %d sites condemned", trials, refused.Load(), condemned.Load())
	if refused.Load() < trials {
		t.Errorf("only %d answers were 503", refused.Load())
	}
	t.Attr("trials", fmt.Sprint(trials))
}

// A site that stays broken is condemned, and not before the limit.
func TestBrokenSitesAreCondemned(t *testing.T) {
	for _, c := range []struct {
		name string
		p    *patient
	}{
		{"unavailable", &patient{status: http.StatusServiceUnavailable}},
		{"server error", &patient{status: http.StatusInternalServerError, page: strings.Repeat("all is well ", 20)}},
		{"empty page", &patient{status: http.StatusOK}},
		{"other page", &patient{status: http.StatusOK, page: strings.Repeat("It works! ", 20)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			took, bad := watched(t, c.p)
			if bad == nil {
				t.Error("it is content")
			}
			if n := c.p.refused.Load(); took < soakLimit || n < 2 {
				t.Errorf("condemned after %s and %d answers", took, n)
			}
			t.Attr("trials", "1")
		})
	}
}
