package kind_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// TestLocks compares the lock files of real releases that follow each other,
// read as a checkout that Composer has yet to fill. The numbers were counted
// by another program.
func TestLocks(t *testing.T) {
	dir := os.Getenv("DISTROBOT_SAMPLES")
	if dir == "" {
		t.Log("DISTROBOT_SAMPLES is not set: no real lock files are compared; TestDrupal10 and TestWordPressByComposer hold their shapes")
		return
	}
	read := func(name string) fleet.PlatformFacts {
		tree := hosting.Tree{Dir: filepath.Join(dir, name)}
		k := detect(tree)
		facts, err := k.Read(t.Context(), tree)
		if err != nil || k.Name() != "drupal" {
			t.Fatalf("%s is %s: %v", name, k.Name(), err)
		}
		return facts
	}
	for _, c := range []struct {
		from, to                string
		changed, added, removed int
		packages                int
	}{
		{"drops-8/495b94f873", "drops-8/update-9.3.16", 43, 14, 11, 63},
		{"drops-8/update-9.3.16", "drops-8/update-9.5.11", 48, 1, 1, 63},
		{"thinkwork/07cd440e7", "thinkwork/2d6c08387", 150, 33, 4, 258},
	} {
		to := read(c.to)
		got := map[fleet.Change]int{}
		for _, r := range fleet.Compare(read(c.from), to, nil).Rows {
			got[r.Change]++
		}
		changed := got[fleet.Upgraded] + got[fleet.Downgraded] + got[fleet.Changed]
		if changed != c.changed || got[fleet.Added] != c.added || got[fleet.Removed] != c.removed || len(to.Packages) != c.packages {
			t.Errorf("%s to %s: %v of %d packages, want %d changed, %d added, %d removed of %d",
				c.from, c.to, got, len(to.Packages), c.changed, c.added, c.removed, c.packages)
		}
	}
}

// TestInstalledEqualsLock: installed.json and composer.lock of one release say
// the same.
func TestInstalledEqualsLock(t *testing.T) {
	dir := os.Getenv("DISTROBOT_SAMPLES")
	if dir == "" {
		t.Log("DISTROBOT_SAMPLES is not set: no real installed.json is read")
		return
	}
	tree := hosting.Tree{Dir: filepath.Join(dir, "drops-8/update-9.5.11")}
	whole, err := detect(tree).Read(t.Context(), tree)
	if err != nil {
		t.Fatal(err)
	}
	bare := hosting.Tree{Dir: t.TempDir()}
	for _, name := range []string{"composer.json", "composer.lock"} {
		b, err := os.ReadFile(filepath.Join(tree.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(bare.Dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	locked, err := detect(bare).Read(t.Context(), bare)
	if err != nil {
		t.Fatal(err)
	}
	if c := fleet.Compare(locked, whole, nil); len(c.Rows) > 0 || c.Same != len(whole.Packages) {
		t.Errorf("they differ: %+v", c.Rows)
	}
}
