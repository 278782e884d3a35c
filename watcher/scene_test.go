package watcher_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/internal/mirror/mirrortest"
	"github.com/distrobot/distrobot/store"
	"github.com/distrobot/distrobot/watcher"
)

// A scene is a real git server, a store and the means to poll.
type scene struct {
	*testing.T
	store  *store.Store
	server *mirrortest.Server
	repo   *mirrortest.Repo
	down   atomic.Bool // the server answers 503
	orders orders
}

// newScene makes a scene; wrappers stand before its server.
func newScene(t *testing.T, wrap ...func(http.Handler) http.Handler) *scene {
	s := &scene{T: t}
	s.server = mirrortest.Serve(t, append(wrap, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if s.down.Load() {
				http.Error(w, "down", http.StatusServiceUnavailable)
				return
			}
			next.ServeHTTP(w, r)
		})
	})...)
	s.repo = s.server.Repo(t, "x/atrium")
	var err error
	if s.store, err = store.Open(t.Context(), store.Options{URL: "memory", Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.store.Close() })
	return s
}

// track adds a distribution of the scene's repository.
func (s *scene) track(d fleet.Distribution) {
	s.Helper()
	d.Kind, d.URL, d.Policy.Channel = "generic", s.repo.URL, "C1"
	if _, err := (&fleet.Catalog{Store: s.store}).Add(s.Context(), d, fleet.Actor{ID: "U1"}); err != nil {
		s.Fatal(err)
	}
}

func local() mirror.Policy { return mirror.Policy{AllowPrivate: true, AllowHTTP: true} }

// poller is one replica with a short interval.
func (s *scene) poller() *watcher.Poller {
	policy := local()
	return &watcher.Poller{
		Store: s.store, News: &fleet.News{Store: s.store}, Refs: mirror.NewLister(policy),
		History: &mirror.Store{Dir: filepath.Join(s.TempDir(), "mirrors"), Policy: policy},
		Builder: &s.orders, Interval: 50 * time.Millisecond, Owner: "test",
	}
}

// run runs replicas until the test ends.
func (s *scene) run(pollers ...*watcher.Poller) {
	ctx, stop := context.WithCancel(s.Context())
	var running sync.WaitGroup
	for _, p := range pollers {
		running.Go(func() { p.Run(ctx) })
	}
	s.Cleanup(func() {
		stop()
		running.Wait()
	})
}

func (s *scene) poll(p *watcher.Poller) {
	s.Helper()
	if err := p.Poll(s.Context(), "atrium"); err != nil {
		s.Fatal(err)
	}
}

// await waits for a condition that others bring about.
func (s *scene) await(what string, condition func() bool) {
	s.Helper()
	for end := time.Now().Add(20 * time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("waited in vain for: %s", what)
		}
	}
}

// awaitPolls waits until the repository was asked n more times.
func (s *scene) awaitPolls(n int64) {
	s.Helper()
	from := s.server.Requests.Load()
	s.await(fmt.Sprintf("%d more polls", n), func() bool { return s.server.Requests.Load() >= from+n })
}

func (s *scene) cursor() fleet.Cursor {
	s.Helper()
	c := fleet.Cursor{Distribution: "atrium"}
	if _, err := s.store.Read(s.Context(), &c); err != nil {
		s.Fatal(err)
	}
	return c
}

func (s *scene) announcement(n int) (fleet.Announcement, bool) {
	s.Helper()
	a := fleet.Announcement{ID: fleet.NewsID("atrium", n)}
	found, err := s.store.Read(s.Context(), &a)
	if err != nil {
		s.Fatal(err)
	}
	return a, found[0]
}

// notices gives the subjects of a kind promised so far, in order.
func (s *scene) notices(kind string) []string {
	s.Helper()
	effects, err := s.store.Pending(s.Context(), fleet.Catalogue, 1000)
	if err != nil {
		s.Fatal(err)
	}
	var out []string
	for _, e := range effects {
		if n := e.Effect.Notice; n != nil && n.Subject.Kind() == kind {
			out = append(out, n.Subject.ID())
		}
	}
	return out
}

// orders notes which builds were ordered, and marks their announcements as the
// real Builder does.
type orders struct {
	mu  sync.Mutex
	all []fleet.BuildOrder
}

func (o *orders) Build(_ context.Context, b fleet.BuildOrder) (fleet.Platform, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = append(o.all, b)
	return fleet.Platform{}, nil
}

func (o *orders) of(version string) (list []fleet.BuildOrder) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, b := range o.all {
		if b.Ref.Version == version {
			list = append(list, b)
		}
	}
	return list
}

func (s *scene) commit(branch, message string) string {
	s.Helper()
	return s.repo.Commit(branch, message, map[string]string{"page": message})
}

func subjects(list []fleet.Commit) string {
	var out []string
	for _, c := range list {
		out = append(out, c.Subject)
	}
	return strings.Join(out, ", ")
}
