package fleet_test

import (
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

func TestFailingTellsOnceAndWhenOver(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Branch: "main"})
	r.hear(branchHead("a"))
	fail := func(reason string) {
		t.Helper()
		r.must(r.news.Failing(t.Context(), "Atrium", reason))
	}
	fail("Away.")
	fail("Away.")
	r.wantSaid()
	fail("Away.")
	said := r.said()
	if len(said) != 1 || !strings.HasPrefix(said[0], "alarm:Atrium/unreadable/") {
		t.Fatalf("said %v", said)
	}
	fail("Away.")
	r.wantSaid()
	fail("Not there.")
	r.wantSaid(said[0] + " edit")
	if c := r.cursor(); c.Failing != "Not there." || c.Fails != 5 || c.Head.Commit != "a" {
		t.Errorf("%+v", c)
	}
	if !r.hear(branchHead("b")) {
		t.Error("what moved meanwhile is no news")
	}
	r.wantSaid(said[0]+" edit", "news:Atrium/1")
	alarm := fleet.Alarm{ID: strings.TrimPrefix(said[0], "alarm:")}
	r.must(fleet.One(t.Context(), r.store, &alarm, "alarm"))
	if !alarm.Over || alarm.Ended.IsZero() {
		t.Errorf("%+v", alarm)
	}
	fail("Away again.")
	r.hear(branchHead("b"))
	if c := r.cursor(); c.Fails != 0 || c.Failing != "" {
		t.Errorf("%+v", c)
	}
	r.wantSaid()
}

func TestSnoozeAndWake(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Branch: "main"})
	r.hear(branchHead("a"))
	r.hear(branchHead("b"))
	r.said()
	ctx, who := t.Context(), fleet.Actor{ID: "U1"}
	until := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, bad := range []time.Time{{}, until.Add(-48 * time.Hour), until.Add(1000 * 24 * time.Hour)} {
		if _, err := r.news.Snooze(ctx, "Atrium/1", bad, who); fleet.CodeOf(err) != fleet.Invalid {
			t.Errorf("until %v: %v", bad, err)
		}
	}
	if _, err := r.news.Snooze(ctx, "Atrium/9", until, who); fleet.CodeOf(err) != fleet.NotFound {
		t.Error(err)
	}
	a, err := r.news.Snooze(ctx, "Atrium/1", until, who)
	r.must(err)
	if a.State != fleet.NewsSnoozed || a.By != who {
		t.Errorf("%+v", a)
	}
	r.wantSaid("news:Atrium/1 edit")
	r.hear(branchHead("c"))
	if a := r.announcement("Atrium/1"); a.State != fleet.NewsSnoozed || a.To.Commit != "c" {
		t.Errorf("amended while snoozed: %+v", a)
	}
	r.said()
	if n, err := r.news.Wake(ctx); n != 0 || err != nil {
		t.Errorf("woke %d early, %v", n, err)
	}
	r.store.Pass(24 * time.Hour)
	if n, err := r.news.Wake(ctx); n != 1 || err != nil {
		t.Errorf("woke %d, %v", n, err)
	}
	r.wantSaid("news:Atrium/1")
	if a := r.announcement("Atrium/1"); a.State != fleet.NewsOpen || !a.Until.IsZero() {
		t.Errorf("%+v", a)
	}
	r.change(func(*fleet.Distribution) {})
	if n, _ := r.news.Wake(ctx); n != 0 {
		t.Error("woke twice")
	}
}

func TestCompareLink(t *testing.T) {
	from, to := tagRef("1.0.0", "aaa"), fleet.Ref{Name: "refs/heads/main", Commit: "bbb"}
	for url, want := range map[string]string{
		"https://bitbucket.org/o/r.git":              "https://bitbucket.org/o/r/branches/compare/bbb..1.0.0",
		"https://github.com/o/r.git":                 "https://github.com/o/r/compare/1.0.0...bbb",
		"https://gitlab.example.org/g/sub/r":         "https://gitlab.example.org/g/sub/r/-/compare/1.0.0...bbb",
		"https://git.drupalcode.org/project/d.git/":  "https://git.drupalcode.org/project/d/-/compare/1.0.0...bbb",
		"https://codeberg.org/o/r":                   "https://codeberg.org/o/r/compare/1.0.0...bbb",
		"https://git.example.org/o/r":                "",
		"http://github.com/o/r":                      "",
		"https://user:secret@github.com/o/r":         "",
		"https://github.com.evil.example/o/r":        "",
		"ssh://git@github.com:22/o/r.git":            "https://github.com/o/r/compare/1.0.0...bbb",
		"https://github.com/o/r with spaces\x00.git": "",
	} {
		if got := fleet.CompareLink(url, from, to); got != want {
			t.Errorf("%s: %q, want %q", url, got, want)
		}
	}
	odd := tagRef("1.0/<x>|@", "ccc")
	if got := fleet.CompareLink("https://github.com/o/r", odd, to); got != "https://github.com/o/r/compare/ccc...bbb" {
		t.Error(got)
	}
}
