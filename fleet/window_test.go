package fleet

import (
	"math/rand/v2"
	"testing"
	"time"
)

func moment(t *testing.T, zone, text string) time.Time {
	t.Helper()
	z, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", text, z)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestWindowOpensAndClosesByTheClocksOfItsZone(t *testing.T) {
	const zurich, samoa = "Europe/Zurich", "Pacific/Apia"
	tests := map[string]struct {
		window, zone, now string
		open              bool
		until             string // in UTC; "" is the zero time
	}{
		"always":                     {"always", zurich, "2026-11-22 12:00", true, ""},
		"all week":                   {"00:00-24:00", zurich, "2026-11-22 12:00", true, ""},
		"before":                     {"22:00-05:00", zurich, "2026-11-22 21:59", false, "2026-11-22 21:00"},
		"at its beginning":           {"22:00-05:00", zurich, "2026-11-22 22:00", true, "2026-11-23 04:00"},
		"after midnight":             {"22:00-05:00", zurich, "2026-11-23 04:59", true, "2026-11-23 04:00"},
		"at its end":                 {"22:00-05:00", zurich, "2026-11-23 05:00", false, "2026-11-23 21:00"},
		"Friday's goes on Saturday":  {"Mon-Fri 22:00-05:00", zurich, "2026-11-28 03:00", true, "2026-11-28 04:00"},
		"not on Saturday night":      {"Mon-Fri 22:00-05:00", zurich, "2026-11-28 22:30", false, "2026-11-30 21:00"},
		"weekend in one piece":       {"Sat,Sun 00:00-24:00", zurich, "2026-11-28 13:00", true, "2026-11-29 23:00"},
		"around the week":            {"Fri-Mon 01:00-02:00", zurich, "2026-11-24 03:00", false, "2026-11-27 00:00"},
		"two parts":                  {"Mon 01:00-02:00; Wed 03:00-04:00", zurich, "2026-11-24 12:00", false, "2026-11-25 02:00"},
		"summer begins, shorter":     {"22:00-05:00", zurich, "2027-03-27 23:00", true, "2027-03-28 03:00"},
		"begins in the skipped hour": {"02:30-04:00", zurich, "2027-03-28 01:00", false, "2027-03-28 01:00"},
		"ends in the skipped hour":   {"01:00-02:30", zurich, "2027-03-28 01:30", true, "2027-03-28 01:00"},
		"wholly skipped":             {"02:10-02:50", zurich, "2027-03-28 01:30", false, "2027-03-29 00:10"},
		"winter begins, longer":      {"22:00-05:00", zurich, "2026-10-24 23:00", true, "2026-10-25 04:00"},
		"hour that comes twice":      {"02:00-02:30", zurich, "2026-10-25 01:00", false, "2026-10-25 00:00"},
		"a day that never was":       {"Fri 00:00-24:00", samoa, "2011-12-29 12:00", false, "2012-01-05 10:00"},
		"New York, own zone first":   {"22:00-05:00 Europe/Zurich", "America/New_York", "2026-11-22 22:00", true, "2026-11-23 10:00"},
		"Lord Howe, half an hour":    {"01:45-03:00", "Australia/Lord_Howe", "2026-10-04 01:50", true, "2026-10-03 16:00"},
	}
	for name, tt := range tests {
		w, err := ParseWindow(tt.window, tt.zone)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		open, until := w.Open(moment(t, tt.zone, tt.now))
		got := ""
		if !until.IsZero() {
			got = until.UTC().Format("2006-01-02 15:04")
		}
		if open != tt.open || got != tt.until {
			t.Errorf("%s: open %v until %q, want %v %q", name, open, got, tt.open, tt.until)
		}
	}
}

// TestWindowKeepsItsWord goes through the changes of clocks of many zones: what
// Open says of now must be what it said before of its next change.
func TestWindowKeepsItsWord(t *testing.T) {
	zones := []string{"UTC", "Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", "America/Santiago", "Pacific/Apia"}
	windows := []string{"22:00-05:00", "Mon-Fri 01:30-03:15", "Sat,Sun 00:00-24:00", "02:00-02:30", "Wed 23:59-00:01", "Sun 12:00-11:00"}
	for _, zone := range zones {
		for _, text := range windows {
			w, err := ParseWindow(text, zone)
			if err != nil {
				t.Fatal(err)
			}
			for now := moment(t, zone, "2026-03-01 00:00"); now.Year() == 2026; {
				open, change := w.Open(now)
				if change.IsZero() || !change.After(now) {
					t.Fatalf("%s in %s at %s: open %v until %s", text, zone, now, open, change)
				}
				if still, _ := w.Open(change.Add(-time.Second)); change.Sub(now) > time.Second && still != open {
					t.Fatalf("%s in %s changes before %s", text, zone, change)
				}
				if after, _ := w.Open(change); after == open {
					t.Fatalf("%s in %s does not change at %s", text, zone, change)
				}
				now = change
			}
		}
	}
}

func TestParseWindowRefuses(t *testing.T) {
	for _, text := range []string{"22:00", "25:00-26:00", "Mon-Frx 22:00-05:00", "22:00-22:00", "00:00-00:00", "24:00-01:00", "22:00-05:00 Mars/Base",
		"22:00-05:00 Local", "Mon 01:00-02:00 UTC; Tue 01:00-02:00 Europe/Rome", "Mon 22:00-05:00 UTC now", ";", "Mon"} {
		if _, err := ParseWindow(text, ""); CodeOf(err) != Invalid {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := ParseWindow("22:00-05:00", "Nowhere"); CodeOf(err) != Invalid {
		t.Errorf("zone: %v", err)
	}
}

func TestParseWaves(t *testing.T) {
	for text, want := range map[string]string{"": "1, 10%, rest", "1, 10%, 50%, rest": "1, 10%, 50%, rest", "5;20 %": "5, 20%, rest", "REST": "rest"} {
		if w, err := ParseWaves(text); err != nil || w.String() != want {
			t.Errorf("%q: %v %v", text, w, err)
		}
	}
	for _, text := range []string{"0", "-1", "101%", "rest, 1", "one", ",", "1,,x", "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"} {
		if w, err := ParseWaves(text); CodeOf(err) != Invalid {
			t.Errorf("%q: %v %v", text, w, err)
		}
	}
}

// TestWavesTakeEverySiteOnceInOrder tries random shapes and sites.
func TestWavesTakeEverySiteOnceInOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var shape Waves
		for range r.IntN(5) {
			shape = append(shape, []int{1 + r.IntN(30), -1 - r.IntN(100)}[r.IntN(2)])
		}
		shape = append(shape, 0)
		sites := make([]PlanSite, r.IntN(200))
		moved := 0
		for i := range sites {
			sites[i] = PlanSite{URI: URI(rune('a' + r.IntN(26))), Priority: int64(r.IntN(3)), Canary: r.IntN(20) == 0, Progress: SiteWaiting}
			if r.IntN(10) == 0 {
				sites[i].Progress = SiteLeftOut
			} else {
				moved++
			}
		}
		got, waves := AssignWaves(sites, shape)
		for i, s := range got {
			switch {
			case i >= moved && s.Wave != 0, i < moved && (s.Wave < 1 || s.Wave > waves):
				t.Fatalf("%v: site %d of %d is in wave %d of %d", shape, i, moved, s.Wave, waves)
			case i > 0 && i < moved && (s.Wave < got[i-1].Wave || s.Wave > got[i-1].Wave+1):
				t.Fatalf("%v: wave %d follows wave %d", shape, s.Wave, got[i-1].Wave)
			case i > 0 && i < moved && bit(s.Canary) > bit(got[i-1].Canary):
				t.Fatalf("%v: a canary is not first", shape)
			}
		}
	}
}
