// Package hostingtest holds the suites that every Backend and every Kind
// passes.
package hostingtest

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// site is what the suite's sites are called.
const site = fleet.URI("suite.example")

// Backend tests a backend that newBackend makes empty. Its sites serve files.
func Backend(t *testing.T, newBackend func(t *testing.T) hosting.Backend) {
	for name, test := range map[string]func(*testing.T, *suite){
		"platforms are published once":        testPlatforms,
		"a generation is published by switch": testGenerations,
		"a hold is kept and measured":         testHold,
		"late fences are refused":             testFences,
		"data is taken and returned":          testHandover,
		"old generations are deleted":         testTidy,
		"sites are found and removed":         testRecords,
		"updates run in the copy":             testUpdate,
	} {
		t.Run(name, func(t *testing.T) {
			test(t, &suite{T: t, b: newBackend(t)})
		})
	}
}

type suite struct {
	*testing.T
	b hosting.Backend
}

func (s *suite) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *suite) code(err error, want fleet.Code) {
	s.Helper()
	if fleet.CodeOf(err) != want {
		s.Errorf("error %v, want code %s", err, want)
	}
}

// publish makes a platform whose page says its name.
func (s *suite) publish(name fleet.PlatformName) hosting.Tree {
	s.Helper()
	ctx := s.Context()
	stage, err := s.b.Stage(ctx, name, 1)
	s.ok(err)
	for file, text := range map[string]string{
		"index.html": "page of " + string(name), "data/log": "begin", "files/hello.txt": "hello",
		hosting.SpecFile: "version: 1\nversioned: [data]\nshared: [files]\n",
	} {
		at := filepath.Join(stage, file)
		s.ok(os.MkdirAll(filepath.Dir(at), 0o755))
		s.ok(os.WriteFile(at, []byte(text), 0o644))
	}
	dir, err := s.b.Publish(ctx, name, stage)
	s.ok(err)
	spec, err := hosting.ReadSpec(dir)
	s.ok(err)
	return hosting.Tree{Dir: dir, Spec: spec}
}

// generation describes a generation of the suite's site.
func generation(n int64, t hosting.Tree, fence int64) hosting.Copy {
	return hosting.Copy{
		URI: site, ID: "01site", Kind: "generic", Platform: fleet.PlatformName(filepath.Base(t.Dir)), Commit: "c0ffee",
		Tree: t, App: app(t), Generation: n, From: n - 1, Fence: fence, Task: "01task",
	}
}

// app is how the suite's sites are hosted.
func app(t hosting.Tree) hosting.App {
	return hosting.App{Docroot: t.Spec.Docroot, Shared: t.Spec.Shared, Versioned: t.Spec.Versioned, Check: t.Spec.Check}
}

// live makes the site's first generation, live.
func (s *suite) live(t hosting.Tree, fence int64) hosting.Copy {
	s.Helper()
	c := generation(1, t, fence)
	s.make(c)
	_, err := s.b.Hold(s.Context(), c)
	s.ok(err)
	s.ok(s.b.Switch(s.Context(), c))
	_, err = s.b.Release(s.Context(), c)
	s.ok(err)
	return c
}

// untouched fails unless nothing was written to a generation since visitors were
// let in to it.
func (s *suite) untouched(n int64) {
	s.Helper()
	written, err := s.b.Written(s.Context(), hosting.Copy{URI: site, Generation: n})
	if err != nil || !written.Nothing() {
		s.Errorf("the data of generation %d was changed: %+v (%v)", n, written, err)
	}
}

func (s *suite) make(c hosting.Copy) {
	s.Helper()
	s.ok(s.b.Lay(s.Context(), c))
	_, err := s.b.Fill(s.Context(), c)
	s.ok(err)
}

func (s *suite) probe(want string) {
	s.Helper()
	a, err := s.b.Probe(s.Context(), site, "/")
	s.ok(err)
	if a.Status != 200 || !bytes.Contains(a.Body, []byte(want)) {
		s.Errorf("visitors get %d %q, want %q", a.Status, a.Body, want)
	}
}

func testPlatforms(t *testing.T, s *suite) {
	ctx := t.Context()
	one := s.publish("one")
	if dir, err := s.b.Tree(ctx, "one"); err != nil || dir != one.Dir {
		t.Errorf("tree %s, %v", dir, err)
	}
	if info, err := os.Stat(filepath.Join(one.Dir, "index.html")); err != nil || info.Mode()&0o222 != 0 {
		t.Errorf("the tree can be written: %v %v", info, err)
	}
	stage, err := s.b.Stage(ctx, "one", 2)
	s.ok(err)
	s.ok(os.Mkdir(stage, 0o755))
	_, err = s.b.Publish(ctx, "one", stage)
	s.code(err, fleet.Exists)
	s.ok(s.b.Discard(ctx, "one"))
	s.ok(s.b.Discard(ctx, "one"))
	_, err = s.b.Tree(ctx, "one")
	s.code(err, fleet.NotFound)
	for _, name := range []fleet.PlatformName{"", "..", "a/b", "../x", ".hidden", "a b", "-x"} {
		_, err := s.b.Tree(ctx, name)
		s.code(err, fleet.Invalid)
	}
	if free, err := s.b.Room(ctx); err != nil || free <= 0 {
		t.Errorf("room %d, %v", free, err)
	}
}

func testGenerations(t *testing.T, s *suite) {
	ctx := t.Context()
	one, two := s.publish("one"), s.publish("two")
	_, err := s.b.Live(ctx, site)
	s.code(err, fleet.NotFound)
	s.live(one, 1)
	s.probe("page of one")
	next := generation(2, two, 2)
	s.make(next)
	s.make(next) // again, as after a crash
	s.probe("page of one")
	a, err := s.b.Check(ctx, next, "/")
	if err != nil || a.Status != 200 || string(a.Body) != "page of two" {
		t.Errorf("check: %+v %v", a, err)
	}
	s.ok(s.b.Switch(ctx, next))
	s.ok(s.b.Switch(ctx, next))
	s.probe("page of two")
	r, err := s.b.Live(ctx, site)
	if err != nil || r.Generation != 2 || r.Platform != "two" || r.Fence != 2 || r.Task != "01task" || r.Commit != "c0ffee" {
		t.Errorf("record %+v %v", r, err)
	}
	if err := s.b.Lay(ctx, next); err == nil {
		t.Error("a live generation was laid out anew")
	}
	if _, err := s.b.Fill(ctx, next); err == nil {
		t.Error("a live generation was filled anew")
	}
	if err := s.b.Abandon(ctx, next); err == nil {
		t.Error("a live generation was put aside")
	}
}

func testHold(t *testing.T, s *suite) {
	ctx := t.Context()
	c := s.live(s.publish("one"), 1)
	at, err := s.b.Hold(ctx, c)
	s.ok(err)
	again, err := s.b.Hold(ctx, c)
	if err != nil || !again.Equal(at) {
		t.Errorf("held since %v, then %v (%v)", at, again, err)
	}
	s.ok(s.b.Drain(ctx, c))
	if a, err := s.b.Probe(ctx, site, "/"); err != nil || a.Status != 503 {
		t.Errorf("visitors get %d, %v", a.Status, err)
	}
	if a, err := s.b.Check(ctx, c, "/"); err != nil || a.Status != 200 {
		t.Errorf("the worker gets %d, %v", a.Status, err)
	}
	if d, err := s.b.Release(ctx, c); err != nil || d <= 0 {
		t.Errorf("released after %v, %v", d, err)
	}
	if d, err := s.b.Release(ctx, c); err != nil || d != 0 {
		t.Errorf("released again after %v, %v", d, err)
	}
	s.probe("page of one")
}

func testFences(t *testing.T, s *suite) {
	ctx := t.Context()
	one := s.publish("one")
	s.live(one, 7)
	late := generation(2, one, 6)
	_, fill := s.b.Fill(ctx, late)
	_, hold := s.b.Hold(ctx, late)
	_, release := s.b.Release(ctx, late)
	for name, err := range map[string]error{
		"lay": s.b.Lay(ctx, late), "fill": fill, "hold": hold, "release": release, "drain": s.b.Drain(ctx, late),
		"run": s.b.Run(ctx, late, nil, func(string) {}), "take": s.b.Take(ctx, late), "return": s.b.Return(ctx, late),
		"switch": s.b.Switch(ctx, generation(1, one, 6)), "abandon": s.b.Abandon(ctx, late), "tidy": s.b.Tidy(ctx, late),
		"pin": s.b.Pin(ctx, late, "x"), "remove": s.b.Remove(ctx, late),
	} {
		if fleet.CodeOf(err) != fleet.Stale {
			t.Errorf("%s under an old fence: %v", name, err)
		}
	}
	s.probe("page of one")
}

func testHandover(t *testing.T, s *suite) {
	ctx := t.Context()
	one := s.publish("one")
	s.live(one, 1)
	two := generation(2, one, 2)
	s.make(two)
	s.ok(s.b.Switch(ctx, two))
	before, err := s.b.Size(ctx, site, 1)
	s.ok(err)
	three := generation(3, one, 3)
	three.From = 1
	s.ok(s.b.Lay(ctx, three))
	for range 2 {
		s.ok(s.b.Take(ctx, three))
	}
	if got, err := s.b.Size(ctx, site, 3); err != nil || got.Files != before.Files || got.Bytes != before.Bytes || got.Files == 0 {
		t.Errorf("taken %+v, was %+v (%v)", got, before, err)
	}
	for range 2 {
		s.ok(s.b.Return(ctx, three))
	}
	s.untouched(1)
	three.From = 2
	if err := s.b.Take(ctx, three); err == nil {
		t.Error("the data of the live generation was taken")
	}
}

func testTidy(t *testing.T, s *suite) {
	ctx := t.Context()
	one := s.publish("one")
	s.live(one, 1)
	for n := int64(2); n <= 4; n++ {
		c := generation(n, one, n)
		s.make(c)
		s.ok(s.b.Switch(ctx, c))
	}
	failed := generation(5, one, 5)
	s.make(failed)
	for range 2 {
		s.ok(s.b.Abandon(ctx, failed))
	}
	c := generation(4, one, 6)
	c.Previous = []hosting.Kept{{Generation: 3, Platform: "one"}}
	s.ok(s.b.Tidy(ctx, c))
	for n, want := range map[int64]bool{1: false, 2: false, 3: true, 4: true, 5: false} {
		a, err := s.b.Size(ctx, site, n)
		if err != nil || (a.Files > 0) != want {
			t.Errorf("generation %d: %+v %v, kept should be %t", n, a, err, want)
		}
	}
	s.probe("page of one")
}

func testRecords(t *testing.T, s *suite) {
	ctx := t.Context()
	if all, err := s.b.All(ctx); err != nil || len(all) != 0 {
		t.Errorf("an empty host has %v, %v", all, err)
	}
	c := s.live(s.publish("one"), 1)
	s.ok(s.b.Pin(ctx, c, "because"))
	all, err := s.b.All(ctx)
	if err != nil || len(all) != 1 || all[0].URI != site || all[0].Pinned != "because" || all[0].ID != "01site" {
		t.Errorf("found %+v, %v", all, err)
	}
	for range 2 {
		s.ok(s.b.Remove(ctx, c))
	}
	_, err = s.b.Live(ctx, site)
	s.code(err, fleet.NotFound)
}
