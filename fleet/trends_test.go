package fleet_test

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

func day(date string, figures ...int) fleet.Day {
	return fleet.Day{Date: date, Sites: figures[0], Behind: figures[1], Exposed: figures[2], Oldest: figures[3]}
}

// A day is kept once, in order, and no longer than MaxDays.
func TestDaysOfATrend(t *testing.T) {
	begin := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	tr := fleet.Trend{}
	for i := range 3 * fleet.MaxDays {
		if i%7 == 3 {
			continue // nobody looked
		}
		d := fleet.Day{Date: begin.AddDate(0, 0, i).Format(time.DateOnly), Sites: i}
		next, added := tr.With(d)
		if !added {
			t.Fatalf("%s was not added", d.Date)
		}
		if again, twice := next.With(fleet.Day{Date: d.Date, Sites: 1 << 20}); twice || !reflect.DeepEqual(again, next) {
			t.Fatalf("%s was taken twice", d.Date)
		}
		tr = next
	}
	first, last := tr.Days[0], tr.Days[len(tr.Days)-1]
	if span := last.At().Sub(first.At()); span >= fleet.MaxDays*24*time.Hour || len(tr.Days) > fleet.MaxDays || len(tr.Days) < fleet.MaxDays*6/7-1 {
		t.Errorf("%d days over %s are kept", len(tr.Days), span)
	}
	for _, wrong := range []string{"", "yesterday", "2025-13-01", first.Date} {
		if _, added := tr.With(fleet.Day{Date: wrong}); added {
			t.Errorf("%q was added", wrong)
		}
	}
}

// What a trend says in words.
func TestTellTrend(t *testing.T) {
	for _, c := range []struct {
		name string
		days []fleet.Day
		want string
	}{
		{"nothing", nil, ""},
		{"one day", []fleet.Day{day("2026-11-22", 40, 0, 0, 0)}, "0 of 40 sites are out of date, 0 exposed."},
		{"no source of advisories", []fleet.Day{day("2026-11-22", 1, 1, -1, 3)}, "1 of 1 site is out of date; the oldest waits for 3 days."},
		{"a month", []fleet.Day{day("2026-10-22", 40, 20, 5, 9), day("2026-10-24", 40, 19, 4, 9), day("2026-11-22", 40, 12, 3, 34)},
			"12 of 40 sites are out of date, 3 exposed; a month ago 20 and 5; the oldest waits for 34 days."},
		{"exposed not known then", []fleet.Day{day("2026-10-23", 40, 20, -1, 9), day("2026-11-22", 40, 12, 3, 1)},
			"12 of 40 sites are out of date, 3 exposed; a month ago 20; the oldest waits for 1 day."},
		{"ten days", []fleet.Day{day("2026-11-12", 40, 20, 5, 9), day("2026-11-22", 40, 12, 3, 0)},
			"12 of 40 sites are out of date, 3 exposed; on 12 Nov 2026 20 and 5."},
		{"a gap", []fleet.Day{day("2026-08-01", 40, 39, 9, 9), day("2026-11-10", 40, 20, 5, 9), day("2026-11-22", 40, 12, 3, 0)},
			"12 of 40 sites are out of date, 3 exposed; on 10 Nov 2026 20 and 5."},
	} {
		if got := fleet.TellTrend(fleet.Trend{Days: c.days}); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
}

// A version's way from its announcement to the last site is followed, over
// replicas that look at once, and days are taken once.
func TestSamples(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example", "b.example")
	w.release("1.1.0")
	replicas := []*fleet.Trends{{Store: w.store}, {Store: w.store}, {Store: w.store}}
	sample := func() int {
		t.Helper()
		var wg sync.WaitGroup
		var mu sync.Mutex
		total := 0
		for _, r := range replicas {
			wg.Go(func() {
				n, err := r.Sample(w.ctx)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				total += n
			})
		}
		wg.Wait()
		return total
	}
	look := func(of fleet.DistName) fleet.Trend {
		t.Helper()
		tr, err := replicas[0].Look(w.ctx, of)
		w.ok(err)
		return tr
	}
	sample()
	first := look("")
	if n := len(first.Days); n != 1 || first.Days[0].Sites != 2 || first.Days[0].Behind != 2 || first.Days[0].Exposed != fleet.NotKnown {
		t.Fatalf("the first day: %+v", first)
	}
	if sample() != 0 {
		t.Error("a second sample of the day wrote something")
	}
	w.mem.Pass(50 * time.Hour)
	sample()
	w.mem.Pass(time.Hour)
	if n, err := (&fleet.Trends{Store: w.store}).Sample(w.ctx); n != 0 || err != nil {
		t.Errorf("a replica that has just begun wrote %d rows, %v", n, err)
	}
	got := look("ATRIUM")
	if n := len(got.Days); n != 2 || got.Days[1].Oldest != 2 || !reflect.DeepEqual(got.Days, look("").Days) {
		t.Fatalf("after two days: %+v", got)
	}
	w.upgradeAll()
	sample()
	s, err := replicas[1].Stats(w.ctx, "Atrium", 90*24*time.Hour)
	w.ok(err)
	if len(s.Rollouts) != 1 || s.Rollouts[0].Sites != 2 || s.Rollouts[0].Took() < 50*time.Hour || s.Rollouts[0].Took() > 60*time.Hour {
		t.Errorf("rollouts: %+v", s.Rollouts)
	}
	if s.Done != 2 || s.Moves() != 2 || s.Plans != 1 {
		t.Errorf("figures: %+v", s)
	}
	if other, err := replicas[1].Stats(w.ctx, "other", 90*24*time.Hour); err != nil || other.Moves() != 0 || len(other.Rollouts) != 0 {
		t.Errorf("of another distribution: %+v, %v", other, err)
	}
}

// upgradeAll moves every site of atrium to its target.
func (w *world) upgradeAll() {
	w.t.Helper()
	p := w.propose(fleet.Scope{Distribution: "atrium", Whole: true})
	w.confirmed(p, bob)
	if n := w.work(fleet.TaskMigrate, migrates); n != 2 {
		w.t.Fatalf("%d sites were moved", n)
	}
}

// Rules of a course, as a table of what is seen.
func TestCourse(t *testing.T) {
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	see := func(target string, behind, on int) fleet.Sighting {
		at = at.Add(time.Hour)
		s := fleet.Sighting{Target: fleet.Platform{Name: fleet.PlatformName(target), Created: at.Add(-3 * time.Hour), Ready: at.Add(-2 * time.Hour)}, At: at}
		s.Standing.Distribution.Target, s.Standing.OutOfDate, s.Standing.OnTarget = s.Target.Name, behind, on
		return s
	}
	for _, c := range []struct {
		name string
		seen []fleet.Sighting
		want string // of each rollout: target, sites, whether done, whether over
	}{
		{"sites that were made on the first target", []fleet.Sighting{see("a", 0, 0), see("a", 0, 5)}, "a 0 false false"},
		{"moved while it was watched", []fleet.Sighting{see("a", 5, 0), see("a", 2, 3), see("a", 0, 5)}, "a 5 true false"},
		{"moved between two looks", []fleet.Sighting{see("a", 0, 5), see("b", 0, 5)}, "a 0 false true, b 5 true false"},
		{"overtaken", []fleet.Sighting{see("a", 5, 0), see("b", 5, 0), see("b", 0, 5)}, "a 5 false true, b 5 true false"},
		{"done stays done", []fleet.Sighting{see("a", 5, 0), see("a", 0, 5), see("a", 1, 5)}, "a 5 true false"},
		{"the last site was removed", []fleet.Sighting{see("a", 1, 0), see("a", 0, 0)}, "a 1 false false"},
		{"back to the former", []fleet.Sighting{see("a", 0, 5), see("b", 4, 1), see("a", 1, 4), see("a", 0, 5)}, "a 0 false true, b 5 false true, a 5 true false"},
	} {
		course := fleet.Course{}
		for _, s := range c.seen {
			course, _ = course.Seen(s)
			if _, changed := course.Seen(s); changed {
				t.Errorf("%s: seeing it twice changes it", c.name)
			}
		}
		got := ""
		for i, r := range course.Rollouts {
			if i > 0 {
				got += ", "
			}
			got += fmt.Sprintf("%s %d %v %v", r.Platform, r.Sites, !r.Done.IsZero(), !r.Over.IsZero())
			if !r.Done.IsZero() && r.Took() <= 0 {
				t.Errorf("%s: took %s", c.name, r.Took())
			}
		}
		if got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestQuantile(t *testing.T) {
	var d []time.Duration
	for i := range 100 {
		d = append(d, time.Duration(i+1)*time.Second)
	}
	for share, want := range map[float64]time.Duration{0: time.Second, 0.5: 50 * time.Second, 0.95: 95 * time.Second, 1: 100 * time.Second, 2: 100 * time.Second} {
		if got := fleet.Quantile(d, share); got != want {
			t.Errorf("%v: %s", share, got)
		}
	}
	if fleet.Quantile(nil, 0.5) != 0 || fleet.Quantile(d[:1], 0.95) != time.Second {
		t.Error("few values")
	}
}

// The chart of an issue is of the days until it was due, whenever it is drawn; the
// digest and App Home say the same in words.
func TestChartOfADigest(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example", "b.example")
	w.release("1.1.0")
	trends := &fleet.Trends{Store: w.store}
	var drawn []int
	n := &fleet.Narrator{Store: w.store, Chart: func(tr fleet.Trend) ([]byte, error) {
		drawn = append(drawn, len(tr.Days))
		return []byte("png"), nil
	}}
	issue := ""
	for i := range 6 {
		if _, err := trends.Sample(w.ctx); err != nil {
			t.Fatal(err)
		}
		if i == 3 {
			issue = w.mem.Now().UTC().Format("2006-01-02T15:04")
		}
		w.mem.Pass(24 * time.Hour)
	}
	m, err := n.Message(w.ctx, fleet.SubjectOf(fleet.AboutDigest, "daily/"+issue))
	w.ok(err)
	if len(m.Pictures) != 1 || len(drawn) != 1 || drawn[0] != 4 {
		t.Fatalf("%d pictures, of %v days", len(m.Pictures), drawn)
	}
	if alt := m.Pictures[0].Alt; !strings.Contains(alt, "2 of 2 sites are out of date; on ") || !strings.HasSuffix(alt, "the oldest waits for 3 days.") {
		t.Errorf("its words: %q", alt)
	}
	if !strings.Contains(fmt.Sprint(m.More), "2 of 2 sites are out of date; on ") {
		t.Errorf("the message does not say it: %v", m.More)
	}
}
