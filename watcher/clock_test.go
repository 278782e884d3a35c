package watcher_test

import (
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/watcher"
)

func TestClockNext(t *testing.T) {
	cases := []struct{ name, spec, zone, after, want string }{
		{"plain", "0 9 * * 1-5", "UTC", "2026-11-20T09:00:00Z", "2026-11-23T09:00:00Z"},
		{"in a zone", "0 9 * * *", "Europe/Berlin", "2026-11-22T08:00:00Z", "2026-11-23T08:00:00Z"},
		{"in the same minute", "0 9 * * *", "UTC", "2026-11-22T08:59:59Z", "2026-11-22T09:00:00Z"},
		{"half-hour zone", "30 9 * * *", "Asia/Kolkata", "2026-11-22T00:00:00Z", "2026-11-22T04:00:00Z"},
		{"day skipped by the zone", "0 12 30 12 *", "Pacific/Apia", "2011-12-01T00:00:00Z", "2011-12-30T10:00:00Z"},
		{"leap day", "0 0 29 2 *", "UTC", "2026-03-01T00:00:00Z", "2028-02-29T00:00:00Z"},

		{"Berlin before the gap", "30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
		{"Berlin after the gap", "30 2 * * *", "Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"},
		{"New York before the gap", "30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z", "2026-03-08T07:00:00Z"},
		{"New York after the gap", "30 2 * * *", "America/New_York", "2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"},
		{"every ten minutes over the gap", "*/10 * * * *", "Europe/Berlin", "2026-03-29T00:50:00Z", "2026-03-29T01:00:00Z"},
		{"and on", "*/10 * * * *", "Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29T01:10:00Z"},

		{"Berlin first of two", "30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"},
		{"Berlin not the second", "30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
		{"New York first of two", "30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", "2026-11-01T05:30:00Z"},
		{"New York not the second", "30 1 * * *", "America/New_York", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"},
		{"within the second", "30 1 * * *", "America/New_York", "2026-11-01T06:10:00Z", "2026-11-02T06:30:00Z"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := watcher.Clock{}.Next(c.spec, c.zone, at(t, c.after))
			if err != nil {
				t.Fatal(err)
			}
			if want := at(t, c.want); !got.Equal(want) {
				t.Errorf("got %v, want %v", got.UTC(), want)
			}
		})
	}
}

// Whatever the schedule and zone, firings rise and none shows a wall time twice.
func TestClockRisesOverAYear(t *testing.T) {
	for _, zone := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"} {
		for _, spec := range []string{"30 2 * * *", "30 1 * * *", "*/20 1-3 * * *", "0 * * * *"} {
			when := at(t, "2026-01-01T00:00:00Z")
			days := map[string]bool{}
			seen := map[string]bool{}
			for when.Year() < 2027 {
				next, err := watcher.Clock{}.Next(spec, zone, when)
				if err != nil || !next.After(when) {
					t.Fatalf("%s %s: after %v comes %v, %v", spec, zone, when, next, err)
				}
				when = next
				wall := when.Format("2006-01-02T15:04")
				if seen[wall] {
					t.Fatalf("%s %s: %s twice", spec, zone, wall)
				}
				seen[wall] = true
				days[wall[:10]] = true
			}
			if len(days) < 365 {
				t.Errorf("%s %s: fired on %d days only", spec, zone, len(days))
			}
		}
	}
}

func TestClockRefuses(t *testing.T) {
	for _, c := range [][2]string{
		{"", "UTC"}, {"0 9 * *", "UTC"}, {"0 9 * * * *", "UTC"}, {"TZ=0 0 9 * * *", "UTC"}, {"TZ=0 9 * * *", "UTC"},
		{"CRON_TZ=UTC 9 * * *", "UTC"}, {"@daily", "UTC"}, {"@every 1s", "UTC"}, {"60 9 * * *", "UTC"}, {"0 9 * * 8", "UTC"},
		{"0 9 30 2 *", "UTC"}, {"*/0 * * * *", "UTC"}, {"9-3 * * * *", "UTC"}, {"0 9 * * \x00", "UTC"}, {strings.Repeat("1,", 100) + "1 * * * *", "UTC"},
		{"0 9 * * *", ""}, {"0 9 * * *", "Local"}, {"0 9 * * *", "Mars/Olympus"}, {"0 9 * * *", "../../etc/passwd"},
	} {
		got, err := watcher.Clock{}.Next(c[0], c[1], time.Now())
		if fleet.CodeOf(err) != fleet.Invalid {
			t.Errorf("%q in %q: %v, %v", c[0], c[1], got, err)
		}
	}
}

func FuzzClock(f *testing.F) {
	f.Add("TZ=0 9 * * *", "UTC", int64(0))
	f.Add("30 2 * * *", "Europe/Berlin", int64(1_774_700_000))
	f.Add("0 9 29 2 MON#1", "America/New_York", int64(1_793_500_000))
	f.Fuzz(func(t *testing.T, spec, zone string, unix int64) {
		after := time.Unix(unix%4_000_000_000, 0)
		next, err := watcher.Clock{}.Next(spec, zone, after)
		if err == nil && !next.After(after) {
			t.Errorf("%q in %q: %v after %v", spec, zone, next, after)
		}
		if err != nil && fleet.CodeOf(err) != fleet.Invalid {
			t.Errorf("%q in %q: %v", spec, zone, err)
		}
	})
}

func at(t *testing.T, s string) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return when
}
