package fleet_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/distrobot/distrobot/fleet"
)

// TestFoundOnEachHost holds that a platform which hosts report one after the other,
// after everything was lost, is one platform on all of them; a tree that differs is
// not taken for it.
func TestFoundOnEachHost(t *testing.T) {
	w := newWorld(t)
	found := func(h fleet.HostName, tree string) (fleet.Platform, error) {
		return w.builder.Found(w.ctx, fleet.FoundTree{Distribution: "atrium", Commit: "c0ffee", By: alice,
			BuildResult: fleet.BuildResult{Platform: "atrium-1.1.0", Host: h, Path: "/srv/" + string(h), TreeDigest: tree, Kind: "generic"}})
	}
	_, err := found("web1", "one")
	w.ok(err)
	for range 2 { // reported again, it is the same
		p, err := found("web2", "one")
		w.ok(err)
		if len(p.Hosts) != 2 || !maps.Equal(p.Paths, map[fleet.HostName]string{"web1": "/srv/web1", "web2": "/srv/web2"}) {
			t.Errorf("it is on %v, in %v", p.Hosts, p.Paths)
		}
	}
	_, err = found("web3", "another")
	w.refused(err, fleet.Refused)
	p, err := w.catalog.Platform(w.ctx, "atrium-1.1.0")
	if w.ok(err); p.Paths["web3"] != "" || slices.Contains(p.Hosts, "web3") || p.Version() != "1.1.0" {
		t.Errorf("%+v", p)
	}
	_, err = w.sites.Adopt(w.ctx, fleet.Site{URI: "two.example", Host: "web2", Platform: "atrium-1.1.0", Generation: 3}, alice)
	w.ok(err)
	_, err = w.sites.Adopt(w.ctx, fleet.Site{URI: "three.example", Host: "web3", Platform: "atrium-1.1.0", Generation: 3}, alice)
	w.refused(err, fleet.Refused)
}
