package fleet_test

import (
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// TestReadopt holds what a host reports against what is recorded.
func TestReadopt(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	recorded := fleet.Site{URI: "a.example", ID: "01a", Platform: "p1", Host: "web1", Generation: 3, Lock: fleet.SiteLock{Fence: 1<<32 + 5}}
	host := func(change func(*fleet.Site)) fleet.Site {
		s := recorded
		change(&s)
		return s
	}
	tests := []struct {
		name    string
		host    fleet.Site
		lock    fleet.SiteLock // of the record
		code    fleet.Code
		changed bool
	}{
		{"the same", recorded, recorded.Lock, "", false},
		{"moved since the backup", host(func(s *fleet.Site) { s.Generation, s.Platform, s.Lock.Fence, s.Pinned = 4, "p2", 1<<32+9, "why" }), recorded.Lock, "", true},
		{"only claimed since", host(func(s *fleet.Site) { s.Lock.Fence = 1<<32 + 9 }), recorded.Lock, "", true},
		{"moved, but a task works on it", host(func(s *fleet.Site) { s.Generation = 4 }), fleet.SiteLock{Task: "01t", Until: now.Add(time.Second)}, fleet.Conflict, false},
		{"the host is behind", host(func(s *fleet.Site) { s.Generation = 2 }), recorded.Lock, fleet.Refused, false},
		{"on two hosts", host(func(s *fleet.Site) { s.Host = "web2" }), recorded.Lock, fleet.Exists, false},
		{"another site of that address", host(func(s *fleet.Site) { s.ID = "01b" }), recorded.Lock, fleet.Exists, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			have := recorded
			have.Lock = tt.lock
			got, changed, err := fleet.Readopt(have, tt.host, now)
			if fleet.CodeOf(err) != tt.code || changed != tt.changed {
				t.Fatalf("changed %v, %v", changed, err)
			}
			if changed && (got.Generation != tt.host.Generation || got.Platform != tt.host.Platform || got.Pinned != tt.host.Pinned || got.Lock.Fence != tt.host.Lock.Fence) {
				t.Errorf("%+v", got)
			}
		})
	}
}
