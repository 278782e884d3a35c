package watcher_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/fleet/fleettest"
	"github.com/distrobot/distrobot/watcher"
)

// issues gives the digests promised so far.
func issues(t *testing.T, m *fleettest.Memory) []string {
	t.Helper()
	effects, err := m.Pending(t.Context(), fleet.Schedules, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range effects {
		if e.Effect.Notice != nil {
			out = append(out, string(e.Effect.Notice.Subject))
		}
	}
	return out
}

func now(t *testing.T, s fleet.Store) (now time.Time) {
	t.Helper()
	err := s.Update(t.Context(), fleet.Catalogue, func(tx fleet.Tx) error {
		now = tx.Now()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return now
}

func digests(m *fleettest.Memory) *fleet.Digests {
	return &fleet.Digests{Store: m, Clock: watcher.Clock{}}
}

func setDigest(t *testing.T, ds *fleet.Digests, spec, zone string) fleet.Digest {
	t.Helper()
	d, err := ds.Set(t.Context(), fleet.Digest{Name: "morning", Channel: "C1", Spec: spec, Zone: zone})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Minute by minute over a change of clocks, looked at by three replicas.
func TestDigestFiresOncePerWallTime(t *testing.T) {
	cases := []struct {
		name, spec, zone, from string
		want                   []string
	}{
		{"Berlin forward", "30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z",
			[]string{"2026-03-28T02:30", "2026-03-29T03:00", "2026-03-30T02:30"}},
		{"Berlin back", "30 2 * * *", "Europe/Berlin", "2026-10-24T00:00:00Z",
			[]string{"2026-10-24T02:30", "2026-10-25T02:30", "2026-10-26T02:30"}},
		{"New York forward", "30 2 * * *", "America/New_York", "2026-03-07T06:00:00Z",
			[]string{"2026-03-07T02:30", "2026-03-08T03:00", "2026-03-09T02:30"}},
		{"New York back", "30 1 * * *", "America/New_York", "2026-10-31T04:00:00Z",
			[]string{"2026-10-31T01:30", "2026-11-01T01:30", "2026-11-02T01:30"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := fleettest.New()
			m.Pass(at(t, c.from).Sub(now(t, m)))
			setDigest(t, digests(m), c.spec, c.zone)
			for range 3 * 24 * 12 {
				m.Pass(5 * time.Minute)
				fireAll(t, m, 3)
			}
			want := make([]string, len(c.want))
			for i, w := range c.want {
				want[i] = "digest:morning/" + w
			}
			if d := cmp.Diff(want, issues(t, m)); d != "" {
				t.Error(d)
			}
		})
	}
}

func fireAll(t *testing.T, m *fleettest.Memory, replicas int) {
	var group sync.WaitGroup
	for range replicas {
		group.Go(func() {
			if _, err := digests(m).Fire(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

func TestDigestAfterDowntime(t *testing.T) {
	cases := []struct {
		name, spec string
		down       time.Duration
		want       []string
	}{
		{"a little late", "0 13 * * *", 3 * time.Hour, []string{"digest:morning/2026-11-22T13:00"}},
		{"half a day late", "0 13 * * *", 14 * time.Hour, nil},
		{"days, then due again", "0 13 * * *", 49 * time.Hour, []string{"digest:morning/2026-11-24T13:00"}},
		{"many missed make one", "*/5 * * * *", 2*time.Hour + time.Minute, []string{"digest:morning/2026-11-22T14:00"}},
		{"many missed over days", "*/5 * * * *", 50*time.Hour + time.Minute, []string{"digest:morning/2026-11-24T14:00"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := fleettest.New() // noon of 22 November
			setDigest(t, digests(m), c.spec, "UTC")
			m.Pass(c.down)
			fireAll(t, m, 2)
			fireAll(t, m, 2)
			if d := cmp.Diff(c.want, issues(t, m)); d != "" {
				t.Error(d)
			}
			all, err := digests(m).All(t.Context())
			if err != nil || len(all) != 1 || !all[0].Next.After(now(t, m)) {
				t.Errorf("%+v, %v", all, err)
			}
		})
	}
}

func TestDigestSetAndRemove(t *testing.T) {
	m := fleettest.New()
	ds := digests(m)
	for _, bad := range []fleet.Digest{
		{Name: "a b", Channel: "C1", Spec: "0 9 * * *"}, {Name: "", Channel: "C1", Spec: "0 9 * * *"},
		{Name: "a", Spec: "0 9 * * *"}, {Name: "a", Channel: "C1", Spec: "x"}, {Name: "a", Channel: "C1", Spec: "0 9 * * *", Zone: "Mars"},
	} {
		if _, err := ds.Set(t.Context(), bad); fleet.CodeOf(err) != fleet.Invalid {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	first := setDigest(t, ds, " 0  9 * * 1-5 ", "")
	if first.Spec != "0 9 * * 1-5" || first.Zone != "UTC" || !first.Next.Equal(at(t, "2026-11-23T09:00:00Z")) {
		t.Errorf("%+v", first)
	}
	m.Pass(22 * time.Hour) // an hour late; setting the same again must not skip it
	if again := setDigest(t, ds, "0 9 * * 1-5", "UTC"); !again.Next.Equal(first.Next) {
		t.Errorf("%+v", again)
	}
	if n, err := ds.Fire(t.Context()); n != 1 || err != nil {
		t.Errorf("fired %d, %v", n, err)
	}
	if _, err := ds.Set(t.Context(), fleet.Digest{Name: "evening", Channel: "C2", Spec: "0 18 * * *"}); err != nil {
		t.Fatal(err)
	}
	all, err := ds.All(t.Context())
	if err != nil || len(all) != 2 || all[0].Name != "evening" || all[1].Name != "morning" {
		t.Errorf("%+v, %v", all, err)
	}
	if err := ds.Remove(t.Context(), "evening", fleet.Actor{ID: "U1"}); err != nil {
		t.Fatal(err)
	}
	if err := ds.Remove(t.Context(), "evening", fleet.Actor{ID: "U1"}); fleet.CodeOf(err) != fleet.NotFound {
		t.Error(err)
	}
}
