package fleet_test

import (
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

var hal = fleet.Actor{ID: "U7", Name: "hal"}

func (r *newsroom) now() (now time.Time) {
	r.Helper()
	r.must(r.store.Update(r.Context(), fleet.Catalogue, func(tx fleet.Tx) error {
		now = tx.Now()
		return nil
	}))
	return now
}

func (r *newsroom) wakes(want ...string) {
	r.Helper()
	_, err := r.news.Wake(r.Context())
	r.must(err)
	r.wantSaid(want...)
}

// An ignored version closes what waits with it, is never offered, and hides
// nothing else: not an older one that comes later, not a newer one.
func TestIgnoredVersion(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Versions: "^1"})
	r.hear(tagHead("1.0@a"))
	r.hear(tagHead("1.2@c 1.0@a"))
	r.wantSaid("news:Atrium/1")
	r.must(r.news.Ignore(t.Context(), "atrium", "1.2", hal))
	r.wantSaid("news:Atrium/1 edit")
	if a := r.announcement("Atrium/1"); a.State != fleet.NewsIgnored || a.By != hal {
		t.Errorf("%+v", a)
	}
	if r.hear(tagHead("1.2@c 1.0@a")) {
		t.Error("a poll that was under way announced the ignored version")
	}
	if !r.hear(tagHead("1.1@b 1.0@a")) {
		t.Error("a version below the ignored one is not news")
	}
	r.wantSaid("news:Atrium/2")
	if err := r.news.Ignore(t.Context(), "atrium", "1.2", hal); fleet.CodeOf(err) != fleet.Exists {
		t.Errorf("ignored twice: %v", err)
	}
	if err := r.news.Unignore(t.Context(), "atrium", "9.9", hal); fleet.CodeOf(err) != fleet.NotFound {
		t.Errorf("not ignored: %v", err)
	}
	r.must(r.news.Unignore(t.Context(), "atrium", "1.2", hal))
	if !r.hear(tagHead("1.2@c 1.1@b")) {
		t.Error("offered again, it is no news")
	}
	for _, bad := range []string{"", "two words", "a\x00b", strings.Repeat("x", 300)} {
		if err := r.news.Ignore(t.Context(), "atrium", bad, hal); fleet.CodeOf(err) != fleet.Invalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// A muted distribution is watched and not heard; what it has then is one notice.
func TestMute(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Branch: "main"})
	r.hear(branchHead("a"))
	_, err := r.news.Mute(t.Context(), "atrium", 0, hal)
	r.must(err)
	r.hear(branchHead("b"))
	r.hear(branchHead("c"))
	r.store.Pass(1000 * time.Hour)
	r.wakes()
	r.must(r.news.Unmute(t.Context(), "atrium", hal))
	r.wantSaid("news:Atrium/1")
	if a := r.announcement("Atrium/1"); a.Moves != 2 || a.To.Commit != "c" {
		t.Errorf("%+v", a)
	}
	if err := r.news.Unmute(t.Context(), "atrium", hal); fleet.CodeOf(err) != fleet.Refused {
		t.Errorf("not muted: %v", err)
	}
	_, err = r.news.Mute(t.Context(), "atrium", 2*time.Hour, hal)
	r.must(err)
	r.hear(branchHead("d"))
	r.wantSaid("news:Atrium/1 edit") // seen already: an edit disturbs nobody
	r.store.Pass(3 * time.Hour)
	r.wakes()
	r.hear(branchHead("e"))
	r.wantSaid("news:Atrium/1")
}

func TestQuietHoursHoldAllButSecurity(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Versions: "1.x"})
	now := r.now()
	from, to := now.Add(-time.Hour), now.Add(2*time.Hour)
	r.change(func(d *fleet.Distribution) {
		d.Hush.Hours = from.UTC().Format("15:04") + "-" + to.UTC().Format("15:04")
	})
	r.hear(tagHead("1.0@a"))
	r.hear(tagHead("1.1@b"))
	r.wantSaid()
	r.wakes()
	head := tagHead("1.2@c")
	head.Note = "Fixes SA-CORE-2026-004.\n\n\u202eevil\x00 <!channel>"
	r.hear(head)
	r.wantSaid("news:Atrium/1")
	a := r.announcement("Atrium/1")
	if !a.Security || a.Note != "Fixes SA-CORE-2026-004.\nevil <!channel>" {
		t.Errorf("%+v", a)
	}
	r.must(r.news.Ignore(t.Context(), "atrium", "1.2", hal))
	r.said()
	r.hear(tagHead("1.3@d"))
	r.wantSaid()
	r.store.Pass(2*time.Hour + time.Minute)
	r.wakes("news:Atrium/2")
	r.wakes()
}

func TestQuietHours(t *testing.T) {
	for _, c := range []struct{ hours, now, end string }{
		{"22:00-07:00", "2026-11-22T23:30:00Z", "2026-11-23T07:00:00Z"},
		{"22:00-07:00", "2026-11-22T06:59:59Z", "2026-11-22T07:00:00Z"},
		{"22:00-07:00", "2026-11-22T07:00:00Z", ""},
		{"12:00-13:00", "2026-11-22T12:30:00Z", "2026-11-22T13:00:00Z"},
		{"12:00-13:00", "2026-11-22T13:00:00Z", ""},
		{"22:00-07:00 Europe/Berlin", "2026-11-22T21:30:00Z", "2026-11-23T06:00:00Z"},
		{"22:00-07:00 Europe/Berlin", "2026-03-28T22:00:00Z", "2026-03-29T05:00:00Z"}, // clocks go forward that night
		{"22:00-07:00 Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T06:00:00Z"}, // and back
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		end := ""
		if at := (fleet.Hush{Hours: c.hours}).Until(now, false); !at.IsZero() {
			end = at.UTC().Format(time.RFC3339)
		}
		if end != c.end {
			t.Errorf("%s at %s: until %q, want %q", c.hours, c.now, end, c.end)
		}
	}
	for _, bad := range []string{"22-7", "25:00-07:00", "22:00-22:00", "22:00-07:00 Mars/Base", "22:00-07:00 Local", "always"} {
		d := fleet.Distribution{Name: "x", Kind: "generic", Hush: fleet.Hush{Hours: bad}}
		if err := fleet.CheckDistribution(d); fleet.CodeOf(err) != fleet.Invalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestSaysSecurity(t *testing.T) {
	for text, want := range map[string]bool{
		"SA-CORE-2024-001": true, "see CVE-2024-52006": true, "GHSA-hc8v-wwc9-vgxm": true, "This is a security release.": true,
		"Security update for views": true, "fixes two security issues": true, "SECURITY: escape titles": true,
		"Move the security settings page": false, "Bump securitychecker": false, "SA-CORE": false, "social-security form": false, "": false,
	} {
		if got := fleet.SaysSecurity(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// A version counts as ready when its wait is over; each newer head waits anew.
func TestWait(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Tags: `\d\.\d`})
	r.change(func(d *fleet.Distribution) { d.Policy.Wait = 72 })
	r.hear(tagHead("1.0@a"))
	r.hear(tagHead("1.1@b"))
	first := r.announcement("Atrium/1").Ripe
	if want := r.now().Add(72 * time.Hour); !first.Equal(want) {
		t.Errorf("ripe at %v, want %v", first, want)
	}
	m, err := (&fleet.Narrator{Store: r.store}).Message(t.Context(), "news:Atrium/1")
	r.must(err)
	if text := plainText(m); !strings.Contains(text, "It counts as ready from") || m.Buttons[0].Action != fleet.ActBuild {
		t.Errorf("%s %+v", text, m.Buttons)
	}
	r.store.Pass(time.Hour)
	r.hear(tagHead("1.2@c"))
	if got := r.announcement("Atrium/1").Ripe; got.Sub(first) < time.Hour {
		t.Errorf("the newer one is ripe at %v", got)
	}
}

func plainText(m fleet.Message) string {
	var out strings.Builder
	for _, l := range m.Lines {
		for _, s := range l.Spans {
			out.WriteString(s.Text)
		}
		out.WriteString("\n")
	}
	return out.String()
}

// A repository that cannot be read is no reason to wake anybody: its alarm waits
// for the end of quiet hours, and is never posted if it is over by then.
func TestAlarmsKeepQuiet(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Branch: "main"})
	r.hear(branchHead("a"))
	fail := func() {
		t.Helper()
		for range 3 {
			r.must(r.news.Failing(t.Context(), "Atrium", "Away."))
		}
	}
	_, err := r.news.Mute(t.Context(), "atrium", 8*time.Hour, hal)
	r.must(err)
	fail()
	said := r.said()
	if len(said) != 1 || !strings.HasSuffix(said[0], " edit") {
		t.Fatalf("while it is quiet: %v", said)
	}
	alarm := strings.TrimSuffix(said[0], " edit")
	r.store.Pass(7 * time.Hour)
	r.wakes()
	r.store.Pass(2 * time.Hour)
	r.wakes(alarm)
	r.wakes()
	r.hear(branchHead("a"))
	r.wantSaid(said[0]) // over, which is shown where it was posted

	_, err = r.news.Mute(t.Context(), "atrium", 8*time.Hour, hal)
	r.must(err)
	fail()
	r.hear(branchHead("a"))
	r.said()
	r.store.Pass(9 * time.Hour)
	r.wakes()

	_, err = r.news.Mute(t.Context(), "atrium", 8*time.Hour, hal)
	r.must(err)
	fail()
	said = r.said()
	r.must(r.news.Unmute(t.Context(), "atrium", hal))
	r.wantSaid(strings.TrimSuffix(said[0], " edit"))
}
