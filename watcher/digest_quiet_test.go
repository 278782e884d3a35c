package watcher_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/fleet/fleettest"
)

// put writes records as they are.
func put(t *testing.T, m *fleettest.Memory, recs ...fleet.Record) {
	t.Helper()
	err := m.Update(t.Context(), fleet.Catalogue, func(tx fleet.Tx) error {
		for _, r := range recs {
			if _, err := tx.Get(r); err != nil {
				return err
			}
			tx.Put(r)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// lagging fills a fleet: a target that mends a security hole, three versions on,
// an old platform with n sites and one without.
func lagging(t *testing.T, m *fleettest.Memory, n int) {
	t.Helper()
	at := now(t, m)
	tag := func(v string) fleet.Ref { return fleet.Ref{Name: "refs/tags/" + v, Version: v, Hash: v, Commit: v} }
	err := m.Update(t.Context(), fleet.Catalogue, func(tx fleet.Tx) error {
		d := fleet.Distribution{Name: "atrium"}
		a := fleet.Announcement{ID: "atrium/1"}
		c := fleet.Cursor{Distribution: "atrium"}
		recs := []fleet.Record{&d, &a, &c}
		plats := map[string]*fleet.Platform{}
		for _, v := range []string{"0.9", "1.0", "1.3"} {
			plats[v] = &fleet.Platform{Name: fleet.PlatformName("atrium-" + v)}
			recs = append(recs, plats[v])
		}
		for _, r := range recs {
			if _, err := tx.Get(r); err != nil {
				return err
			}
		}
		for v, days := range map[string]int{"0.9": 90, "1.0": 60, "1.3": 3} {
			made := at.Add(-time.Duration(days) * 24 * time.Hour)
			*plats[v] = fleet.Platform{Name: plats[v].Name, Distribution: "atrium", Ref: tag(v), State: fleet.PlatformReady, Created: made, Ready: made}
		}
		plats["1.3"].News = a.ID
		a.Distribution, a.To, a.State, a.Security = "atrium", tag("1.3"), fleet.NewsBuilt, true
		d.Policy.Platforms = 1 // of those without sites, the newest is kept
		d.Target, d.URL, d.Track.Versions = "atrium-1.3", "https://git.example.org/atrium.git", "^1"
		c.Tags, c.Checked = map[string]string{"0.9": "x", "1.0": "x", "1.1": "x", "1.2": "x", "1.3": "x", "2.0": "x"}, at
		for _, r := range recs {
			tx.Put(r)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		put(t, m, &fleet.Site{URI: fleet.URI(fmt.Sprintf("s%04d.example.org", i)), Platform: "atrium-1.0"})
	}
}

// A quiet digest is not posted while there is nothing to say, and is when there
// is; its slot passes either way.
func TestQuietDigest(t *testing.T) {
	m := fleettest.New()
	ds := digests(m)
	if _, err := ds.Set(t.Context(), fleet.Digest{Name: "quiet", Channel: "D1", Spec: "0 * * * *", Quiet: true}); err != nil {
		t.Fatal(err)
	}
	m.Pass(time.Hour)
	if n, err := ds.Fire(t.Context()); n != 0 || err != nil || len(issues(t, m)) > 0 {
		t.Fatalf("posted %d, %v: %v", n, err, issues(t, m))
	}
	lagging(t, m, 1)
	if n, err := ds.Fire(t.Context()); n != 0 || err != nil {
		t.Fatalf("the slot did not pass: %d, %v", n, err)
	}
	m.Pass(time.Hour)
	if n, err := ds.Fire(t.Context()); n != 1 || err != nil || len(issues(t, m)) != 1 {
		t.Fatalf("posted %d, %v: %v", n, err, issues(t, m))
	}
}

// Firings that were missed are made up for once, or passed over, as set; several
// digests of one channel keep apart.
func TestMissedDigests(t *testing.T) {
	m := fleettest.New()
	ds := digests(m)
	for _, d := range []fleet.Digest{{Name: "once"}, {Name: "skipped", Skip: true}} {
		d.Channel, d.Spec = "C1", "0 * * * *"
		if _, err := ds.Set(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	first, err := ds.All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m.Pass(first[0].Next.Sub(now(t, m)) + 5*time.Hour + 30*time.Minute)
	for range 3 {
		if _, err := ds.Fire(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := issues(t, m); len(got) != 1 || !strings.HasPrefix(got[0], "digest:once/") {
		t.Errorf("after downtime: %v", got)
	}
	m.Pass(31 * time.Minute)
	if n, err := ds.Fire(t.Context()); n != 2 || err != nil {
		t.Errorf("in time again: %d, %v", n, err)
	}
}

// A thousand sites are one readable message that says how far behind they are,
// what can go and when the repository was read.
func TestDigestOfAThousandSites(t *testing.T) {
	m := fleettest.New()
	lagging(t, m, 1000)
	msg, err := (&fleet.Narrator{Store: m}).Digest(t.Context(), now(t, m), 0)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, l := range append(msg.Lines, msg.More...) {
		for _, s := range l.Spans {
			text.WriteString(s.Text)
		}
		text.WriteString("\n")
	}
	for _, want := range []string{"and 990 more", "/distro sites --dist atrium --out-of-date", "Up to 3 versions behind", "ready for 3 days",
		"mends a security hole", "1 old platform has no sites and can go: atrium-0.9", "The repository of atrium was last read"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("not said: %s", want)
		}
	}
	if n := len([]rune(text.String())); n > 2000 || len(msg.Lines) > 10 {
		t.Errorf("%d characters in %d lines:\n%s", n, len(msg.Lines), text.String())
	}
	if b := msg.Lines[0].Button; b == nil || b.Action != fleet.ActUpgrade || b.Value != "atrium" || len(msg.Buttons) != 1 || msg.Buttons[0].Action != fleet.ActRetire {
		t.Errorf("buttons %+v, %+v", b, msg.Buttons)
	}
}
