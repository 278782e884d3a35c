package fleet_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// A lookWorld is a fleet with the distribution atrium, made by composer, whose
// platform 1.0.0 is ready.
type lookWorld struct {
	*world
	refreshes *fleet.Refreshes
	base      fleet.Platform
}

func newLookWorld(t *testing.T) *lookWorld {
	t.Helper()
	w := newWorld(t)
	w.dist(func(d *fleet.Distribution) { d.Source = fleet.Source{Type: "composer"} })
	return &lookWorld{world: w, base: w.build("1.0.0"), refreshes: &fleet.Refreshes{Store: w.store, Every: 24 * time.Hour}}
}

// looked lets a look under way find what moved.
func (w *lookWorld) looked(to ...string) {
	w.t.Helper()
	task, err := w.refreshes.Look(w.ctx, "atrium", bob)
	w.ok(err)
	f := fleet.Looked{Task: task.ID, Distribution: "atrium", Base: w.base.Name}
	for i, v := range to {
		f.Moves = append(f.Moves, fleet.Move{Row: fleet.Row{Package: "acme/lib" + string(rune('a'+i)), From: "1.0.0", To: v, Change: fleet.Upgraded}})
	}
	f.Lock = []byte(`{"lock of":"` + strings.Join(to, " ") + `"}`)
	w.ok(w.refreshes.Found(w.ctx, f))
	w.ok(w.refreshes.Found(w.ctx, f)) // recorded twice: once
	w.carry()
}

func (w *lookWorld) newest() fleet.Refresh {
	w.t.Helper()
	_, r, err := w.refreshes.Newest(w.ctx, "atrium")
	w.ok(err)
	return r
}

// posts counts the messages about offers.
func (w *lookWorld) posts(id string) int {
	w.t.Helper()
	list, err := w.store.List(w.ctx, fleet.PostsOf(fleet.SubjectOf(fleet.AboutRefresh, id)), fleet.Page{})
	w.ok(err)
	return len(list)
}

func TestLooksAreOrderedOnceOverReplicas(t *testing.T) {
	w := newLookWorld(t)
	sweep := func() int {
		var all sync.WaitGroup
		counts := make([]int, 4)
		for i := range counts {
			all.Go(func() {
				n, err := w.refreshes.Sweep(w.ctx)
				if counts[i] = n; err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		w.carry()
		return counts[0] + counts[1] + counts[2] + counts[3]
	}
	if n := sweep(); n != 0 {
		t.Errorf("%d looks right after the build", n)
	}
	w.pass(25 * time.Hour)
	if n := sweep(); n != 1 {
		t.Errorf("%d looks after a day", n)
	}
	tasks, err := w.tasks.List(w.ctx, "", true, 10)
	w.ok(err)
	var looks []fleet.Task
	for _, x := range tasks {
		if x.Kind == fleet.TaskOutdated {
			looks = append(looks, x)
		}
	}
	if len(looks) != 1 || looks[0].About != "atrium" || looks[0].Params[fleet.ParamPlatform] != string(w.base.Name) || looks[0].Host != fleet.LocalHost {
		t.Errorf("%+v", looks)
	}
	if task, err := w.refreshes.Look(w.ctx, "atrium", bob); err != nil || task.ID != looks[0].ID {
		t.Errorf("a person is given %v (%v), not the look under way", task.ID, err)
	}
	// One that was lost does not keep others away for ever.
	w.pass(25 * time.Hour)
	if n := sweep(); n != 1 {
		t.Errorf("%d looks after the first was lost", n)
	}
	never := &fleet.Refreshes{Store: w.store}
	w.pass(48 * time.Hour)
	if n, err := never.Sweep(w.ctx); n != 0 || err != nil {
		t.Errorf("switched off, and %d looks (%v)", n, err)
	}
}

func TestOfferIsEditedWhileNobodyActs(t *testing.T) {
	w := newLookWorld(t)
	if w.looked(); w.newest().ID != "" {
		t.Fatalf("nothing moved, and %+v is offered", w.newest())
	}
	w.looked("1.1.0")
	first := w.newest()
	if first.ID != "atrium/1" || first.State != fleet.RefreshOpen || w.posts("atrium/1") != 1 {
		t.Fatalf("%+v", first)
	}
	at := first.At
	w.pass(time.Hour)
	if w.looked("1.1.0"); !w.newest().At.Equal(at) {
		t.Error("the same was written again")
	}
	if w.looked("1.1.0", "2.0.0"); w.newest().ID != "atrium/1" || w.newest().Total != 2 {
		t.Errorf("%+v", w.newest())
	}
	if w.looked(); w.newest().State != fleet.RefreshSuperseded {
		t.Errorf("what was taken back is still %s", w.newest().State)
	}
	if w.looked("1.2.0"); w.newest().ID != "atrium/2" {
		t.Errorf("%+v", w.newest())
	}
	w.build("1.1.0") // the offer was of an older platform
	if got := w.newest(); got.State != fleet.RefreshSuperseded {
		t.Errorf("a newer platform is ready, and the offer is %s", got.State)
	}
	_, err := w.builder.Build(w.ctx, fleet.BuildOrder{Distribution: "atrium", Refresh: "atrium/2", By: alice})
	w.refused(err, fleet.Refused)
}

func TestRefreshedLockIsBuiltOnce(t *testing.T) {
	w := newLookWorld(t)
	w.looked("1.1.0")
	o := fleet.BuildOrder{Distribution: "atrium", Refresh: "atrium/1", By: alice}
	one, err := w.builder.Build(w.ctx, o)
	w.ok(err)
	two, err := w.builder.Build(w.ctx, o)
	w.ok(err)
	if w.carry(); one.Name != "atrium-1.0.0-b2" || two.Name != one.Name || two.Task != one.Task || one.Ref != w.base.Ref || one.Refreshed != w.newest().Lock {
		t.Errorf("%+v\n%+v", one, two)
	}
	// A plain build of the commit is not this one.
	plain, err := w.builder.Build(w.ctx, order("1.0.0"))
	if w.ok(err); plain.Name == one.Name || plain.Refreshed != "" {
		t.Errorf("%+v", plain)
	}
	if w.looked("1.1.0"); w.newest().ID != "atrium/1" {
		t.Error("what is being built is offered again")
	}
	file := fleet.Lockfile{Owner: fleet.LockOfPlatform(one.Name)}
	w.ok(fleet.One(w.ctx, w.store, &file, "lock"))
	if lock, err := file.Unpack(); err != nil || string(lock) != `{"lock of":"1.1.0"}` || file.Sum != one.Refreshed {
		t.Errorf("lock %q (%v)", lock, err)
	}
	file.Data = "H4sIAAAAAAAA/wAAAP//AQAA//8AAAAAAAAAAA=="
	if _, err := file.Unpack(); err == nil {
		t.Error("another content is taken for the lock")
	}
	// A failed build is ordered again under its name, with the same lock.
	w.ok(w.builder.Fail(w.ctx, one.Name, fleet.LocalHost, "The disk is full."))
	again, err := w.builder.Build(w.ctx, o)
	if w.ok(err); again.Name != one.Name || again.State != fleet.PlatformQueued || again.Refreshed != one.Refreshed {
		t.Errorf("%+v", again)
	}
	w.record(again, fleet.LocalHost)
	if _, err := w.builder.Retire(w.ctx, again.Name, alice); err != nil {
		t.Fatal(err)
	}
	if found, err := w.store.Read(w.ctx, &file); err != nil || found[0] {
		t.Errorf("the lock of a retired platform is kept (%v)", err)
	}
}

func TestFailedLooksAreToldOnce(t *testing.T) {
	w := newLookWorld(t)
	fail := func() {
		task, err := w.refreshes.Look(w.ctx, "atrium", bob)
		w.ok(err)
		w.ok(w.refreshes.Failed(w.ctx, "atrium", task.ID, "The repository cannot be reached."))
		w.ok(w.refreshes.Failed(w.ctx, "atrium", task.ID, "again"))
		w.carry()
	}
	alarms := func() (out []fleet.Alarm) {
		row := fleet.Lookout{Distribution: "atrium"}
		w.ok(fleet.One(w.ctx, w.store, &row, "lookout"))
		if row.Alarm != "" {
			a := fleet.Alarm{ID: row.Alarm}
			w.ok(fleet.One(w.ctx, w.store, &a, "alarm"))
			out = append(out, a)
		}
		return out
	}
	fail()
	fail()
	if got := alarms(); len(got) != 0 {
		t.Errorf("told after two failures: %+v", got)
	}
	fail()
	first := alarms()
	if len(first) != 1 || first[0].Text != "The repository cannot be reached." {
		t.Fatalf("%+v", first)
	}
	fail()
	if got := alarms(); len(got) != 1 || got[0].ID != first[0].ID {
		t.Errorf("told again: %+v", got)
	}
	w.looked()
	over := first[0]
	if w.ok(fleet.One(w.ctx, w.store, &over, "alarm")); !over.Over || len(alarms()) != 0 {
		t.Errorf("%+v", over)
	}
}

func TestWhatHasNoLockIsNotLookedAt(t *testing.T) {
	w := newWorld(t)
	w.dist(nil)
	w.build("1.0.0")
	refreshes := &fleet.Refreshes{Store: w.store, Every: time.Hour}
	_, err := refreshes.Look(w.ctx, "atrium", bob)
	w.refused(err, fleet.Refused)
	w.pass(2 * time.Hour)
	if n, err := refreshes.Sweep(w.ctx); n != 0 || err != nil {
		t.Errorf("%d looks (%v)", n, err)
	}
	_, err = w.catalog.Edit(w.ctx, "atrium", alice, func(d *fleet.Distribution) error { d.Source.Type = "composer"; return nil })
	w.ok(err)
	_, err = refreshes.Look(w.ctx, "atrium", bob) // its platforms came from git
	w.refused(err, fleet.Refused)
}

func TestMoves(t *testing.T) {
	pack := func(name, version string) fleet.Package {
		return fleet.Package{Name: name, Type: "module", Version: version}
	}
	for _, tt := range []struct{ from, to, want string }{
		{"7.x-3.24", "7.x-3.25", "x 7.x-3.24 → 7.x-3.25"},
		{"7.x-3.24", "7.x-4.0", "x 7.x-3.24 → 7.x-4.0 (major)"},
		{"1.9.1", "2.0.0", "x 1.9.1 → 2.0.0 (major)"},
		{"2.0.0", "1.9.1", "x 2.0.0 → 1.9.1"},
		{"dev-main#1111111", "dev-main#2222222", "x dev-main moved from 1111111 to 2222222"},
		{"dev-main#1111111", "dev-other#2222222", "x dev-main#1111111 → dev-other#2222222"},
		{"", "1.0", "x 1.0 is new"}, {"1.0", "", "x 1.0 is gone"},
	} {
		var before, after []fleet.Package
		if tt.from != "" {
			before = append(before, pack("x", tt.from))
		}
		if tt.to != "" {
			after = append(after, pack("x", tt.to))
		}
		moves := fleet.Moves(before, after)
		if len(moves) != 1 || fleet.TellMove(moves[0]) != tt.want {
			t.Errorf("%s → %s: %+v, want %q", tt.from, tt.to, moves, tt.want)
		}
	}
	if got := fleet.Moves([]fleet.Package{pack("x", "1.0")}, []fleet.Package{pack("x", "1.0")}); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}
