package fleet_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/fleet"
)

func platform(name string, list ...fleet.Package) fleet.PlatformFacts {
	return fleet.PlatformFacts{Platform: fleet.PlatformName(name), Packages: list}
}

// A package stands for its parts: they are in use with it, they are there with
// it, and their updates are its own.
func TestCompareParts(t *testing.T) {
	core := func(version string, parts ...string) fleet.Package {
		return fleet.Package{Name: "drupal", Type: "core", Version: version, Parts: parts}
	}
	project := func(version string, parts ...string) fleet.Package {
		return fleet.Package{Name: "webform", Type: "module", Version: version, Parts: parts}
	}
	from := platform("a", core("10.1.5", "forum", "node", "system"), project("6.2.0", "webform_ui"))
	site := &fleet.SiteFacts{URI: "shop.example.org", Enabled: []string{"system", "forum", "webform_ui"}, Pending: map[string]int{"system": 3, "node": 1, "webform_ui": 2}}

	got := fleet.Compare(from, platform("b", core("10.3.6", "node", "system"), project("6.1.0", "webform_ui")), site)
	want := []fleet.Row{
		{Package: "drupal", Type: "core", From: "10.1.5", To: "10.3.6", Change: fleet.Upgraded, Pending: 4, Blocks: true},
		{Package: "webform", Type: "module", From: "6.2.0", To: "6.1.0", Change: fleet.Downgraded, Pending: 2, Blocks: true},
	}
	if d := cmp.Diff(want, got.Rows); d != "" {
		t.Error(d)
	}
	says(t, got, "block: webform would go back from 6.2.0 to 6.1.0, and the site uses it",
		"block: The site uses forum, which the target does not have")
}

func TestComparePatches(t *testing.T) {
	token := func(version string, patches ...string) fleet.PlatformFacts {
		return platform("x", fleet.Package{Name: "token", Type: "module", Version: version, Patches: patches})
	}
	lost := fleet.Compare(token("1.13.0", "Fix the tree", "Fix the cache"), token("1.13.0", "Fix the cache"), nil)
	if d := cmp.Diff([]fleet.Row{{Package: "token", Type: "module", From: "1.13.0 with 2 patches", To: "1.13.0 with 1 patch", Change: fleet.Changed}}, lost.Rows); d != "" {
		t.Error(d)
	}
	says(t, lost, "warn: token loses 1 patch: Fix the tree.")
	if same := fleet.Compare(token("1.13.0", "a"), token("1.13.0", "a"), nil); same.Same != 1 || len(same.Findings) > 0 {
		t.Errorf("equal patches are a difference: %+v", same)
	}
	says(t, fleet.Compare(token("1.13.0"), token("1.13.0", "a"), nil))
}

func TestCompareNeedsAndBlocks(t *testing.T) {
	child := fleet.Package{Name: "shopchild", Type: "theme", Version: "1", Needs: []string{"shop"}}
	parent := fleet.Package{Name: "shop", Type: "theme", Version: "1"}
	site := &fleet.SiteFacts{URI: "shop.example.org", Enabled: []string{"shopchild"}, Blocks: []string{"The database is of the future."}}
	says(t, fleet.Compare(platform("a", child, parent), platform("b", child), site),
		"block: needs shop, and the target does not have that", "block: The database is of the future.", "warn: 1 package is not on the target: shop")
	site.Blocks = nil
	says(t, fleet.Compare(platform("a", child, parent), platform("b", child, parent), site))
}

// says wants exactly these findings, each with a part of its text.
func says(t *testing.T, c fleet.Comparison, want ...string) {
	t.Helper()
	if len(c.Findings) != len(want) {
		t.Fatalf("findings %+v, want %q", c.Findings, want)
	}
	for i, w := range want {
		what, text, _ := strings.Cut(w, ": ")
		if f := c.Findings[i]; f.Block != (what == "block") || !strings.Contains(f.Text, text) {
			t.Errorf("finding %+v, want %q", f, w)
		}
	}
}
