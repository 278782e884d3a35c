package store_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store"
	"github.com/distrobot/distrobot/store/storetest"
)

// authorise commits what permits something; it reports whether that is
// confirmed to last.
func authorise(t *testing.T, s *store.Store, uri fleet.URI) (unsure bool, err error) {
	t.Helper()
	err = s.Update(t.Context(), fleet.Catalogue, func(tx fleet.Tx) error {
		site := &fleet.Site{URI: uri}
		if _, err := tx.Get(site); err != nil {
			return err
		}
		site.Generation++
		tx.Put(site)
		fleet.Last(tx, fleet.Lasting{Authorises: true, Unsure: &unsure})
		return nil
	})
	return unsure, err
}

// TestKeeps asserts that nothing is authorised on a server that would lose it,
// that everything else is written there, and that trials and what somebody has
// looked up are exempt.
func TestKeeps(t *testing.T) {
	none := storetest.Start(t, "--appendonly", "no")
	for _, tt := range []struct {
		name string
		o    store.Options
		text string // "" when it may be authorised
	}{
		{"kept", store.Options{URL: storetest.Start(t).URL()}, ""},
		{"every second", store.Options{URL: storetest.Start(t, "--appendfsync", "everysec").URL()}, ""},
		{"not written out", store.Options{URL: storetest.Start(t, "--appendfsync", "no").URL()}, "appendfsync is no"},
		{"no file", store.Options{URL: none.URL()}, "appendonly is no"},
		{"eviction", store.Options{URL: storetest.Start(t, "--maxmemory-policy", "volatile-ttl").URL()}, "maxmemory-policy is volatile-ttl"},
		{"trusted is not believed against what is told", store.Options{URL: none.URL(), Trusted: true}, "appendonly is no"},
		{"trial", store.Options{URL: none.URL(), Trial: true}, ""},
		{"memory", store.Options{URL: "memory"}, ""},
		{"secretive", store.Options{URL: secretive(t)}, "cannot be asked for"},
		{"secretive and trusted", store.Options{URL: secretive(t), Trusted: true}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.o.Key = []byte("k")
			s, err := store.Open(t.Context(), tt.o)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if err := putSite(t, s, "other"); err != nil {
				t.Fatal(err)
			}
			_, err = authorise(t, s, "a")
			if tt.text == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if fleet.CodeOf(err) != fleet.Refused || !strings.Contains(err.Error(), tt.text) || !strings.Contains(err.Error(), "DISTROBOT_TRIAL") {
				t.Errorf("%v", err)
			}
			if found, err := s.Read(t.Context(), &fleet.Site{URI: "a"}); err != nil || found[0] {
				t.Errorf("it was written all the same: %v", err)
			}
		})
	}
}

// secretive is a server whose account may ask neither CONFIG nor INFO.
func secretive(t *testing.T) string {
	return storetest.Start(t).Account("bot", store.ACL+" -config|get -info")
}

// TestKeepsIsAskedAgain asserts that a setting which is changed while the
// server runs is noticed.
func TestKeepsIsAskedAgain(t *testing.T) {
	server := storetest.Start(t)
	s, err := store.Open(t.Context(), store.Options{URL: server.URL(), Key: []byte("k"), Recheck: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := authorise(t, s, "a"); err != nil {
		t.Fatal(err)
	}
	server.Command("CONFIG SET maxmemory-policy allkeys-lru")
	await(t, func() bool { _, err := authorise(t, s, "a"); return fleet.CodeOf(err) == fleet.Refused })
	server.Command("CONFIG SET maxmemory-policy noeviction")
	await(t, func() bool { _, err := authorise(t, s, "a"); return err == nil })
}

// TestTroubles asserts what people are told while the server takes no changes,
// that it can be read, and that it works again afterwards.
func TestTroubles(t *testing.T) {
	server := storetest.Start(t)
	s, err := store.Open(t.Context(), store.Options{URL: server.URL(), Key: []byte("k"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := putSite(t, s, "a"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		begin, end []string
		says       string
	}{
		{[]string{"CONFIG SET maxmemory 1"}, []string{"CONFIG SET maxmemory 0"}, "Raise maxmemory"},
		{[]string{"REPLICAOF 127.0.0.1 1"}, []string{"REPLICAOF NO ONE"}, "replica"},
		{[]string{"CONFIG SET min-replicas-to-write 3"}, []string{"CONFIG SET min-replicas-to-write 0"}, "replicas"},
	} {
		t.Run(tt.says, func(t *testing.T) {
			for _, c := range tt.begin {
				server.Command(c)
			}
			err := putSite(t, s, "b")
			if fleet.CodeOf(err) != fleet.Later || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%v", err)
			}
			if found, err := s.Read(t.Context(), &fleet.Site{URI: "a"}); err != nil || !found[0] {
				t.Errorf("it cannot be read: %v", err)
			}
			for _, c := range tt.end {
				server.Command(c)
			}
			await(t, func() bool { return putSite(t, s, "c") == nil })
		})
	}
}
