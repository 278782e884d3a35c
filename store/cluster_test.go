package store_test

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store"
	"github.com/distrobot/distrobot/store/storetest"
)

// TestClusterMovesSlots gives a family's slot from server to server while it is
// written: every commit that was acknowledged happened once, and everything can
// be written afterwards.
func TestClusterMovesSlots(t *testing.T) {
	c := storetest.NewCluster(t)
	s, err := store.Open(t.Context(), store.Options{URL: c.URL(), Key: []byte("k"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range 50 { // keys to be moved
		if err := putSite(t, s, fmt.Sprint("s", i)); err != nil {
			t.Fatal(err)
		}
	}
	var done, unknown atomic.Int64
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				switch _, err := authorise(t, s, "counted"); {
				case err == nil:
					done.Add(1)
				case fleet.CodeOf(err) == fleet.Later:
					unknown.Add(1)
				default:
					t.Errorf("%v", err)
					return
				}
			}
		})
	}
	slot := c.Slot("db:{c}:outbox")
	for range 6 {
		before := done.Load()
		c.Move(slot)
		await(t, func() bool { return done.Load() > before+5 })
	}
	close(stop)
	writers.Wait()
	site := &fleet.Site{URI: "counted"}
	if _, err := s.Read(t.Context(), site); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d commits over 6 moves, %d given up", done.Load(), unknown.Load())
	if n := site.Generation; n < done.Load() || n > done.Load()+unknown.Load() {
		t.Errorf("%d commits were acknowledged and %d given up; %d happened", done.Load(), unknown.Load(), n)
	}
}

// TestClusterDown asserts that a Cluster which lacks a server says so, loses
// nothing that was acknowledged, and works again when the server is back.
func TestClusterDown(t *testing.T) {
	c := storetest.NewCluster(t)
	s, err := store.Open(t.Context(), store.Options{URL: c.URL(), Key: []byte("k"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := authorise(t, s, "a"); err != nil {
		t.Fatal(err)
	}
	up := c.Down(c.Slot("db:{c}:outbox"))
	c.Await("fail")
	if err := putSite(t, s, "b"); fleet.CodeOf(err) != fleet.Later {
		t.Errorf("%v", err)
	}
	up()
	await(t, func() bool { return putSite(t, s, "b") == nil })
	if found, err := s.Read(t.Context(), &fleet.Site{URI: "a"}); err != nil || !found[0] {
		t.Errorf("what was acknowledged is gone: %v", err)
	}
}
