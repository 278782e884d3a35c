package fleet_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/fleet"
)

func TestHeardWarnsOfRewrittenHistory(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Branch: "main"})
	r.hear(branchHead("a"))
	r.hear(branchHead("b"))
	h := branchHead("x")
	h.Rewritten, h.Commits, h.Total = true, commits("x1"), 1
	r.hear(h)
	r.hear(branchHead("y"))
	if a := r.announcement("Atrium/1"); !a.Rewritten || a.From.Commit != "a" || a.To.Commit != "y" {
		t.Errorf("%+v", a)
	}
}

func TestMovedTagIsAnAlarmAndNoNews(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Tags: `.*`})
	r.hear(tagHead("1.1.0@b 1.0.0@a"))
	if r.hear(tagHead("1.1.0@b 1.0.0@EVIL")) {
		t.Error("a moved tag is news")
	}
	said := r.said()
	if len(said) != 1 || !strings.HasPrefix(said[0], "alarm:Atrium/moved/") {
		t.Fatalf("said %v", said)
	}
	alarm := fleet.Alarm{ID: strings.TrimPrefix(said[0], "alarm:")}
	r.must(fleet.One(t.Context(), r.store, &alarm, "alarm"))
	if !strings.Contains(alarm.Text, "1.0.0 pointed to a and points to EVIL now") || alarm.About != "Atrium" {
		t.Errorf("%+v", alarm)
	}
	r.hear(tagHead("1.1.0@b 1.0.0@EVIL"))
	r.wantSaid()
}

// The head itself moves while its announcement waits for a press: the message
// with the Build button says so.
func TestMovedHeadTagWarnsOnItsAnnouncement(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Tags: `.*`})
	r.hear(tagHead("1.0.0@a"))
	r.hear(tagHead("1.1.0@b 1.0.0@a"))
	r.said()
	if r.hear(tagHead("1.1.0@EVIL 1.0.0@a")) {
		t.Error("a moved tag is news")
	}
	if said := r.said(); len(said) != 2 || said[1] != "news:Atrium/1" {
		t.Errorf("said %v", said)
	}
	if a := r.announcement("Atrium/1"); !a.Rewritten || a.From.Commit != "b" || a.To.Commit != "EVIL" || a.Total != -1 {
		t.Errorf("%+v", a)
	}
	r.hear(tagHead("1.2.0@c 1.1.0@EVIL"))
	if a := r.announcement("Atrium/1"); a.Rewritten || a.To.Version != "1.2.0" {
		t.Errorf("a tag that nobody moved is marked: %+v", a)
	}
}

func TestDeletedTagChangesNothing(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Tags: `.*`})
	r.hear(tagHead("1.1.0@b 1.0.0@a"))
	before := r.cursor()
	if r.hear(tagHead("1.0.0@a")) || r.hear(tagHead("")) {
		t.Error("a deleted tag is news")
	}
	if d := cmp.Diff(before, r.cursor()); d != "" {
		t.Error(d)
	}
	r.wantSaid()
	r.hear(tagHead("1.1.0@other 1.0.0@a"))
	if said := r.said(); len(said) != 1 {
		t.Errorf("a tag that came back elsewhere: said %v", said)
	}
}
