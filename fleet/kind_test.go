package fleet_test

import (
	"testing"

	"github.com/distrobot/distrobot/fleet"
)

func TestKindChanges(t *testing.T) {
	dist := func(k fleet.KindName) fleet.Distribution { return fleet.Distribution{Name: "shop", Kind: k} }
	is := func(k fleet.KindName, s fleet.PlatformState) []fleet.Platform {
		return []fleet.Platform{{Name: "shop-1", Kind: k, State: s}}
	}
	cases := []struct {
		to   fleet.KindName
		have []fleet.Platform
		ok   bool
	}{
		{"drupal", nil, true},
		{"drupal", is("wordpress", fleet.PlatformReady), false},
		{"drupal", is("drupal", fleet.PlatformReady), true},
		{"drupal", is("wordpress", fleet.PlatformFailed), true},
		{"drupal", is("wordpress", fleet.PlatformRetired), true},
		{"drupal", is("auto", fleet.PlatformBuilding), false},
		{"auto", is("wordpress", fleet.PlatformReady), true},
	}
	for _, c := range cases {
		if err := fleet.KindChanges(dist(c.to), c.have); (err == nil) != c.ok {
			t.Errorf("to %s with %+v: %v", c.to, c.have, err)
		}
	}
}

// A platform ordered as auto becomes what its code is; one of a named kind
// stays that.
func TestRecordFindsTheKind(t *testing.T) {
	for ordered, want := range map[fleet.KindName]fleet.KindName{fleet.AutoKind: "wordpress", "generic": "generic"} {
		p := fleet.Platform{Name: "shop-1", Kind: ordered, State: fleet.PlatformBuilding, Hosts: []fleet.HostName{"h"}}
		got, err := fleet.RecordBuild(p, fleet.BuildResult{Platform: p.Name, Host: "h", Path: "/p", TreeDigest: "x", Kind: "wordpress"})
		if err != nil || got.Kind != want || got.State != fleet.PlatformReady {
			t.Errorf("%s: %s, %s, %v", ordered, got.Kind, got.State, err)
		}
	}
	p, err := fleet.JoinPlatform(fleet.Platform{Name: "p", Kind: "drupal", State: fleet.PlatformReady}, &fleet.Distribution{Name: "d", Kind: fleet.AutoKind})
	if err != nil || p.Distribution != "d" {
		t.Errorf("a distribution of any kind refused a platform: %v", err)
	}
}
