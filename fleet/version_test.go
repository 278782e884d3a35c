package fleet_test

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
)

// Each list is in rising order.
func TestVersionOrder(t *testing.T) {
	lists := map[string]string{
		"semver":     "1.0.0-dev 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 1.0.1 1.2.0 1.10.0 2.0.0",
		"mixed v":    "1.0.0-rc1 v1.0.0 1.0.1 v1.0.2 release-1.3 1.4",
		"drupal":     "6.x-1.0-beta4 6.x-1.7 7.x-3.0-dev 7.x-3.0-unstable4 7.x-3.0-alpha2 7.x-3.0-beta9 7.x-3.0-beta10 7.x-3.0-rc1 7.x-3.0 7.x-3.0+5-dev 7.x-3.0+12-dev 7.x-3.1 7.x-3.9 7.x-3.24 7.x-3.x-dev 8.x-1.0-beta2 8.x-1.0 8.x-1.5 2.0.0-alpha1 2.0.0",
		"four parts": "7.50.0.1 7.50.0.2 7.50.1 7.50.1.1",
		"dates":      "2023-12-31 20240501 2024-05-02 2024.5.3 2024-05-03-2 deploy-2024-05-04",
		"patches":    "8.0.0-rc4 8.0.0 8.0.0-p1 8.0.0-p2 8.0.1",
		"letters":    "1.0.2-beta1 1.0.2 1.0.2a 1.0.2k 1.0.2m 1.0.3",
		"python":     "3.0a1 3.0b1 3.0b2 3.0c1 3.0",
		"unknown":    "1.0-dev 1.0-early 1.0-alpha1 1.0",
		"rc dash":    "7.x-1.0-rc-1 7.x-1.0-rc2 7.x-1.0-rc-10 7.x-1.0",
		"prefixes":   "debian/5.0 pressflow-5.9 debian/5.10-1 drupal-6.1",
		"long":       "1.99999999999999999999998 1.99999999999999999999999 1.100000000000000000000000",
	}
	for name, list := range lists {
		t.Run(name, func(t *testing.T) {
			tags := strings.Fields(list)
			for i, a := range tags {
				for j, b := range tags {
					if got, want := sign(version(t, a).Compare(version(t, b))), sign(i-j); got != want {
						t.Errorf("%s against %s: %d, want %d", a, b, got, want)
					}
				}
			}
		})
	}
}

func TestVersionEqualSpellings(t *testing.T) {
	for _, pair := range [][2]string{
		{"1.0", "v1.0.0"}, {"1.0.0+drupal6", "1.0.0+drupal5"}, {"2024-05-01", "20240501"},
		{"release-1.2", "1.2"}, {"1.0-RC1", "1.0-rc.1"}, {"1.2.0-final", "1.2"}, {"01.002", "1.2"},
	} {
		if version(t, pair[0]).Compare(version(t, pair[1])) != 0 {
			t.Errorf("%s and %s differ", pair[0], pair[1])
		}
	}
}

func TestVersionProperties(t *testing.T) {
	for tag, want := range map[string]struct {
		pre   string
		fixed bool
	}{
		"1.0":           {"", true},
		"7.x-3.0-rc1":   {"rc", true},
		"7.x-3.x-dev":   {"dev", false},
		"1.x":           {"", false},
		"3.23+5-dev":    {"", true},
		"2024-05-01":    {"", true},
		"1.0.0-preview": {"preview", true},
	} {
		v := version(t, tag)
		if v.PreRelease() != want.pre || v.Fixed() != want.fixed {
			t.Errorf("%s: pre-release %q fixed %v, want %+v", tag, v.PreRelease(), v.Fixed(), want)
		}
	}
	for _, tag := range []string{"", "start", "WELCOME", "dev-main", strings.Repeat("1", 500)} {
		if _, ok := fleet.ParseVersion(tag); ok {
			t.Errorf("%.20q is taken for a version", tag)
		}
	}
}

func TestBestTag(t *testing.T) {
	cases := []struct{ name, expr, tags, want string }{
		{"by version, not by text", `1\.\d+`, "1.9 1.10 1.2", "1.10"},
		{"anchored", `1\.\d+`, "1.9 1.10-beta1 11.1 1.10.1", "1.9"},
		{"pre-release not named", `\d+\.\d+\.\d+.*`, "1.0.0 1.1.0-rc1 1.1.0-beta2", "1.0.0"},
		{"pre-release named", `\d+\.\d+\.\d+(-rc\d+)?`, "1.0.0 1.1.0-rc1 1.2.0-beta2", "1.1.0-rc1"},
		{"final beats its pre-release", `\d+\.\d+\.\d+(-rc\d+)?`, "1.1.0-rc1 1.1.0 1.1.0-rc2", "1.1.0"},
		{"several words", `2\.0-(alpha|beta|rc)\d+`, "2.0-alpha9 2.0-beta1 2.0 2.0-dev1", "2.0-beta1"},
		{"class names nothing", `2\.0-[abcert]+\d`, "2.0-beta1", ""},
		{"escape names nothing", `1\.0\D\d`, "1.0b1", ""},
		{"flags are no words", `(?i)1\.0-[A-Z]+1`, "1.0-RC1", ""},
		{"case of the word", `(?i)1\.0-rc\d`, "1.0-RC2 1.0-rc1", "1.0-RC2"},
		{"drupal", `7\.x-\d+\.\d+`, "7.x-3.9 7.x-3.24 8.x-1.0 7.x-4.0-beta1", "7.x-3.24"},
		{"core branches", `[78]\.x-\d+\.\d+`, "7.x-3.24 8.x-1.0", "8.x-1.0"},
		{"unknown suffix named", `\d+-prod`, "20240501-prod 20240601-prod 20240701-test", "20240601-prod"},
		{"post release needs no name", `8\.0\.0.*`, "8.0.0 8.0.0-p1 8.0.0-rc4", "8.0.0-p1"},
		{"a tag without a number", `stable|v\d`, "stable", "stable"},
		{"which is last", `stable|v\d`, "stable v1", "v1"},
		{"equals by spelling", `v?1\.0(\.0)?`, "1.0 v1.0.0 1.0.0", "v1.0.0"},
		{"nothing matches", `9\..*`, "1.0", ""},
		{"nothing there", `.*`, "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			re := expr(t, c.expr)
			tags := strings.Fields(c.tags)
			for range 2 {
				got, ok := fleet.BestTag(re, tags)
				if got != c.want || ok != (c.want != "") {
					t.Errorf("%s of %v: %q, want %q", c.expr, tags, got, c.want)
				}
				slices.Reverse(tags)
			}
		})
	}
}

func TestMatchingTagsBestFirst(t *testing.T) {
	got := fleet.MatchingTags(expr(t, `\d+\.\d+(-beta\d+)?`), []string{"1.2", "1.10", "q", "1.10", "2.0-rc1", "2.0-beta1"})
	if want := []string{"2.0-beta1", "1.10", "1.2"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// The newest release of each real repository, as its people would say.
func TestBestTagOfRealRepositories(t *testing.T) {
	dir := os.Getenv("DISTROBOT_SAMPLES")
	if dir == "" {
		t.Skip("DISTROBOT_SAMPLES is not set; the table above holds the same shapes")
	}
	for _, c := range []struct{ repo, expr, want string }{
		{"panopoly+panopoly", `7\.x-1\.\d+`, "7.x-1.84"},
		{"acquia+commons", `7\.x-3\.\d+`, "7.x-3.47"},
		{"acquia+lightning", `\d+\.\d+\.\d+`, "5.2.4"},
		{"drupal+core", `10\.\d+\.\d+`, "10.6.15"},
		{"pantheon-systems+drops-7", `7\.\d+`, "7.105"},
		{"pantheon-systems+WordPress", `\d+\.\d+(\.\d+)?`, "6.9.1"},
	} {
		tags := realTags(t, filepath.Join(dir, "refs", c.repo+".ls-remote.txt"))
		got, ok := fleet.BestTag(expr(t, c.expr), tags)
		t.Logf("%s %s: %s of %d tags", c.repo, c.expr, got, len(tags))
		if !ok || got != c.want {
			t.Errorf("%s %s: %q, want %q", c.repo, c.expr, got, c.want)
		}
	}
}

func realTags(t *testing.T, file string) []string {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var tags []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		_, name, _ := strings.Cut(lines.Text(), "refs/tags/")
		if name != "" && !strings.HasSuffix(name, "^{}") {
			tags = append(tags, name)
		}
	}
	return tags
}

// FuzzBestTag holds the order to its laws and the choice to its expression.
func FuzzBestTag(f *testing.F) {
	f.Add(`\d+\.\d+`, "1.0", "1.1-rc1", "v1.0")
	f.Add(`7\.x-.*`, "7.x-3.24", "7.x-3.x-dev", "8.x-1.0+5-dev")
	f.Add(`.*`, "2024-05-01", "q", "1.0.2k")
	f.Add(`(?i)a|[b\]]\x{41}`, "1.0-p1", "1.0-pl", "1.0-patch")
	f.Fuzz(func(t *testing.T, pattern, a, b, c string) {
		tags := []string{a, b, c}
		for _, x := range tags {
			if fleet.CompareTags(x, x) != 0 {
				t.Errorf("%q is not itself", x)
			}
			for _, y := range tags {
				if sign(fleet.CompareTags(x, y)) != -sign(fleet.CompareTags(y, x)) {
					t.Errorf("%q and %q: both ways differ", x, y)
				}
				for _, z := range tags {
					if fleet.CompareTags(x, y) >= 0 && fleet.CompareTags(y, z) >= 0 && fleet.CompareTags(x, z) < 0 {
						t.Errorf("%q >= %q >= %q, but not over two", x, y, z)
					}
				}
			}
		}
		re, err := fleet.Track{Tags: pattern}.Expr()
		if err != nil {
			return
		}
		best, ok := fleet.BestTag(re, tags)
		if ok && (!re.MatchString(best) || !slices.Contains(tags, best)) {
			t.Errorf("%q was chosen by %q of %q", best, pattern, tags)
		}
		if all := fleet.MatchingTags(re, tags); ok != (len(all) > 0) || ok && all[0] != best {
			t.Errorf("best %q, but in order %q", best, all)
		}
	})
}

func version(t *testing.T, s string) fleet.Version {
	t.Helper()
	v, ok := fleet.ParseVersion(s)
	if !ok {
		t.Fatalf("%q is no version", s)
	}
	return v
}

func expr(t *testing.T, s string) *regexp.Regexp {
	t.Helper()
	re, err := fleet.Track{Tags: s}.Expr()
	if err != nil {
		t.Fatal(err)
	}
	return re
}

func sign(n int) int { return min(max(n, -1), 1) }
