package fleet_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
)

// newest says what people would call the newest version of real repositories,
// by the lists of their tags: with an expression, or with a range.
var newest = []struct{ repo, tags, versions, want string }{
	{repo: "acquia+commons", tags: `7\.x-3\.\d+`, want: "7.x-3.47"},
	{repo: "acquia+commons", versions: "^7.x-3.0", want: "7.x-3.47"},
	{repo: "acquia+lightning", tags: `\d+\.\d+\.\d+`, want: "5.2.4"},
	{repo: "acquia+lightning", versions: "^3 || ^4", want: "4.1.19"},
	{repo: "acquia+lightning-project", tags: `\d+\.\d+\.\d+`, want: "9.2.0"},
	{repo: "acquia+lightning-project", tags: `8\.\d+\.\d+`, want: "8.8.1"},
	{repo: "acquia+lightning-project", versions: "<9", want: "8.8.1"},
	{repo: "drupal+core", tags: `10\.\d+\.\d+`, want: "10.6.15"},
	{repo: "drupal+core", tags: `1[01]\.\d+\.\d+`, want: "11.4.5"},
	{repo: "drupal+core", versions: "~10.2.1", want: "10.2.12"},
	{repo: "drupal+core", versions: "^9@rc <9.1", want: "9.0.14"},
	{repo: "drupalprojects+openatrium", tags: `7\.x-2\.\d+`, want: "7.x-2.631"},
	{repo: "drupalprojects+openatrium", tags: `7\.x-2\.\d\d`, want: "7.x-2.69"},
	{repo: "drupalprojects+openatrium", tags: `7\.x-2\.\d0(-rc\d)?`, want: "7.x-2.60"},
	{repo: "drupalprojects+openatrium", versions: "6.x-1.*", want: "6.x-1.9"},
	{repo: "drush-ops+drush", tags: `\d+\.\d+\.\d+`, want: "13.3.0"},
	{repo: "drush-ops+drush", tags: `13\.\d+\.\d+(-(beta|rc)\d+)?`, want: "13.3.0"},
	{repo: "drush-ops+drush", tags: `\d\.\d+\.\d+-rc\d+`, want: "9.6.0-rc6"},
	{repo: "drush-ops+drush", versions: "^8", want: "8.4.12"},
	{repo: "drush-ops+drush", versions: ">=11 <12.5", want: "12.4.4"},
	{repo: "panopoly+panopoly", tags: `7\.x-1\.\d+`, want: "7.x-1.84"},
	{repo: "pantheon-systems+WordPress", tags: `\d+\.\d+(\.\d+)?`, want: "6.9.1"},
	{repo: "pantheon-systems+WordPress", versions: "~6.4.0", want: "6.4.7"},
	{repo: "pantheon-systems+drops-7", tags: `7\.\d+`, want: "7.105"},
	{repo: "pantheon-systems+drops-7", versions: "^7.90", want: "7.105"},
	{repo: "pantheon-systems+drops-8", tags: `8\.\d+\.\d+`, want: "8.9.21"},
	{repo: "pantheon-systems+drops-8", tags: `\d+\.\d+\.\d+`, want: "9.1.0"},
	{repo: "phase2+openatrium-drops-7", tags: `7\.x-2\.\d+`, want: "7.x-2.644"},
	{repo: "thunder+thunder-distribution", tags: `\d+\.\d+\.\d+`, want: "7.3.7"},
	{repo: "thunder+thunder-distribution", tags: `8\.x-5\.\d+`, want: "8.x-5.11"},
	{repo: "thunder+thunder-distribution", versions: "8.x-4.*", want: "8.x-4.8"},
	{repo: "thunder+thunder-project", tags: `\d+\.\d+\.\d+`, want: "4.1.0"},
	{repo: "thunder+thunder-project", versions: "~3.0.9", want: "3.0.12"},
}

// Every list of real tags that is at hand is in the table, and each expression
// and range chooses the newest of it, however the list is ordered.
func TestNewestOfRealRepositories(t *testing.T) {
	dir := os.Getenv("DISTROBOT_SAMPLES")
	if dir == "" {
		t.Skip("DISTROBOT_SAMPLES is not set; the tables beside this test hold the same shapes")
	}
	files, err := filepath.Glob(filepath.Join(dir, "refs", "*.ls-remote.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no lists in %s: %v", dir, err)
	}
	unused := map[string]bool{}
	for _, f := range files {
		unused[strings.TrimSuffix(filepath.Base(f), ".ls-remote.txt")] = true
	}
	for _, c := range newest {
		delete(unused, c.repo)
		tags := realTags(t, filepath.Join(dir, "refs", c.repo+".ls-remote.txt"))
		chooser, err := fleet.Distribution{Track: fleet.Track{Tags: c.tags, Versions: c.versions}}.Chooser()
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			rand.Shuffle(len(tags), func(i, j int) { tags[i], tags[j] = tags[j], tags[i] })
			got := chooser.Matching(tags)
			if len(got) == 0 || got[0] != c.want {
				t.Errorf("%s %s%s: %v, want %s", c.repo, c.tags, c.versions, got[:min(3, len(got))], c.want)
				break
			}
		}
	}
	for repo := range unused {
		t.Errorf("nothing is chosen from %s", repo)
	}
}
