package advisories_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/distrobot/distrobot/advisories"
	"github.com/distrobot/distrobot/fleet"
)

// hold reads a text as a kind of document and holds what every reader promises:
// what it gives is bounded, can be matched, and leads nowhere but to https.
func hold(f *testing.F, kind string, seeds ...string) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		found, err := advisories.ReadAs(kind, text)
		if err != nil {
			return
		}
		for _, a := range found {
			again, ok := a.Checked()
			if !ok || again != a || a.URL != "" && !strings.HasPrefix(a.URL, "https://") ||
				strings.ContainsFunc(a.ID+a.Title+a.CVE+a.Fix, unicode.IsControl) {
				t.Fatalf("%+v", a)
			}
			fleet.NewLibrary(nil, found).Match("drupal", fleet.Package{Name: "views", Type: "module", Version: "7.x-3.1"})
		}
	})
}

func FuzzDrupal(f *testing.F) {
	hold(f, "drupal", historyOf("published", "7.x-3.", "7.x-3.25 S", "7.x-3.24 I", "7.x-2.0 U"), "<error>none</error>", "<project><releases><release><version>1</version></release></releases></project>")
}

func FuzzComposer(f *testing.F) {
	hold(f, "composer", composerSample, `{"advisories":[]}`, `{"advisories":{"a/b":{"0":{"advisoryId":"x","affectedVersions":"<1"}}}}`)
}

func FuzzWordPress(f *testing.F) { hold(f, "wordpress", wordpressSample, `{}`) }

func FuzzFile(f *testing.F) {
	hold(f, "file", "version: 1\nadvisories:\n  - {id: a, package: views, affected: '<2', url: 'https://example.org'}\n", `{"version":1}`)
}
