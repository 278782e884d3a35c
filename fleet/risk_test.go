package fleet_test

import (
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// made says what a platform is made of.
func (w *world) made(p fleet.PlatformName, packages ...fleet.Package) {
	w.t.Helper()
	w.ok(w.store.Update(w.ctx, fleet.Catalogue, func(tx fleet.Tx) error {
		f := fleet.PlatformFacts{Platform: p}
		if _, err := tx.Get(&f); err != nil {
			return err
		}
		f.Packages = packages
		tx.Put(&f)
		return nil
	}))
}

// say has a source say advisories.
func (w *world) say(as *fleet.Advisories, failing string, all ...fleet.Advisory) {
	w.t.Helper()
	w.ok(as.Watch(w.ctx, []string{"test"}))
	w.ok(as.Keep(w.ctx, fleet.FeedPage{ID: "test|1", Advisories: all}))
	w.ok(as.Settle(w.ctx, "test", fleet.Reading{Pages: []string{"test|1"}, Count: len(all), Changed: true, Failure: failing}))
}

// assess brings what is known of the fleet up to date; it gives the number of
// alarms that were raised.
func (w *world) assess(as *fleet.Advisories) int {
	w.t.Helper()
	w.mem.Pass(time.Second)
	_, err := as.Assess(w.ctx)
	w.ok(err)
	n, err := as.Warn(w.ctx)
	w.ok(err)
	return n
}

// notices gives the notices of alarms about advisories that were promised and not
// yet carried: "new" or "edit", each.
func (w *world) notices() string {
	w.t.Helper()
	waiting, err := w.store.Pending(w.ctx, fleet.Catalogue, 100)
	w.ok(err)
	var out []string
	for _, e := range waiting {
		if n := e.Effect.Notice; n != nil && strings.HasPrefix(string(n.Subject), fleet.AboutAlarm+":advisory/") {
			out = append(out, map[bool]string{true: "edit", false: "new"}[n.Edit])
		}
		w.ok(w.store.Ack(w.ctx, fleet.Catalogue, e.ID))
	}
	return strings.Join(out, " ")
}

func library(version string) fleet.Package {
	return fleet.Package{Name: "acme/blog", Type: "library", Version: version}
}

// A hole that hits running sites is told of once, edited while they are exposed,
// and over when the last of them is not; one that comes back is told anew.
func TestAlarmOfAdvisory(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example", "b.example")
	as := &fleet.Advisories{Store: w.store}
	w.made("atrium-1.0.0", library("1.0.0"))
	w.notices()
	first := hole(t, "A-1", fleet.Critical, "composer:acme/blog", "<1.1")
	w.say(as, "", first)
	if n := w.assess(as); n != 1 {
		t.Fatalf("%d alarms", n)
	}
	if n := w.assess(as); n != 0 {
		t.Errorf("told %d times more", n)
	}
	if got := w.notices(); got != "new" {
		t.Errorf("notices: %q", got)
	}
	w.live("c.example", "atrium-1.0.0")
	w.assess(as)
	if got := w.notices(); got != "edit" {
		t.Errorf("with another site: %q", got)
	}
	w.say(as, "", first, hole(t, "A-2", fleet.Low, "composer:acme/blog", "<1.2"))
	if n := w.assess(as); n != 1 {
		t.Errorf("a second hole raised %d alarms", n)
	}
	w.notices()
	w.made("atrium-1.0.0", library("1.1.0")) // as if the sites had gone to another platform
	w.say(as, "", first, hole(t, "A-2", fleet.Low, "composer:acme/blog", "<1.2"))
	w.assess(as)
	perils, err := as.Perils(w.ctx)
	w.ok(err)
	if p := perils["atrium"]; p.Sites != 3 || len(p.Holes) != 1 {
		t.Errorf("peril: %+v", p)
	}
	if got := w.notices(); got != "edit edit" {
		t.Errorf("when the first hole is mended: %q", got)
	}
	w.made("atrium-1.0.0", library("1.0.0"))
	w.say(as, "", first)
	if n := w.assess(as); n != 1 {
		t.Errorf("a hole that came back raised %d alarms", n)
	}
}

// What is exposed comes first in the digest, the worst hole before others,
// whatever the number of sites that are out of date.
func TestAdvisoriesOrderTheDigest(t *testing.T) {
	standing := func(name fleet.DistName, out int) fleet.Standing {
		return fleet.Standing{Distribution: fleet.Distribution{Name: name, Target: "t"}, OutOfDate: out,
			Behind: []fleet.PlatformCount{{Platform: fleet.Platform{Name: fleet.PlatformName(name + "-1")}, Sites: out}}}
	}
	peril := func(name fleet.DistName, sites int, s fleet.Severity) fleet.Peril {
		return fleet.Peril{Distribution: name, Sites: sites, Mended: 1, Holes: []fleet.Exposure{{Advisory: fleet.Advisory{ID: "A", Severity: s}}}}
	}
	v := fleet.DigestView{
		Standings: []fleet.Standing{standing("many", 90), standing("low", 50), standing("said", 3), standing("critical", 1), standing("high", 7)},
		Details:   map[fleet.DistName]fleet.DistDetail{"said": {Security: true}},
		Perils:    map[fleet.DistName]fleet.Peril{"low": peril("low", 50, fleet.Low), "critical": peril("critical", 1, fleet.Critical), "high": peril("high", 7, fleet.High), "current": peril("current", 2, fleet.High)},
	}
	order := func(v fleet.DigestView) string {
		var out []string
		for _, l := range fleet.TellDigest(v).Lines {
			if l.Button != nil {
				out = append(out, l.Button.Value)
			}
		}
		return strings.Join(out, " ")
	}
	if got := order(v); got != "critical high low said many" {
		t.Errorf("the order is %q", got)
	}
	got := said(fleet.TellDigest(v))
	for _, want := range []string{"1 site is exposed to 1 advisory (critical); the target mends it.", "Exposed, and no upgrade is ready", "current: 2 sites are exposed to 1 advisory (high)."} {
		if !strings.Contains(strings.ToLower(got), strings.ToLower(want)) {
			t.Errorf("without %q:\n%s", want, got)
		}
	}
	v.Perils = nil
	if got := order(v); got != "said many low high critical" {
		t.Errorf("without advisories the order is %q", got)
	}
}

// The sites that are exposed are named first, a source that fails says so with
// the date, and quiet digests are not quiet then.
func TestDigestOfExposedSites(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example", "b.example")
	as := &fleet.Advisories{Store: w.store}
	w.made("atrium-1.0.0", library("1.0.0"))
	w.say(as, "", hole(t, "A-1", fleet.High, "composer:acme/blog", "<1.1"))
	w.say(as, "example.org answered 503", hole(t, "A-1", fleet.High, "composer:acme/blog", "<1.1"))
	w.assess(as)
	n := &fleet.Narrator{Store: w.store}
	m, err := n.Digest(w.ctx, time.Now(), 0)
	w.ok(err)
	for _, want := range []string{"2 sites are exposed", "cannot be read now (test)", "as of"} {
		if !strings.Contains(m.Text+said(m), want) {
			t.Errorf("without %q: %s\n%s", want, m.Text, said(m))
		}
	}
	p := w.release("1.1.0")
	w.made(p.Name, library("1.1.0"))
	w.say(as, "", hole(t, "A-1", fleet.High, "composer:acme/blog", "<1.1"))
	w.assess(as)
	if m, err = n.Digest(w.ctx, time.Now(), 0); err != nil || !strings.Contains(said(m), "2 sites are exposed to 1 advisory (high); the target mends it.") {
		t.Errorf("%s (%v)", said(m), err)
	}
	c, err := (&fleet.Planner{Store: w.store}).Compare(w.ctx, "atrium-1.0.0", p.Name, "")
	w.ok(err)
	if got := fleet.SumUp(c); !strings.HasSuffix(got, "; fixes 1 advisory (high); 2 sites are exposed.") {
		t.Errorf("the comparison says %q", got)
	}
}
