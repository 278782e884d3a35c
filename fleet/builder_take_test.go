package fleet_test

import (
	"testing"

	"github.com/distrobot/distrobot/fleet"
)

func TestTakenDirectoryIsAPlatformLikeOthers(t *testing.T) {
	w := newWorld(t)
	w.dist(nil)
	o := fleet.TreeOrder{Name: "old-1", Path: "/srv/old", By: alice, Distribution: "atrium"}
	p, err := w.builder.Take(w.ctx, o)
	w.ok(err)
	if p.State != fleet.PlatformQueued || p.Kind != "generic" || p.Distribution != "atrium" || p.Source.Path != "/srv/old" {
		t.Fatalf("%+v", p)
	}
	again, err := w.builder.Take(w.ctx, o)
	if w.ok(err); again.Task != p.Task {
		t.Errorf("taking it again ordered another task")
	}
	_, err = w.builder.Record(w.ctx, fleet.BuildResult{Platform: "old-1", Host: fleet.LocalHost, Path: "/data/old-1", TreeDigest: "d"})
	w.ok(err)
	if p, err = w.catalog.Platform(w.ctx, "old-1"); err != nil || p.State != fleet.PlatformReady {
		t.Errorf("%+v %v", p, err)
	}
	o.Path = "/srv/other"
	_, err = w.builder.Take(w.ctx, o)
	w.refused(err, fleet.Exists)
}

func TestTakeWithoutADistribution(t *testing.T) {
	w := newWorld(t)
	_, err := w.builder.Take(w.ctx, fleet.TreeOrder{Name: "alone", Path: "/srv/alone", By: alice})
	w.ok(err)
	_, err = w.builder.Record(w.ctx, fleet.BuildResult{Platform: "alone", Host: fleet.LocalHost, Path: "/data/alone", TreeDigest: "d"})
	w.ok(err)
	p, err := w.catalog.Platform(w.ctx, "alone")
	if w.ok(err); p.State != fleet.PlatformReady || p.Locked {
		t.Errorf("%+v", p)
	}
}

func TestTakeRefusesPathsAndNames(t *testing.T) {
	w := newWorld(t)
	for _, o := range []fleet.TreeOrder{
		{Name: "a/b", Path: "/srv/x"}, {Name: "", Path: "/srv/x"}, {Name: "ok", Path: "relative"},
		{Name: "ok", Path: "/srv/../etc"}, {Name: "ok", Path: "/"}, {Name: "ok", Path: "/srv/x\x00"},
	} {
		_, err := w.builder.Take(w.ctx, o)
		w.refused(err, fleet.Invalid)
	}
	_, err := w.builder.Take(w.ctx, fleet.TreeOrder{Name: "ok", Path: "/srv/x", Distribution: "nowhere"})
	w.refused(err, fleet.NotFound)
}
