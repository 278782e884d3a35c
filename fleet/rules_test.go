package fleet

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestAssignWaves(t *testing.T) {
	tests := []struct{ n, out, waves, second, third int }{
		{0, 0, 0, 0, 0}, {1, 0, 1, 0, 0}, {2, 0, 2, 1, 0}, {3, 0, 3, 1, 1}, {10, 0, 3, 1, 8}, {11, 0, 3, 2, 8},
		{25, 0, 3, 3, 21}, {100, 0, 3, 10, 89}, {3, 2, 3, 1, 1}, {0, 3, 0, 0, 0},
	}
	for _, tt := range tests {
		var sites []PlanSite
		for i := range tt.n {
			sites = append(sites, PlanSite{URI: URI(fmt.Sprintf("m%03d", tt.n-i)), Progress: SiteWaiting})
		}
		for i := range tt.out {
			sites = append(sites, PlanSite{URI: URI(fmt.Sprintf("a%03d", i)), Progress: SiteLeftOut})
		}
		got, waves := AssignWaves(sites, Waves{1, -10, 0})
		count := map[int]int{}
		for _, s := range got {
			count[s.Wave]++
		}
		if waves != tt.waves || count[0] != tt.out || count[1] != min(tt.n, 1) || count[2] != tt.second || count[3] != tt.third {
			t.Errorf("%d sites, %d left out: %d waves, %v", tt.n, tt.out, waves, count)
		}
		if !slices.IsSortedFunc(got[:tt.n], func(a, b PlanSite) int { return strings.Compare(string(a.URI), string(b.URI)) }) {
			t.Errorf("%d sites are not in order", tt.n)
		}
	}
}

func TestMovesTarget(t *testing.T) {
	old, young := Platform{Name: "old", Created: noon}, Platform{Name: "young", Created: noon.Add(time.Hour)}
	tests := map[string]struct {
		policy Auto
		target *Platform
		ready  Platform
		want   bool
	}{
		"ask":            {AskFirst, &old, young, false},
		"unset":          {"", nil, young, false},
		"first":          {Automatic, nil, young, true},
		"later":          {Automatic, &old, young, true},
		"slow older one": {Automatic, &young, old, false},
		"itself":         {Automatic, &old, old, false},
	}
	for name, tt := range tests {
		d := Distribution{Policy: Policy{Target: tt.policy}}
		if tt.target != nil {
			d.Target = tt.target.Name
		}
		if got := MovesTarget(d, tt.ready, tt.target); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestRetargetLeavesRetiredPlatformsAlone(t *testing.T) {
	all := []Platform{{Name: "a", State: PlatformReady}, {Name: "b", State: PlatformReady, Locked: true}, {Name: "c", State: PlatformRetired}, {Name: "d", State: PlatformQueued}}
	d, changed, err := Retarget(Distribution{Name: "atrium", Target: "a"}, all, "b")
	if err != nil || d.Target != "b" || len(changed) != 3 {
		t.Fatalf("%+v %+v %v", d, changed, err)
	}
	for _, p := range changed {
		if p.Locked == (p.Name == "b") || p.Name == "c" {
			t.Errorf("%+v", p)
		}
	}
	if all[0].Locked {
		t.Error("the rule changed what it was given")
	}
}

func TestFingerprintChangesWithAnythingThatDecides(t *testing.T) {
	base := func() Snapshot {
		return Snapshot{Kind: Upgrade, To: "b", ToCommit: "2", Rules: 1, FromCommit: map[PlatformName]string{"a": "1"},
			Sites: []PlanSite{{URI: "x", From: "a", Generation: 1}, {URI: "y", From: "a", Generation: 1}}}
	}
	want := FingerprintOf(base())
	changes := map[string]func(*Snapshot){
		"kind": func(s *Snapshot) { s.Kind = Rollback }, "to": func(s *Snapshot) { s.To = "c" }, "commit": func(s *Snapshot) { s.ToCommit = "3" },
		"from": func(s *Snapshot) { s.FromCommit["a"] = "9" }, "rules": func(s *Snapshot) { s.Rules = 2 },
		"generation": func(s *Snapshot) { s.Sites[0].Generation = 2 }, "site": func(s *Snapshot) { s.Sites[0].URI = "z" },
		"platform": func(s *Snapshot) { s.Sites[0].From = "c" }, "fewer": func(s *Snapshot) { s.Sites = s.Sites[:1] },
	}
	for name, change := range changes {
		s := base()
		if change(&s); FingerprintOf(s) == want {
			t.Errorf("%s does not count", name)
		}
	}
	same := base()
	slices.Reverse(same.Sites)
	same.Sites[0].Note, same.Sites[0].Wave = "shown elsewhere", 3
	if FingerprintOf(same) != want {
		t.Error("order or notes count")
	}
}

func TestWantPost(t *testing.T) {
	soon, late := noon, noon.Add(time.Hour)
	tests := map[string]struct {
		p    Post
		n    Notice
		want Post
	}{
		"new":           {Post{}, Notice{Parent: "plan:1"}, Post{Wanted: 1, State: PostDue, Parent: "plan:1"}},
		"idle":          {Post{Wanted: 4, Sent: 4, State: PostIdle}, Notice{At: soon, Edit: true}, Post{Wanted: 5, Sent: 4, State: PostDue, Due: soon}},
		"paced":         {Post{Wanted: 4, State: PostDue, Due: late}, Notice{At: soon}, Post{Wanted: 5, State: PostDue, Due: late}},
		"being sent":    {Post{Wanted: 4, State: PostSending, Due: late}, Notice{}, Post{Wanted: 5, State: PostSending, Due: late}},
		"dropped edit":  {Post{Wanted: 4, State: PostDropped}, Notice{Edit: true}, Post{Wanted: 5, State: PostDropped}},
		"dropped again": {Post{Wanted: 4, State: PostDropped}, Notice{At: soon}, Post{Wanted: 5, State: PostDue, Due: soon}},
	}
	for name, tt := range tests {
		if got := WantPost(tt.p, tt.n); got != tt.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestClockSetBackStrandsNoPost: a post that waits for a time which only an
// earlier clock can have set is due at once when something is wished of it.
func TestClockSetBackStrandsNoPost(t *testing.T) {
	hour := noon.Add(time.Hour)
	for name, tt := range map[string]struct {
		p    Post
		n    Notice
		want bool
	}{
		"a message that is there":        {Post{State: PostDue, TS: "1.2", Due: hour}, Notice{At: noon}, true},
		"one that was being sent":        {Post{State: PostSending, Due: hour}, Notice{}, true},
		"paced":                          {Post{State: PostDue, TS: "1.2", Due: noon.Add(time.Minute)}, Notice{}, false},
		"being sent":                     {Post{State: PostSending, Due: noon.Add(time.Minute)}, Notice{}, false},
		"first post, put off on purpose": {Post{State: PostDue, Due: hour}, Notice{}, false},
		"wished for later":               {Post{State: PostDue, TS: "1.2", Due: hour}, Notice{At: hour}, false},
	} {
		if got := tt.p.stranded(tt.n, noon); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestDrawingBoundsWhatAPlanKeeps(t *testing.T) {
	var from, to []Package
	for i := range 300 {
		name := fmt.Sprintf("p%03d", i)
		from = append(from, Package{Name: name, Type: "module", Version: "1.0"})
		to = append(to, Package{Name: name, Type: "module", Version: "1.1"})
	}
	d := drawing{
		present: present{sites: map[URI]Site{}, plats: map[PlatformName]Platform{"a": {Name: "a"}, "b": {Name: "b"}}},
		facts:   map[PlatformName]PlatformFacts{"a": {Platform: "a", Packages: from}, "b": {Platform: "b", Packages: to}},
		known:   map[URI]SiteFacts{}, expiry: time.Hour,
	}
	p := Plan{ID: "1", Kind: Upgrade, From: "a", To: "b", State: PlanReading, Revision: 1, Reads: []TaskRef{{"local", "r"}}}
	for i := range 100 {
		u := URI(fmt.Sprintf("s%03d", i))
		p.Sites = append(p.Sites, PlanSite{URI: u, From: "a", Generation: 1, Progress: SiteWaiting})
		d.sites[u] = Site{URI: u, Platform: "a", Generation: 3, State: SiteLive}
		d.known[u] = SiteFacts{URI: u, Generation: 3, Enabled: []string{fmt.Sprintf("unknown%03d", i)}}
	}
	delete(d.sites, "s042")
	got := DrawPlan(p, d, noon)
	if got.State != PlanProposed || len(got.Rows) != MaxRows || got.More != 100 || len(got.Notes) != maxNotes+1 || got.Revision != 2 || !got.Expires.Equal(noon.Add(time.Hour)) {
		t.Errorf("%s %d rows, %d more, %d notes", got.State, len(got.Rows), got.More, len(got.Notes))
	}
	if got.Sites[0].Generation != 3 || got.Sites[99].Progress != SiteLeftOut || got.Sites[99].Note != "Site s042 is gone." {
		t.Errorf("%+v %+v", got.Sites[0], got.Sites[99])
	}
	if p.Sites[0].Generation != 1 {
		t.Error("the rule changed what it was given")
	}
}

func TestFindingsThatHoldForAllAreToldOnce(t *testing.T) {
	warn := func(u URI, text string) Finding { return Finding{Site: u, Text: text} }
	found := []Finding{warn("a", "same"), warn("a", "only a"), warn("b", "same"), {Block: true, Site: "b", Text: "no"}}
	got := gathered(found, map[Finding]int{{Text: "same"}: 2, {Text: "only a"}: 1, {Block: true, Text: "no"}: 1}, 2)
	want := []Finding{{Block: true, Site: "b", Text: "no"}, warn("", "same"), warn("a", "only a")}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}

func TestNewIDsSortByTime(t *testing.T) {
	seen := map[string]bool{}
	before := NewID()
	for range 1000 {
		id := NewID()
		if len(id) != 26 || strings.Trim(id, crockford) != "" || seen[id] || id[:9] < before[:9] {
			t.Fatalf("%q after %q", id, before)
		}
		seen[id], before = true, id
	}
}
