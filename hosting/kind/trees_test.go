package kind_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/kind"
)

// TestTrees reads real code bases, named as a list of directories in
// DISTROBOT_CMS_TREES, older ones first, and reports what it found and what
// changes from each to the next.
func TestTrees(t *testing.T) {
	dirs := filepath.SplitList(os.Getenv("DISTROBOT_CMS_TREES"))
	if len(dirs) == 0 {
		t.Log("DISTROBOT_CMS_TREES is not set: no real code bases are read")
	}
	var before fleet.PlatformFacts
	for _, dir := range dirs {
		tree := hosting.Tree{Dir: dir}
		k := detect(tree)
		began := time.Now()
		facts, err := k.Read(t.Context(), tree)
		if err != nil {
			t.Fatal(err)
		}
		took := time.Since(began)
		if k.Name() == "generic" || len(facts.Packages) == 0 {
			t.Errorf("%s: %s with %d packages", dir, k.Name(), len(facts.Packages))
		}
		t.Logf("%s: %s, %d packages, PHP %s, docroot %q, schema %q, in %s", filepath.Base(dir), k.Name(), len(facts.Packages), facts.PHP, facts.Docroot, facts.Schema, took.Round(time.Millisecond))
		for _, p := range facts.Packages {
			t.Logf("   %s %s %s, %d parts, needs %v, patches %v", p.Type, p.Name, p.Version, len(p.Parts), p.Needs, p.Patches)
		}
		c := fleet.Compare(before, facts, nil)
		count := map[fleet.Change]int{}
		for _, r := range c.Rows {
			count[r.Change]++
		}
		t.Logf("   compared: %v, %d the same", count, c.Same)
		before = facts
	}
}

// detect gives the first kind that knows a tree.
func detect(t hosting.Tree) hosting.Kind {
	all := kind.All()
	return all[slices.IndexFunc(all, func(k hosting.Kind) bool { return k.Detect(t) })]
}
