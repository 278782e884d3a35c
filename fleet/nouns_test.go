package fleet_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
)

// TestEveryNounIsKnown holds that Blank knows each noun that a record of fleet
// has in its key: one that it did not know would be missing in backups.
func TestEveryNounIsKnown(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	noun := regexp.MustCompile(`return Key\{[^"}]*"([a-z]+)"`)
	seen := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range noun.FindAllSubmatch(src, -1) {
			seen++
			if fleet.Blank(fleet.Key{Family: fleet.Catalogue, Noun: string(m[1]), ID: "x"}) == nil {
				t.Errorf("%s: Blank does not know %q", name, m[1])
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d nouns were found", seen)
	}
}
