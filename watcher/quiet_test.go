package watcher_test

import (
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/mirror"
)

// What the tag itself says comes with the announcement, and when it tells of a
// security hole, so does a word about that.
func TestTagMessage(t *testing.T) {
	s := newScene(t)
	s.repo.Tag("1.0.0", s.commit("main", "first"))
	s.track(fleet.Distribution{Name: "atrium", Track: fleet.Track{Versions: "^1"}})
	p := s.poller()
	s.poll(p)
	s.repo.AnnotatedTag("1.0.1", s.commit("main", "second"), "atrium 1.0.1\n\nMends SA-CONTRIB-2026-012.\n<!channel> "+strings.Repeat("x", 9000))
	s.repo.AnnotatedTag("2.0.0", s.commit("main", "third"), "out of range")
	s.poll(p)
	a, _ := s.announcement(1)
	if a.To.Version != "1.0.1" || !strings.HasPrefix(a.Note, "atrium 1.0.1\nMends SA-CONTRIB-2026-012.\n<!channel> xxx") || !a.Security || len(a.Note) > 700 {
		t.Errorf("%+v", a)
	}
	s.repo.Tag("1.0.2", s.commit("main", "fourth"))
	s.poll(p)
	if a, _ = s.announcement(1); a.Note != "" || !a.Security {
		t.Errorf("a lightweight tag says nothing, and brings what was mended before it: %+v", a)
	}
}

// What builds by itself waits until a burst is over, and as long as people want;
// then it builds the newest once.
func TestBuildWaits(t *testing.T) {
	s := newScene(t)
	s.repo.Tag("1.0.0", s.commit("main", "first"))
	d := byTags
	d.Policy.Build = fleet.Automatic
	s.track(d)
	p := s.poller()
	p.News.Settle = 400 * time.Millisecond
	s.poll(p)
	s.repo.Tag("1.1.0", s.commit("main", "second"))
	s.poll(p)
	s.repo.Tag("1.2.0", s.commit("main", "third"))
	s.poll(p)
	if n := len(s.orders.all); n != 0 {
		t.Fatalf("%d builds in the burst", n)
	}
	if a, _ := s.announcement(1); a.Moves != 2 || a.Ripe.IsZero() {
		t.Errorf("%+v", a)
	}
	s.run(p)
	s.await("the build", func() bool { return len(s.orders.of("1.2.0")) > 0 })
	if n := len(s.orders.of("1.1.0")); n != 0 {
		t.Errorf("%d builds of a version that was overtaken", n)
	}
}

// A repository that is not read, for whatever reason, is told of once, after two
// intervals; a start after downtime is no such reason; the next reading ends it.
func TestHeartbeat(t *testing.T) {
	m, f := trackMany(t, 3)
	p := replica(m, f, time.Hour)
	sweep := func() {
		t.Helper()
		m.Pass(2 * time.Hour)
		if _, err := p.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	beat := func(want int) {
		t.Helper()
		if n, err := p.Heartbeat(t.Context()); err != nil || n != want {
			t.Errorf("told of %d, want %d; %v", n, want, err)
		}
	}
	if _, err := p.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	sweep()
	m.Pass(30 * 24 * time.Hour)
	beat(0) // it has only begun
	sweep()
	sweep()
	beat(0)
	m.Pass(2*time.Hour + 6*time.Minute)
	beat(3)
	m.Pass(2 * time.Hour)
	beat(0) // told already
	alarms := func() (open, over int) {
		t.Helper()
		effects, err := m.Pending(t.Context(), fleet.Catalogue, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range effects {
			if n := e.Effect.Notice; n != nil && !n.Edit && n.Subject.Kind() == fleet.AboutAlarm {
				a := fleet.Alarm{ID: n.Subject.ID()}
				if err := fleet.One(t.Context(), m, &a, "alarm"); err != nil {
					t.Fatal(err)
				}
				if !strings.Contains(a.Text, "was not read since") {
					t.Errorf("alarm: %s", a.Text)
				}
				if open++; a.Over {
					over++
				}
			}
		}
		return open, over
	}
	if open, over := alarms(); open != 3 || over != 0 {
		t.Errorf("%d alarms, %d over", open, over)
	}
	sweep()
	if open, over := alarms(); open != 3 || over != 3 {
		t.Errorf("%d alarms, %d over", open, over)
	}
	f.err = &mirror.Error{Problem: mirror.Unreachable, Text: "It is down."}
	sweep()
	m.Pass(2 * time.Hour)
	beat(3)
}
