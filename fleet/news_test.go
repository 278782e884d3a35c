package fleet_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/fleet"
)

func TestHeardAnnouncesWhatIsBetter(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Tags: `\d+\.\d+\.\d+`})
	if r.hear(tagHead("1.0.0@a")) {
		t.Error("the first reading is news")
	}
	if r.hear(tagHead("1.0.0@a")) {
		t.Error("the same again is news")
	}
	r.wantSaid()
	h := tagHead("1.2.0@c 1.1.0@b 1.0.0@a 0.9.0@z")
	h.Commits, h.Total = commits("c2", "c1"), 2
	if !r.hear(h) || r.hear(h) {
		t.Error("a better tag is not news, or is news twice")
	}
	r.wantSaid("news:Atrium/1")
	a := r.announcement("Atrium/1")
	if a.From.Version != "1.0.0" || a.To.Version != "1.2.0" || a.Moves != 1 || a.Total != 2 || a.State != fleet.NewsOpen || a.Channel != "C1" {
		t.Errorf("%+v", a)
	}
	if d := cmp.Diff([]string{"1.1.0"}, a.Others); d != "" {
		t.Error(d)
	}
	if want := "https://github.com/example/atrium/compare/1.0.0...1.2.0"; a.Web != want {
		t.Errorf("web %s", a.Web)
	}
}

func TestHeardAmendsTheOpenAnnouncement(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Branch: "main"})
	r.hear(branchHead("a"))
	h := branchHead("b")
	h.Commits, h.Total, h.Since = commits("b2", "b1"), 2, "a"
	r.hear(h)
	r.wantSaid("news:Atrium/1")

	h = branchHead("c") // counted from what was known
	h.Commits, h.Total, h.Since = commits("c1"), 1, "b"
	r.hear(h)
	r.wantSaid("news:Atrium/1")
	a := r.announcement("Atrium/1")
	if a.From.Commit != "a" || a.To.Commit != "c" || a.Moves != 2 || a.Total != 3 || len(a.Commits) != 3 || a.Commits[0].Hash != "c1" {
		t.Errorf("%+v", a)
	}

	h = branchHead("d") // counted from where the announcement begins
	h.Commits, h.Total, h.Since = commits("d1", "c1", "b2", "b1"), 4, "a"
	r.hear(h)
	if a = r.announcement("Atrium/1"); a.Total != 4 || len(a.Commits) != 4 {
		t.Errorf("%+v", a)
	}

	h = branchHead("e") // counted from something else: nobody knows how many
	h.Commits, h.Total, h.Since = commits("e1"), 1, "x"
	r.hear(h)
	if a = r.announcement("Atrium/1"); a.Total != -1 || a.Moves != 4 {
		t.Errorf("%+v", a)
	}
}

// TestHundredTagsInAnHourAreOneMessage: while nobody acts, every tag amends the
// one announcement, which then offers the newest; what a subject makes in a
// channel is one root message (TestBurstIsFewEdits).
func TestHundredTagsInAnHourAreOneMessage(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Tags: `1\.\d+\.\d+`})
	list := "1.0.0@c0"
	r.hear(tagHead(list))
	subjects := map[string]int{}
	for i := range 100 {
		r.store.Pass(36 * time.Second)
		list = fmt.Sprintf("1.%d.0@c%d ", i+1, i+1) + list
		if !r.hear(tagHead(list)) {
			t.Fatalf("tag %d was not heard", i+1)
		}
		for _, said := range r.said() {
			subjects[said]++
		}
	}
	if len(subjects) != 1 || subjects["news:Atrium/1"] != 100 {
		t.Errorf("told of %v", subjects)
	}
	a := r.announcement("Atrium/1")
	if a.From.Version != "1.0.0" || a.To.Version != "1.100.0" || a.Moves != 100 || !a.Open() {
		t.Errorf("%+v", a)
	}
	if found, err := r.store.Read(t.Context(), &fleet.Announcement{ID: "Atrium/2"}); err != nil || found[0] {
		t.Errorf("there is a second announcement, %v", err)
	}
}

func TestHeardBoundsCommits(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Branch: "main"})
	r.hear(branchHead("0"))
	for i := range 5 {
		h := branchHead(fmt.Sprint(i + 1))
		h.Commits, h.Total = commits("a", "b", "c", "d", "e", "f", "g", "h"), 8
		r.hear(h)
	}
	if a := r.announcement("Atrium/1"); len(a.Commits) != 20 || a.Total != 40 {
		t.Errorf("%d commits of %d", len(a.Commits), a.Total)
	}
}

// After somebody acted, the next move is an announcement of its own.
func TestHeardStartsAnewAfterAnAction(t *testing.T) {
	for _, c := range []struct {
		state fleet.NewsState
		want  []string
	}{
		{fleet.NewsBuilding, []string{"news:Atrium/2"}},
		{fleet.NewsBuilt, []string{"news:Atrium/2"}},
		{fleet.NewsFailed, []string{"news:Atrium/1 edit", "news:Atrium/2"}},
	} {
		t.Run(string(c.state), func(t *testing.T) {
			r := newNewsroom(t, fleet.Track{Branch: "main"})
			r.hear(branchHead("a"))
			r.hear(branchHead("b"))
			r.said()
			r.must(r.store.Update(t.Context(), fleet.Catalogue, func(tx fleet.Tx) error {
				a := fleet.Announcement{ID: "Atrium/1"}
				_, err := tx.Get(&a)
				a.State = c.state
				tx.Put(&a)
				return err
			}))
			r.hear(branchHead("c"))
			r.wantSaid(c.want...)
			if a := r.announcement("Atrium/2"); a.From.Commit != "b" || a.To.Commit != "c" || a.Moves != 1 {
				t.Errorf("%+v", a)
			}
		})
	}
}
