package store_test

import (
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store"
	"github.com/distrobot/distrobot/store/storetest"
)

// TestSentinelSuite runs the suite on a group with a replica.
func TestSentinelSuite(t *testing.T) { storetest.Run(t, openAt(storetest.StartSentinel(t).URL())) }

// TestSentinel writes, lets the master change, and goes on with the new one.
func TestSentinel(t *testing.T) {
	group := storetest.StartSentinel(t)
	s, err := store.Open(t.Context(), store.Options{URL: group.URL(), Key: []byte("k")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := putSite(t, s, "before"); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Client().Do(t.Context(), "WAIT", 1, 10_000).Int(); n != 1 || err != nil {
		t.Fatalf("the replica does not have it: %d, %v", n, err)
	}
	group.Failover()
	await(t, func() bool { // what the old master still takes is lost
		if putSite(t, s, "after") != nil {
			return false
		}
		got, err := s.Read(t.Context(), &fleet.Site{URI: "before"}, &fleet.Site{URI: "after"})
		return err == nil && got[0] && got[1]
	})
}
