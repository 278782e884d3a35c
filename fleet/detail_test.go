package fleet_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/fleet"
)

// TestCompareInDetail: every package of both sides once, by group; those that
// differ first, with what is known beside the versions.
func TestCompareInDetail(t *testing.T) {
	from := facts("a", "core/drupal 10.2.0, module/views 3.9, module/same 2.0, theme/olive 1.0, plugin/cache 1.0, library/curl 7.1.1, module/gone 1.0, library/day 20240101")
	to := facts("b", "core/drupal 11.0.1, module/views 3.24, module/same 2.0, theme/olive 1.0.2, plugin/cache 1.0, library/curl 7.1.1, library/new 1.0, library/day 20240301")
	for i := range from.Packages {
		from.Packages[i].Licence = "MIT"
		from.Packages[i].Patches = []string{"Fix " + from.Packages[i].Name}
	}
	for i := range to.Packages {
		to.Packages[i].Licence = "MIT"
		to.Packages[i].Patches = []string{"Fix " + to.Packages[i].Name}
		switch to.Packages[i].Name {
		case "curl":
			to.Packages[i].Licence = "curl"
		case "views":
			to.Packages[i].Patches = []string{"Mend the pager"}
		}
	}
	sites := []fleet.SiteFacts{{URI: "a.example", Enabled: []string{"views"}, Pending: map[string]int{"views": 2}},
		{URI: "b.example", Enabled: []string{"views", "olive"}, Pending: map[string]int{"views": 1, "drupal": 4}}, {URI: "c.example"}}
	d := fleet.CompareInDetail(from, to, sites...)
	var got []string
	for _, r := range d.Packages {
		line := fmt.Sprintf("%s/%s %s %s", r.Group, r.Package, orNo(string(r.Change)), orNo(r.Step))
		if r.UsedBy > 0 {
			line += fmt.Sprintf(" used %d of %d", r.UsedBy, r.Asked)
		}
		if r.Pending > 0 {
			line += fmt.Sprintf(" %d updates", r.Pending)
		}
		if r.Licences != nil {
			line += " " + strings.Join(r.Licences, ">")
		}
		if r.Lost != nil {
			line += " lost " + strings.Join(r.Lost, "+") + " gained " + strings.Join(r.Gained, "+")
		}
		got = append(got, line)
	}
	want := []string{
		"core/drupal upgraded 1 major 4 updates", "modules/gone removed -",
		"modules/views upgraded 15 minor used 2 of 2 2 updates lost Fix views gained Mend the pager", "modules/same - -",
		"themes/olive upgraded 2 patch used 1 of 2", "plugins/cache - -",
		"libraries/day upgraded -", "libraries/new added -", "libraries/curl - - MIT>curl",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(d.Rows) != 6 || d.Same != 3 {
		t.Errorf("%d rows, %d the same", len(d.Rows), d.Same)
	}
}

func orNo(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// TestSitesInDetail marks the sites that differ from most, and says how.
func TestSitesInDetail(t *testing.T) {
	platforms := map[fleet.PlatformName]fleet.PlatformFacts{
		"a": facts("a", "module/views 1.0, module/gone 1.0, core/x 1"), "b": facts("b", "module/views 1.1, core/x 1"), "old": facts("old", "core/x 1, module/views 1.0")}
	plan := fleet.Plan{To: "b"}
	sites := map[fleet.URI]fleet.SiteFacts{}
	add := func(uri fleet.URI, from fleet.PlatformName, enabled string, pending int) {
		plan.Sites = append(plan.Sites, fleet.PlanSite{URI: uri, From: from, Progress: fleet.SiteWaiting})
		if enabled != "" {
			sites[uri] = fleet.SiteFacts{URI: uri, Enabled: strings.Fields(enabled), Pending: map[string]int{"views": pending}}
		}
	}
	add("odd.example", "a", "views", 3)
	add("one.example", "a", "views", 2)
	add("two.example", "a", "views", 2)
	add("stuck.example", "a", "views gone", 2)
	add("old.example", "old", "views", 2)
	add("dark.example", "a", "", 0)
	var got []string
	for _, s := range fleet.SitesInDetail(plan, platforms, sites) {
		got = append(got, fmt.Sprintf("%s %v %d %d: %s", s.URI, s.Class == 0, s.Pending, s.Changing, strings.Join(s.Differs, " ")))
	}
	want := []string{
		"odd.example false 3 1: Database updates: views 3 instead of 2.", "one.example true 2 1: ", "two.example true 2 1: ",
		"stuck.example false 2 2: The site uses the module gone, which the target does not have.",
		"old.example false 2 1: It comes from old.", "dark.example false 0 -1: Its facts are not known.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
