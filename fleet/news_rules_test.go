package fleet_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// The distribution was read under other rules meanwhile: nothing may be taken
// from it, and what was known of another repository says nothing about this.
func TestRulesOfTheReading(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Tags: `1\..*`})
	r.hear(tagHead("1.0.0@a"))
	r.change(func(d *fleet.Distribution) { d.Rules = 2; d.Policy.Self = true })
	if r.hear(tagHead("1.1.0@b")) {
		t.Error("a reading under older rules counts")
	}
	h := tagHead("1.1.0@b 1.0.0@a")
	h.Rules = 2
	if !r.hear(h) {
		t.Error("a change of policy made the cursor forget")
	}
	r.change(func(d *fleet.Distribution) { d.Rules = 3; d.Track.Tags = `2\..*` })
	r.said()
	h = tagHead("2.0.0@c")
	h.Rules = 3
	if r.hear(h) {
		t.Error("the first reading of another expression is news")
	}
	r.wantSaid("news:Atrium/1 edit")
	if a := r.announcement("Atrium/1"); a.State != fleet.NewsSuperseded {
		t.Errorf("the announcement of what is not tracked any more is %s", a.State)
	}
	gone := h
	gone.Distribution = "nobody"
	if r.hear(gone) {
		t.Error("news of an unknown distribution")
	}
}

func TestStartMakesTheRestNews(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Tags: `.*`})
	r.must(r.news.Start(t.Context(), "atrium", tagRef("1.0.0", "a")))
	if !r.hear(tagHead("1.1.0@b 1.0.0@a")) {
		t.Error("what is newer than the first build is no news")
	}
	if a := r.announcement("Atrium/1"); a.From.Version != "1.0.0" {
		t.Errorf("%+v", a)
	}
}

// Without Start the platforms that were built say what is known.
func TestFirstReadingKnowsWhatWasBuilt(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Tags: `.*`})
	for i, version := range []string{"1.0.0", "0.9.0"} {
		r.must(r.store.Update(t.Context(), fleet.Catalogue, func(tx fleet.Tx) error {
			p := fleet.Platform{Name: fleet.PlatformName("atrium-" + version)}
			_, err := tx.Get(&p)
			p.Distribution, p.URL, p.Ref, p.State = "Atrium", "https://github.com/example/atrium.git", tagRef(version, "a"), fleet.PlatformReady
			p.Created = tx.Now().Add(time.Duration(i) * time.Minute)
			tx.Put(&p)
			return err
		}))
	}
	if !r.hear(tagHead("1.1.0@b 1.0.0@a")) {
		t.Error("no news")
	}
	if a := r.announcement("Atrium/1"); a.From.Version != "1.0.0" {
		t.Errorf("from %+v", a.From)
	}
}

// One head move is one event, whoever hears it first.
func TestHeardOnceOverReplicas(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Branch: "main"})
	r.hear(branchHead("a"))
	var group sync.WaitGroup
	var mu sync.Mutex
	moves := 0
	for range 8 {
		group.Go(func() {
			if moved, err := r.news.Heard(t.Context(), branchHead("b")); err != nil {
				t.Error(err)
			} else if moved {
				mu.Lock()
				moves++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if moves != 1 {
		t.Errorf("%d moves", moves)
	}
	r.wantSaid("news:Atrium/1")
}

func TestHeardChangesNothingWhenTheStoreIsAway(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Branch: "main"})
	r.hear(branchHead("a"))
	r.store.Down(errors.New("away"))
	if moved, err := r.news.Heard(t.Context(), branchHead("b")); moved || err == nil {
		t.Errorf("moved %v, %v", moved, err)
	}
	r.store.Down(nil)
	if !r.hear(branchHead("b")) {
		t.Error("the move was lost")
	}
}

// Whoever presses Build too late gets what the announcement has become, or is
// told what to press instead; nothing is built twice.
func TestBuildFromAnAnnouncementThatWasActedOn(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Tags: `.*`})
	r.must(r.news.Start(t.Context(), "atrium", tagRef("1.0.0", "a")))
	r.hear(tagHead("1.1.0@b 1.0.0@a"))
	b := fleet.Builder{Store: r.store}
	order := fleet.BuildOrder{Distribution: "Atrium", Ref: r.announcement("Atrium/1").To, News: "Atrium/1", By: fleet.Actor{ID: "U1"}}
	late := order
	late.Ref = tagRef("1.0.9", "z")
	if _, err := b.Build(t.Context(), late); fleet.CodeOf(err) != fleet.Refused {
		t.Errorf("amended meanwhile: %v", err)
	}
	first, err := b.Build(t.Context(), order)
	r.must(err)
	_, err = b.Record(t.Context(), fleet.BuildResult{Platform: first.Name, Host: fleet.LocalHost, Path: "/srv/x", TreeDigest: "t"})
	r.must(err)
	if again, err := b.Build(t.Context(), order); err != nil || again.Name != first.Name || again.State != fleet.PlatformReady {
		t.Errorf("a second build of what is built: %s %s, %v", again.Name, again.State, err)
	}
	a := r.announcement("Atrium/1")
	a.State = fleet.NewsSuperseded
	r.must(r.store.Update(t.Context(), fleet.Catalogue, func(tx fleet.Tx) error {
		if _, err := tx.Get(&fleet.Announcement{ID: a.ID}); err != nil {
			return err
		}
		tx.Put(&a)
		return nil
	}))
	if _, err := b.Build(t.Context(), order); fleet.CodeOf(err) != fleet.Refused {
		t.Errorf("superseded: %v", err)
	}
}

// A build that was ordered by command is what the announcement waits for.
func TestBuildByCommandTakesItsAnnouncementAlong(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Tags: `.*`})
	r.must(r.news.Start(t.Context(), "atrium", tagRef("1.0.0", "a")))
	r.hear(tagHead("1.1.0@b 1.0.0@a"))
	b := fleet.Builder{Store: r.store}
	old, err := b.Build(t.Context(), fleet.BuildOrder{Distribution: "Atrium", Ref: tagRef("1.0.0", "a"), By: fleet.Actor{ID: "U1"}, Quiet: true})
	r.must(err)
	if a := r.announcement("Atrium/1"); a.State != fleet.NewsOpen || old.News != "" {
		t.Errorf("a build of another version: %s, %+v", a.State, old)
	}
	p, err := b.Build(t.Context(), fleet.BuildOrder{Distribution: "Atrium", Ref: r.announcement("Atrium/1").To, By: fleet.Actor{ID: "U1"}, Channel: "C1"})
	r.must(err)
	if a := r.announcement("Atrium/1"); a.State != fleet.NewsBuilding || a.Platform != p.Name || p.News != a.ID {
		t.Errorf("%+v, built as %+v", a, p)
	}
}
