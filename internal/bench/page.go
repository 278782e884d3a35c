package bench

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store"
	"github.com/distrobot/distrobot/store/storetest"
	"github.com/distrobot/distrobot/web"
)

// pages asks the comparison page of 1,000 packages that all differ, over a real
// redis-server and HTTP, as a browser that is signed in: how long 19 of 20
// answers take at most, milliseconds, and what one weighs, kB (of 1,000 bytes).
func pages() Measurement {
	return Measurement{Names: []string{"page", "page-weight"}, Run: runPages}
}

const (
	pagePackages = 1000
	pageRounds   = 101
)

// reader gives everybody the role that may look.
type reader struct{}

func (reader) Role(context.Context, fleet.Actor) (fleet.Role, error) { return fleet.Reader, nil }

func (reader) Holders(context.Context, fleet.Role) []fleet.Span { return nil }

func runPages(ctx context.Context, b *B) ([]Row, error) {
	s, err := store.Open(ctx, store.Options{URL: "local", DataDir: b.Dir, Key: []byte("bench"), Start: storetest.Launch,
		Remember: time.Second, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if err := putCompared(ctx, s); err != nil {
		return nil, err
	}
	server := httptest.NewUnstartedServer(nil)
	address := "http://" + server.Listener.Addr().String()
	let := &fleet.Pages{Store: s, URL: address, Key: []byte(strings.Repeat("k", 32))}
	planner := &fleet.Planner{Store: s}
	table := &commands.Table{Store: s, Catalog: &fleet.Catalog{Store: s}, Planner: planner, Pages: let, Roles: reader{}, Auditor: &fleet.Auditor{Store: s}}
	site, err := web.New(web.Config{Pages: let, Planner: planner, Catalog: table.Catalog, Tasks: &fleet.Tasks{Store: s}, Hosts: &fleet.Hosts{Store: s}, Desk: table,
		Fault: func(_ *http.Request, err error) { b.Note("page: %v", err) }})
	if err != nil {
		return nil, err
	}
	server.Config.Handler = site
	server.Start()
	defer server.Close()
	link, err := let.Link(fleet.Actor{ID: "U0READER", Name: "reader", Team: "T0TEAM"}, "fleet")
	if err != nil {
		return nil, err
	}
	took, weight, err := readPages(ctx, link, address+fleet.PagePath+"compare/shop-1/shop-2")
	if err != nil {
		return nil, err
	}
	slices.Sort(took)
	b.Note("page of %d packages: median %.1f ms, 95 of 100 within %.1f ms, %d bytes", pagePackages, milliseconds(took[len(took)/2]), milliseconds(took[len(took)*95/100]), weight)
	return []Row{{Name: "page", Value: milliseconds(took[len(took)*95/100]), Bound: 100}, {Name: "page-weight", Value: float64(weight) / 1000, Bound: 300}}, nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// putCompared keeps two platforms of which every package differs.
func putCompared(ctx context.Context, s *store.Store) error {
	err := keep(ctx, s, &fleet.Distribution{Name: "shop", Kind: "drupal", Rules: 1, Target: "shop-2"})
	for v := 1; v <= 2 && err == nil; v++ {
		name := fleet.PlatformName(fmt.Sprintf("shop-%d", v))
		facts := fleet.PlatformFacts{Platform: name}
		for i := range pagePackages {
			facts.Packages = append(facts.Packages, fleet.Package{Name: fmt.Sprintf("package_%04d", i), Type: []string{"module", "theme", "library"}[i%3],
				Version: fmt.Sprintf("%d.%d.%d", v, i%7, i%11), Licence: "GPL-2.0-or-later"})
		}
		if err = keep(ctx, s, &facts); err == nil {
			err = keep(ctx, s, &fleet.Platform{Name: name, Distribution: "shop", Kind: "drupal", State: fleet.PlatformReady,
				Ref: fleet.Ref{Name: fmt.Sprintf("refs/tags/%d", v), Version: fmt.Sprint(v), Commit: strings.Repeat(fmt.Sprint(v), 40)}})
		}
	}
	return err
}

// keep puts a record where there is none.
func keep[T any, P interface {
	*T
	fleet.Record
}](ctx context.Context, s *store.Store, r P) error {
	return s.Update(ctx, r.Key().Family, func(tx fleet.Tx) error {
		had := *r
		if _, err := tx.Get(P(&had)); err != nil {
			return err
		}
		tx.Put(r)
		return nil
	})
}

// readPages signs in by a link and reads an address, a round at a time; the first
// round warms up.
func readPages(ctx context.Context, link, address string) (took []time.Duration, weight int, err error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, 0, err
	}
	client := &http.Client{Jar: jar, Timeout: 10 * time.Second}
	if _, err := readPage(ctx, client, link); err != nil {
		return nil, 0, fmt.Errorf("sign in: %w", err)
	}
	for i := range pageRounds {
		begun := time.Now()
		text, err := readPage(ctx, client, address)
		if err != nil {
			return nil, 0, err
		}
		if n := strings.Count(text, "package_"); n < pagePackages {
			return nil, 0, fmt.Errorf("the page has %d of %d packages", n, pagePackages)
		}
		if i > 0 {
			took, weight = append(took, time.Since(begun)), len(text)
		}
	}
	return took, weight, nil
}

func readPage(ctx context.Context, client *http.Client, address string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Sec-Fetch-Mode", "navigate")
	req.Header.Set("Sec-Fetch-Dest", "document")
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", res.Status, fleet.Clean(string(text), 200))
	}
	return string(text), err
}
