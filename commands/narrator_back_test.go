package commands_test

import (
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// TestRollBackIsOfferedWhileItIsPossible: a done plan counts the sites that still
// have their old copy, says until when, and offers nothing when none has.
func TestRollBackIsOfferedWhileItIsPossible(t *testing.T) {
	w := newWorld(t)
	p := basePlan()
	confirmed(&p, fleet.PlanDone, fleet.SiteDone, fleet.SiteDone, fleet.SiteDone)
	put(w, p)
	about := fleet.SubjectOf(fleet.AboutPlan, string(p.ID))
	site := func(n int, change func(*fleet.Site)) {
		s := fleet.Site{URI: p.Sites[n].URI, Platform: p.To, Host: fleet.LocalHost, State: fleet.SiteLive, Generation: 2, Previous: 1, KeptUntil: after(100 * time.Hour)}
		change(&s)
		put(w, s)
	}
	w.table.Narrator.Now = func() time.Time { return noon }
	for i := range 3 {
		site(i, func(*fleet.Site) {})
	}
	offered := func(label string) {
		t.Helper()
		text := plainText(w.shown(about))
		if label == "" && strings.Contains(text, "[Roll back") || label != "" && !strings.Contains(text, "["+label+"]") {
			t.Errorf("want %q:\n%s", label, text)
		}
		if strings.Contains(text, "It can be rolled back until 26 Nov 2026 16:00 UTC") != (label != "") {
			t.Errorf("until when is not told as it should be:\n%s", text)
		}
	}
	offered("Roll back 3 sites")
	site(0, func(s *fleet.Site) { s.Platform = "atrium-1.2.0" })
	offered("Roll back 2 sites")
	site(1, func(s *fleet.Site) { s.Previous = 0 })
	offered("Roll back 1 site")
	w.table.Narrator.Now = func() time.Time { return after(101 * time.Hour) }
	offered("")
}
