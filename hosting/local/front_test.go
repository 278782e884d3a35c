package local_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/local"
	"github.com/distrobot/distrobot/hosting/web"
)

// A stove is a front that remembers which generations it was told to warm, and
// cannot.
type stove struct {
	local.Front // what a preparation does not ask for
	backend     *local.Backend
	warmed      []string
}

func (f *stove) Put(context.Context, web.Served) error { return nil }

func (f *stove) Warm(_ context.Context, uri fleet.URI, gen string) (int, error) {
	if _, err := os.Stat(filepath.Join(f.backend.Data, "sites", string(uri), "gen", gen, "www", "index.html")); err != nil {
		gen += " before it is there"
	}
	f.warmed = append(f.warmed, gen)
	return 0, errors.New("the pool does not answer")
}

func (f *stove) Compiled(context.Context, fleet.URI) ([]string, error) {
	return nil, errors.New("the pool does not answer")
}

// PHP compiles the next generation of a site when it is laid out, visitors still
// being let in; there is nothing to take example by for a new site. A site moves
// although that fails.
func TestLayWarmsPHP(t *testing.T) {
	b := newBackend(t)
	front := &stove{backend: b}
	b.Front = front
	c, err := layOut(t, b, "shop.example", map[string]string{"index.html": "shop"})
	must(t, err)
	for n := range int64(3) {
		next := c
		next.Generation, next.From, next.App.PHP = n+1, n, true
		next.Rehearsal = n == 2
		must(t, b.Lay(t.Context(), next))
		if _, err := b.Fill(t.Context(), next); err != nil {
			t.Fatal(err)
		}
	}
	plain := c
	plain.Generation, plain.From, plain.App = 4, 1, hosting.App{Docroot: "."}
	must(t, b.Lay(t.Context(), plain))
	if want := []string{"2", "rehearsal"}; !slices.Equal(front.warmed, want) {
		t.Errorf("warmed %q, want %q", front.warmed, want)
	}
}
