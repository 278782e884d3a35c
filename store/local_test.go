package store_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store"
	"github.com/distrobot/distrobot/store/storetest"
)

func openLocal(t *testing.T, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: "local", DataDir: dir, Key: []byte("k"),
		Start: storetest.Launch, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func putSite(t *testing.T, s *store.Store, uri string) error {
	return s.Update(t.Context(), fleet.Catalogue, func(tx fleet.Tx) error {
		x := &fleet.Site{URI: fleet.URI(uri), Platform: "p"}
		if _, err := tx.Get(x); err != nil {
			return err
		}
		x.Platform = "p"
		tx.Put(x)
		return nil
	})
}

// TestLocalLosesNothing writes from two stores on one data directory while
// their server is killed over and over, and while the store that started it
// goes away: everything that was acknowledged is there.
func TestLocalLosesNothing(t *testing.T) {
	dir := t.TempDir()
	stores := []*store.Store{openLocal(t, dir), openLocal(t, dir)}
	pidfile := filepath.Join(dir, "redis", "redis.pid")
	var mu sync.Mutex
	var acked []string
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for w, s := range stores {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				uri := fmt.Sprintf("s%d-%d", w, i)
				if err := putSite(t, s, uri); err == nil {
					mu.Lock()
					acked = append(acked, uri)
					mu.Unlock()
				}
			}
		})
	}
	count := func() int { mu.Lock(); defer mu.Unlock(); return len(acked) }
	for range 4 {
		before := count()
		await(t, func() bool { return count() > before+20 }) // it works, also after a kill
		storetest.KillByFile(t, pidfile)
	}
	before := count()
	await(t, func() bool { return count() > before+20 })
	close(stop)
	wg.Wait()
	for _, s := range stores { // whoever started the server, the other goes on
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	s := openLocal(t, dir)
	uris, err := s.List(t.Context(), fleet.SitesOf("p"), fleet.Page{})
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, u := range uris {
		there[u] = true
	}
	for _, u := range acked {
		if !there[u] {
			t.Errorf("%s was acknowledged and is lost", u)
		}
	}
	t.Logf("%d acknowledged writes", len(acked))
}

// TestLocalOutlivesItsStarter closes the store that had started the server: the
// other one starts it again.
func TestLocalOutlivesItsStarter(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long/", 30)) // longer than a socket's address
	first, second := openLocal(t, dir), openLocal(t, dir)
	if err := putSite(t, first, "a"); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := putSite(t, second, "b"); err != nil {
		t.Fatal(err)
	}
	if got, err := second.Read(t.Context(), &fleet.Site{URI: "a"}, &fleet.Site{URI: "b"}); err != nil || !got[0] || !got[1] {
		t.Errorf("%v, %v", got, err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	pid, err := os.ReadFile(filepath.Join(dir, "redis", "redis.pid"))
	if err == nil {
		if cmd, err := os.ReadFile(filepath.Join("/proc", strings.TrimSpace(string(pid)), "cmdline")); err == nil && strings.Contains(string(cmd), "redis") {
			t.Error("the server still runs")
		}
	}
}

func await(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
	}
}
