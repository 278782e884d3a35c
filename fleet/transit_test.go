package fleet_test

import (
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

func inTransit(s fleet.TransitState) fleet.Transit {
	return fleet.Transit{URI: "a.example.org", State: s, From: "web1", To: "web2", Generation: 4, Send: "s", Receive: "r", Fence: 9, Claim: 2}
}

// Each task says its own words in their order; nothing is offered twice in two
// forms, and what has failed or is taken stays so.
func TestStepTransit(t *testing.T) {
	parts := []fleet.TransitPart{{Name: "a", Digest: "d", Bytes: 1}}
	other := []fleet.TransitPart{{Name: "a", Digest: "e", Bytes: 1}}
	begun, copying, ready, held, taken := fleet.TransitBegun, fleet.TransitCopying, fleet.TransitReady, fleet.TransitHeld, fleet.TransitTaken
	for name, c := range map[string]struct {
		at    fleet.TransitState
		task  fleet.TaskID
		to    fleet.TransitState
		parts []fleet.TransitPart
		want  fleet.TransitState // "" is refused
	}{
		"the first copy is offered":   {begun, "s", copying, parts, copying},
		"again the same":              {copying, "s", copying, parts, copying},
		"again, after the other":      {held, "s", copying, parts, held},
		"again another":               {copying, "s", copying, other, ""},
		"the other host has it":       {copying, "r", ready, nil, ready},
		"not for the other":           {copying, "s", ready, nil, ""},
		"the last copy":               {ready, "s", held, parts, held},
		"the last before the first":   {begun, "s", held, parts, ""},
		"nobody says taken like that": {held, "s", taken, nil, ""},
		"closed":                      {taken, "s", fleet.TransitOver, nil, fleet.TransitOver},
		"closed before it is taken":   {held, "s", fleet.TransitOver, nil, ""},
		"of a failed one":             {fleet.TransitFailed, "s", copying, parts, ""},
		"a stranger":                  {begun, "x", copying, parts, ""},
	} {
		m := inTransit(c.at)
		if c.at != begun {
			m.First = parts
		}
		got, err := fleet.StepTransit(m, fleet.TransitStep{Task: c.task, To: c.to, Parts: c.parts}, time.Now())
		if (err == nil) != (c.want != "") || err == nil && got.State != c.want {
			t.Errorf("%s: %s %v", name, got.State, err)
		}
	}
}

// A move ends without effect or the site is taken, never both.
func TestTransitIsTakenOrFails(t *testing.T) {
	now := time.Now()
	site := fleet.Site{URI: "a.example.org", Host: "web1", Generation: 4, Previous: 3, From: "old", Lock: fleet.SiteLock{Task: "s", Fence: 7}}
	claim := fleet.TransitClaim{Task: "r", Claim: 2, Lease: time.Minute, Database: "mysql/d/u"}
	s, m, err := fleet.TakeSite(site, inTransit(fleet.TransitHeld), claim, 1, now)
	if err != nil || s.Host != "web2" || s.Generation != 5 || s.Previous != 0 || s.Database != "mysql/d/u" || s.Lock.Task != "r" || !m.Taken() {
		t.Fatalf("%+v %+v %v", s, m, err)
	}
	if s.Lock.Fence <= 9 || m.Closing <= 7 || m.Closing > s.Lock.Fence {
		t.Errorf("fences: site %d, closing %d", s.Lock.Fence, m.Closing)
	}
	if _, err := fleet.FailTransit(m, "s", "late", now); fleet.CodeOf(err) != fleet.Conflict {
		t.Errorf("failed after it was taken: %v", err)
	}
	if again, _, err := fleet.TakeSite(s, m, claim, 1, now); err != nil || again.Lock.Fence != s.Lock.Fence {
		t.Errorf("taken again: %v", err)
	}
	failed, err := fleet.FailTransit(inTransit(fleet.TransitHeld), "s", "late", now)
	if err != nil {
		t.Fatal(err)
	}
	moved, early, stale, other := site, inTransit(fleet.TransitReady), claim, site
	moved.Generation, stale.Claim, other.Lock.Task = 5, 1, "x"
	for name, c := range map[string]struct {
		site fleet.Site
		m    fleet.Transit
		c    fleet.TransitClaim
	}{
		"failed": {site, failed, claim}, "not held": {site, early, claim}, "moved since": {moved, inTransit(fleet.TransitHeld), claim},
		"an earlier claim": {site, inTransit(fleet.TransitHeld), stale}, "another's lock": {other, inTransit(fleet.TransitHeld), claim},
	} {
		if got, _, err := fleet.TakeSite(c.site, c.m, c.c, 1, now); err == nil || got.Host != "web1" {
			t.Errorf("%s: taken", name)
		}
	}
}

// Each claim of the receiving task works under a fence of its own.
func TestFenceTransit(t *testing.T) {
	site := fleet.Site{Lock: fleet.SiteLock{Fence: 20}}
	m, err := fleet.FenceTransit(inTransit(fleet.TransitCopying), site, fleet.TransitClaim{Task: "r", Claim: 3}, 1)
	if err != nil || m.Claim != 3 || m.Fence <= 20 {
		t.Fatalf("%+v %v", m, err)
	}
	if again, err := fleet.FenceTransit(m, site, fleet.TransitClaim{Task: "r", Claim: 3}, 1); err != nil || again.Fence != m.Fence {
		t.Errorf("the same claim: %d %v", again.Fence, err)
	}
	if _, err := fleet.FenceTransit(m, site, fleet.TransitClaim{Task: "r", Claim: 2}, 1); fleet.CodeOf(err) != fleet.Stale {
		t.Errorf("an earlier claim: %v", err)
	}
}

// A site that was moved since a backup of the records is followed to its host; a
// stranger of that address is not.
func TestReadoptFollowsToAnotherHost(t *testing.T) {
	have := fleet.Site{URI: "a.example.org", ID: "i", Host: "web1", Platform: "p", Generation: 4}
	there := fleet.Site{URI: "a.example.org", ID: "i", Host: "web2", Platform: "p", Generation: 5, Lock: fleet.SiteLock{Fence: 8}}
	got, changed, err := fleet.Readopt(have, there, time.Now())
	if err != nil || !changed || got.Host != "web2" || got.Generation != 5 || got.Lock.Fence != 8 {
		t.Errorf("%+v %v %v", got, changed, err)
	}
	for _, wrong := range []fleet.Site{{ID: "x", Host: "web2", Generation: 5}, {ID: "i", Host: "web2", Generation: 4}} {
		if got, _, err := fleet.Readopt(have, wrong, time.Now()); fleet.CodeOf(err) != fleet.Exists || got.Host != "web1" {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
}
