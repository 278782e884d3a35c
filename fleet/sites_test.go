package fleet_test

import (
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

func TestClaimIsGuarded(t *testing.T) {
	fine := fleet.SiteClaim{URI: "a.example.org", Task: "t1", Lease: time.Minute, Generation: 1, Platform: "atrium-1.0.0", Target: "atrium-1.1.0", Rules: 1}
	tests := map[string]struct {
		prep func(*world)
		edit func(*fleet.SiteClaim)
		code fleet.Code
		want string
	}{
		"fine":       {nil, nil, "", ""},
		"gone":       {nil, func(c *fleet.SiteClaim) { c.URI = "no.example.org" }, fleet.NotFound, "There is no site no.example.org."},
		"generation": {nil, func(c *fleet.SiteClaim) { c.Generation = 7 }, fleet.Refused, "it is at generation 1 now, not 7"},
		"platform":   {nil, func(c *fleet.SiteClaim) { c.Platform = "x" }, fleet.Refused, "on platform atrium-1.0.0 now, not on x"},
		"target":     {nil, func(c *fleet.SiteClaim) { c.Target = "x" }, fleet.Refused, "The upgrade target of atrium is atrium-1.1.0 now, not x."},
		"rules":      {nil, func(c *fleet.SiteClaim) { c.Rules = 2 }, fleet.Refused, "The rules of atrium have changed"},
		"no target": {func(w *world) { _, err := w.targets.Clear(w.ctx, "atrium", alice); w.ok(err) }, nil,
			fleet.Refused, "atrium has no upgrade target any more."},
		"pinned":         {func(w *world) { _, err := w.sites.Pin(w.ctx, "a.example.org", "Frozen.", bob); w.ok(err) }, nil, fleet.Refused, "is pinned: Frozen."},
		"pinned by hand": {func(w *world) { _, err := w.sites.Pin(w.ctx, "a.example.org", "Frozen.", bob); w.ok(err) }, func(c *fleet.SiteClaim) { c.Target, c.Rules = "", 0 }, "", ""},
		"held": {func(w *world) {
			_, err := w.sites.Claim(w.ctx, fleet.SiteClaim{URI: "a.example.org", Task: "t0", Lease: time.Minute})
			w.ok(err)
		}, nil, fleet.Conflict, "is being worked on by task t0"},
		"lease over": {func(w *world) {
			_, err := w.sites.Claim(w.ctx, fleet.SiteClaim{URI: "a.example.org", Task: "t0", Lease: time.Minute})
			w.ok(err)
			w.pass(time.Minute)
		}, nil, "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.fleetOf("a.example.org")
			w.release("1.1.0")
			c := fine
			if tt.prep != nil {
				tt.prep(w)
			}
			if tt.edit != nil {
				tt.edit(&c)
			}
			s, err := w.sites.Claim(w.ctx, c)
			if tt.code == "" {
				w.ok(err)
				if s.State != fleet.SiteMoving || s.Lock.Task != "t1" || s.Lock.Fence <= 1<<32 {
					t.Errorf("%+v", s)
				}
				return
			}
			if text := w.refused(err, tt.code); !strings.Contains(text, tt.want) {
				t.Errorf("got %q", text)
			}
		})
	}
}

func TestFenceRisesForEverAndFencesOff(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org")
	claim := fleet.SiteClaim{URI: "a.example.org", Task: "t1", Lease: time.Minute}
	one, err := w.sites.Claim(w.ctx, claim)
	w.ok(err)
	two, err := w.sites.Claim(w.ctx, claim) // the same task after its worker died
	w.ok(err)
	if two.Lock.Fence != one.Lock.Fence+1 {
		t.Fatalf("fence %d after %d", two.Lock.Fence, one.Lock.Fence)
	}
	w.refused(w.sites.Renew(w.ctx, "a.example.org", one.Lock.Fence, time.Minute), fleet.Stale)
	w.refused(w.sites.Release(w.ctx, "a.example.org", one.Lock.Fence, fleet.SiteLive), fleet.Stale)
	w.refused(w.sites.Removed(w.ctx, "a.example.org", one.Lock.Fence), fleet.Stale)
	_, err = w.sites.Move(w.ctx, fleet.SiteMove{URI: "a.example.org", Task: "t1", Fence: one.Lock.Fence, Platform: "x", Generation: 2})
	w.refused(err, fleet.Stale)
	w.ok(w.sites.Renew(w.ctx, "a.example.org", two.Lock.Fence, time.Hour))
	w.ok(w.sites.Release(w.ctx, "a.example.org", two.Lock.Fence, fleet.SiteLive))
	w.ok(w.sites.Release(w.ctx, "a.example.org", two.Lock.Fence, fleet.SiteLive))
	// A heartbeat that comes after the release is none of a lost holder, and takes nothing.
	w.ok(w.sites.Renew(w.ctx, "a.example.org", two.Lock.Fence, time.Hour))
	if now := w.site("a.example.org"); now.Lock.Task != "" {
		t.Errorf("the lock is held again: %+v", now.Lock)
	}

	w.ok(w.store.Update(w.ctx, fleet.Catalogue, func(tx fleet.Tx) error {
		e := fleet.Epoch{}
		_, err := tx.Get(&e)
		e.N = 5
		tx.Put(&e)
		return err
	}))
	claim.Task = "t2"
	three, err := w.sites.Claim(w.ctx, claim)
	if w.ok(err); three.Lock.Fence != 5<<32+1 {
		t.Errorf("fence %d in epoch 5", three.Lock.Fence)
	}
}

// A worker that has lost its task and has not heard of it does not take the
// site's lock back from the one that has the task now.
func TestLateClaimOfTheSameTask(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org")
	claim := func(fence int64) (fleet.Site, error) {
		return w.sites.Claim(w.ctx, fleet.SiteClaim{URI: "a.example.org", Task: "t1", Claim: fence, Lease: time.Minute})
	}
	_, err := claim(2)
	w.ok(err)
	_, err = claim(1)
	w.refused(err, fleet.Stale)
	again, err := claim(3)
	w.ok(err)
	w.ok(w.sites.Renew(w.ctx, "a.example.org", again.Lock.Fence, time.Minute))
	if now := w.site("a.example.org"); now.Lock.Claim != 3 {
		t.Errorf("the lock is %+v", now.Lock)
	}
}

func TestMoveIsRecordedOnce(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org")
	next := w.build("1.1.0")
	s, err := w.sites.Claim(w.ctx, fleet.SiteClaim{URI: "a.example.org", Task: "t1", Lease: time.Minute})
	w.ok(err)
	m := fleet.SiteMove{URI: s.URI, Task: "t1", Fence: s.Lock.Fence, Platform: next.Name, Generation: 2, Previous: 1, From: s.Platform, Keep: true}
	for _, keep := range []bool{true, true, false, false} {
		m.Keep = keep
		s, err = w.sites.Move(w.ctx, m)
		w.ok(err)
		if s.Platform != next.Name || s.Generation != 2 || (s.Lock.Task == "") == keep {
			t.Errorf("keep %v: %+v", keep, s)
		}
	}
	if s.State != fleet.SiteLive || w.audits("site.moved") != 1 {
		t.Errorf("%+v, %d moves recorded", s, w.audits("site.moved"))
	}
	m.Generation = 3
	_, err = w.sites.Move(w.ctx, m)
	w.refused(err, fleet.Stale)
	on, _, err := w.catalog.Sites(w.ctx, fleet.SiteQuery{Platform: next.Name})
	if w.ok(err); len(on) != 1 {
		t.Errorf("%d sites on %s", len(on), next.Name)
	}
}

func TestCreateAndRemove(t *testing.T) {
	w := newWorld(t)
	w.fleetOf()
	tests := map[string]struct {
		n    fleet.NewSite
		code fleet.Code
		want string
	}{
		"nowhere":         {fleet.NewSite{URI: "a.example.org"}, fleet.Invalid, "needs a platform or a distribution"},
		"bad address":     {fleet.NewSite{URI: "../etc", Distribution: "atrium"}, fleet.Invalid, "is not the address of a site"},
		"bad tag":         {fleet.NewSite{URI: "a.example.org", Distribution: "atrium", Tags: []string{"a b"}}, fleet.Invalid, "cannot be a tag"},
		"unknown":         {fleet.NewSite{URI: "a.example.org", Distribution: "no"}, fleet.NotFound, "no distribution no"},
		"wrong host":      {fleet.NewSite{URI: "a.example.org", Distribution: "atrium", Host: "web9"}, fleet.Refused, "is not on host web9"},
		"not of the dist": {fleet.NewSite{URI: "a.example.org", Distribution: "bare", Platform: "atrium-1.0.0"}, fleet.Invalid, "does not belong to bare"},
	}
	_, err := w.catalog.Add(w.ctx, fleet.Distribution{Name: "bare", Kind: "generic"}, alice)
	w.ok(err)
	for name, tt := range tests {
		_, _, err := w.sites.Create(w.ctx, tt.n, alice)
		if text := w.refused(err, tt.code); !strings.Contains(text, tt.want) {
			t.Errorf("%s: %q", name, text)
		}
	}
	s, task, err := w.sites.Create(w.ctx, fleet.NewSite{URI: "a.example.org", Distribution: "atrium"}, alice)
	w.ok(err)
	w.carry()
	if _, err := w.tasks.Find(w.ctx, task.ID); err != nil {
		t.Error(err)
	}
	locked, err := w.sites.Claim(w.ctx, fleet.SiteClaim{URI: s.URI, Task: task.ID, Lease: time.Minute})
	w.ok(err)
	if locked.State != fleet.SiteCreating {
		t.Errorf("%s", locked.State)
	}
	_, err = w.sites.Remove(w.ctx, s.URI, alice)
	w.refused(err, fleet.Conflict)
	w.ok(w.sites.Release(w.ctx, s.URI, locked.Lock.Fence, fleet.SiteLive))
	gone, err := w.sites.Remove(w.ctx, s.URI, alice)
	w.ok(err)
	if gone.Kind != fleet.TaskRetire || gone.Params[fleet.ParamWhat] != fleet.WhatSite || gone.Params[fleet.ParamID] != s.ID {
		t.Errorf("%+v", gone)
	}
	locked, err = w.sites.Claim(w.ctx, fleet.SiteClaim{URI: s.URI, Task: gone.ID})
	w.ok(err)
	w.ok(w.sites.Removed(w.ctx, s.URI, locked.Lock.Fence))
	w.ok(w.sites.Removed(w.ctx, s.URI, locked.Lock.Fence))
	_, err = w.catalog.Site(w.ctx, s.URI)
	w.refused(err, fleet.NotFound)
}

func TestAdoptKeepsTheFenceOfTheHost(t *testing.T) {
	w := newWorld(t)
	w.fleetOf()
	w.release("1.1.0") // 1.0.0 is locked now; what lives on it is adopted all the same
	s := fleet.Site{URI: "old.example.org", ID: "01abc", Platform: "atrium-1.0.0", Host: fleet.LocalHost, Generation: 9, Lock: fleet.SiteLock{Task: "gone", Fence: 7<<32 + 3}}
	got, err := w.sites.Adopt(w.ctx, s, alice)
	w.ok(err)
	if got.State != fleet.SiteLive || got.Lock.Fence != s.Lock.Fence || got.Lock.Task != "" || got.Kind != "generic" {
		t.Errorf("%+v", got)
	}
	_, err = w.sites.Adopt(w.ctx, s, alice)
	w.ok(err)
	s.ID = "another"
	_, err = w.sites.Adopt(w.ctx, s, alice)
	w.refused(err, fleet.Exists)
	s.URI, s.Host = "b.example.org", "web9"
	_, err = w.sites.Adopt(w.ctx, s, alice)
	w.refused(err, fleet.Refused)
	claimed, err := w.sites.Claim(w.ctx, fleet.SiteClaim{URI: "old.example.org", Task: "t"})
	if w.ok(err); claimed.Lock.Fence != 7<<32+4 {
		t.Errorf("fence %d", claimed.Lock.Fence)
	}
}

func TestTagsAndPins(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org")
	s, err := w.sites.Tag(w.ctx, "a.example.org", []string{"Staging", "shop", "STAGING"}, nil, bob)
	w.ok(err)
	if strings.Join(s.Tags, " ") != "shop Staging" {
		t.Errorf("%v", s.Tags)
	}
	s, err = w.sites.Tag(w.ctx, "a.example.org", nil, []string{"staging"}, bob)
	if w.ok(err); strings.Join(s.Tags, " ") != "shop" {
		t.Errorf("%v", s.Tags)
	}
	_, err = w.sites.Tag(w.ctx, "a.example.org", []string{"<!channel>"}, nil, bob)
	w.refused(err, fleet.Invalid)
	for _, reason := range []string{"Frozen.", "Frozen.", ""} {
		s, err = w.sites.Pin(w.ctx, "a.example.org", reason, bob)
		if w.ok(err); s.Pinned != reason {
			t.Errorf("%q", s.Pinned)
		}
	}
	if w.audits("site.pinned") != 1 || w.audits("site.unpinned") != 1 || w.audits("site.tagged") != 2 {
		t.Error("changes are recorded other than once")
	}
}
