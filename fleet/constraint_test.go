package fleet_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
)

func TestConstraint(t *testing.T) {
	for _, c := range []struct{ text, yes, no string }{
		{"^10.2", "10.2.0 10.2 10.3.7 v10.99 V10.4 10.2.0+build", "10.1.9 11.0.0 10.3.0-rc1 7.x-10.3 11.0.0-rc1 pkg/10.3 10.3.x-dev main"},
		{"^0.3", "0.3.0 0.3.9", "0.4.0 0.2.9 1.0"},
		{"^0.0.3", "0.0.3", "0.0.4 0.1.0"},
		{"^7", "7.0 7.105", "8.0 6.9"},
		{"~1.4", "1.4.0 1.9 1.4.11", "2.0 1.3.9"},
		{"~1.4.2", "1.4.2 1.4.9", "1.5.0 1.4.1"},
		{"~2", "2.0 2.9", "3.0 1.9"},
		{"7.x-3.*", "7.x-3.0 7.x-3.24 7.x-3.24.1", "7.x-4.0 8.x-3.1 3.24 7.x-3.25-beta1 7.x-3.x-dev"},
		{"8.x-1.x", "8.x-1.0 8.x-1.12", "8.x-2.0 1.0 7.x-1.0"},
		{"10.x", "10.0.0 10.6.15", "9.5 11.0 100.0"},
		{"^7.x-3.2", "7.x-3.2 7.x-3.47", "7.x-3.1 7.x-4.0 3.4"},
		{">=1.2 <2", "1.2 1.9.9", "1.1 2.0 2.0.0-rc1"},
		{">= 1.2, < 2", "1.2 1.9.9", "1.1 2.0"},
		{">1.2", "1.2.1 2.0 1.2-p1", "1.2.0 1.1"},
		{"<=1.2", "1.2 0.9 1.2.0", "1.2.1"},
		{"^1 || ^3", "1.0 3.5", "2.0 4.0"},
		{"^1 !=1.3", "1.2 1.3.1", "1.3 1.3.0"},
		{"1.3", "1.3 1.3.0 v1.3", "1.3.1 1.3-rc1"},
		{"^10.2@rc", "10.2.0-rc1 10.3.0", "10.3.0-beta1 11.0.0-rc1"},
		{"^10.2@beta", "10.3.0-beta2 10.3.0-rc1", "10.3.0-alpha1"},
		{"^2.0@dev", "2.1.x-dev 2.0-unknown1", "3.0"},
		{">=2.0-beta2", "2.0-beta2 2.0-rc1 2.0 2.1-beta1", "2.0-beta1 2.1-alpha1"},
		{"2024.*", "20240501 2024-12-31", "2023-12-31 20250101"},
		{"^99999999999999999999", "99999999999999999999.1", "100000000000000000000.0"},
	} {
		got, err := fleet.ParseConstraint(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		for _, v := range strings.Fields(c.yes) {
			if !got.Admits(v) {
				t.Errorf("%s does not admit %s", c.text, v)
			}
		}
		for _, v := range strings.Fields(c.no) {
			if got.Admits(v) {
				t.Errorf("%s admits %s", c.text, v)
			}
		}
	}
}

func TestConstraintRefused(t *testing.T) {
	for _, text := range []string{"", " ", "||", "^1 ||", "main", "^", "1.*.2", "*", "^1.*", "^1@never", "^rel-1", "^1 x", "\x00", strings.Repeat("^1 ", 100), "^1 - 2"} {
		_, err := fleet.ParseConstraint(text)
		if fleet.CodeOf(err) != fleet.Invalid {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// The newest version in a range of each real repository; every expression and
// range chooses the same whatever the order of the list, and nothing of what it
// chooses would be missed by the prefixes that the server is asked for.
func TestRangesOverRealRepositories(t *testing.T) {
	dir := os.Getenv("DISTROBOT_SAMPLES")
	if dir == "" {
		t.Skip("DISTROBOT_SAMPLES is not set; the table above holds the same shapes")
	}
	for _, c := range []struct{ repo, track, want string }{
		{"drupal+core", "^10.2", "10.6.15"},
		{"drupal+core", "~10.2.1", "10.2.12"},
		{"drupal+core", "9.x", "9.5.11"},
		{"drupal+core", "8.9.*", "8.9.20"},
		{"drupal+core", "^9@rc <9.1", "9.0.14"},
		{"panopoly+panopoly", "7.x-1.*", "7.x-1.84"},
		{"acquia+commons", "^7.x-3.0", "7.x-3.47"},
		{"acquia+lightning", "^3 || ^4", "4.1.19"},
		{"pantheon-systems+drops-7", "^7.90", "7.105"},
		{"pantheon-systems+WordPress", "~6.4", "6.9.1"},
		{"pantheon-systems+WordPress", "~6.4.0", "6.4.7"},
	} {
		tags := realTags(t, filepath.Join(dir, "refs", c.repo+".ls-remote.txt"))
		chooser, err := fleet.Distribution{Track: fleet.Track{Versions: c.track}}.Chooser()
		if err != nil {
			t.Fatal(err)
		}
		got := chooser.Matching(tags)
		if len(got) == 0 || got[0] != c.want {
			t.Errorf("%s %s: %v, want %s", c.repo, c.track, got[:min(3, len(got))], c.want)
		}
		for _, name := range got {
			if !begins(name, chooser.Starts()) {
				t.Errorf("%s %s: %s begins with none of %q", c.repo, c.track, name, chooser.Starts())
			}
		}
	}
}

func begins(name string, starts []string) bool {
	for _, s := range starts {
		if strings.HasPrefix(name, s) {
			return true
		}
	}
	return len(starts) == 0
}

// FuzzConstraint holds ranges to their laws: no text crashes; what is admitted
// begins as the server is asked, and ^ and ~ admit their own bound alone.
func FuzzConstraint(f *testing.F) {
	for _, s := range []string{"^10.2", "~1.4.2", "7.x-3.*", ">=1 <2 || 5.x", "^1@rc", "!=3", "==2", "^0.0.0", "~0"} {
		f.Add(s, "10.2.1")
		f.Add(s, "v7.x-3.4-rc1")
		f.Add(s, "0.0")
	}
	f.Fuzz(func(t *testing.T, text, name string) {
		chooser, err := fleet.Distribution{Track: fleet.Track{Versions: text}}.Chooser()
		if err != nil || text == "" {
			return
		}
		for _, got := range chooser.Matching([]string{name}) {
			if strings.TrimLeft(got, "vV0") == strings.TrimLeft(got, "vV") && !begins(got, chooser.Starts()) {
				t.Errorf("%q admits %q, which begins with none of %q", text, got, chooser.Starts())
			}
		}
		if v, ok := fleet.ParseVersion(name); ok && name[0] >= '0' && name[0] <= '9' && !strings.ContainsFunc(name, func(r rune) bool { return r <= 32 || r > 126 || r == 124 || r == 44 || r == 64 }) && v.Fixed() && v.PreRelease() == "" {
			c, err := fleet.ParseConstraint("^" + name)
			if err == nil && !c.Admits(name) {
				t.Errorf("^%q does not admit it", name)
			}
		}
	})
}
