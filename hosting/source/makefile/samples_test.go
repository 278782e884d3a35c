package makefile_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting/source/makefile"
)

// TestSamples reads every makefile of a directory of real distributions, named by
// DISTROBOT_SAMPLES; without one there is nothing to read.
func TestSamples(t *testing.T) {
	dir := os.Getenv("DISTROBOT_SAMPLES")
	if dir == "" {
		t.Skip("DISTROBOT_SAMPLES names no directory of real code bases")
	}
	// What these ask for is refused, each by its line.
	refused := map[string]string{
		"includes-main.make": "line 5: remote makefiles", "no-core.make.yml": "says no api", "options-project.make": "line 8", "svn.make": "line 5: download type",
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".make") && !strings.HasSuffix(path, ".make.yml") {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if _, err := makefile.Parse(path, b); err != nil {
			t.Error(err)
		}
		p, err := planOf(t, openDir(t, filepath.Dir(path)), filepath.Base(path))
		words, bad := refused[filepath.Base(path)]
		switch {
		case bad && (fleet.CodeOf(err) != fleet.Invalid || !strings.Contains(err.Error(), words)):
			t.Errorf("%s: error %v, want %q", path, err, words)
		case !bad && err != nil:
			t.Error(err)
		case !bad && len(p.Projects) == 0 && filepath.Base(path) != "mailhandler.make":
			t.Errorf("%s names no projects", path)
		}
		return nil
	})
	if err != nil || files < 40 {
		t.Errorf("%d makefiles, %v", files, err)
	}
}

// TestSamplePlans holds what was read off real makefiles, and what drush 8.4.12
// itself made of its fixtures.
func TestSamplePlans(t *testing.T) {
	dir := os.Getenv("DISTROBOT_SAMPLES")
	if dir == "" {
		t.Skip("DISTROBOT_SAMPLES names no directory of real code bases")
	}
	tests := []struct {
		file     string
		projects int
		want     string // one of them: place, release or download
	}{
		{"drush/8.4.12/tests/makefiles/include.make", 4, "projects/drupal  6.17"},
		{"drush/8.4.12/tests/makefiles/include.make", 4, "projects/views sites/all/modules/views 6.x-2.11"},
		{"drush/8.4.12/tests/makefiles/include.make", 4, "projects/cck sites/all/modules/cck 6.x-2.6"},
		{"drush/8.4.12/tests/makefiles/include.make.yml", 4, "projects/eldorado_superfly sites/all/modules/eldorado_superfly 6.x-1.1"},
		{"drush/8.4.12/tests/makefiles/defaults.make", 3, "projects/boxes sites/all/modules/contrib/boxes 6.x-1.0"},
		{"drush/8.4.12/tests/makefiles/defaults.make.yml", 3, "projects/devel sites/all/modules/development/devel 6.x-1.27"},
		{"drush/8.4.12/tests/makefiles/subtree.make", 2, "libraries/nivo-slider sites/all/libraries/nivo-slider "},
		{"openatrium/7.x-2.60/drupal-org.make", 56, "projects/oa_core sites/all/modules/contrib/oa_core 7.x-2.71"},
		{"openatrium/7.x-2.69/drupal-org.make", 56, "projects/oa_core sites/all/modules/contrib/oa_core 7.x-2.80"},
		{"openatrium/7.x-2.69/scripts/oa-drush-dev.make", 59, "projects/panopoly_core sites/all/modules/panopoly/panopoly_core 7.x-1.40"},
		{"open_social/8.x-1.0/build-social.make", 28, "projects/bootstrap themes/contrib/bootstrap 8.x-3.5"},
		{"open_social/8.x-1.0/build-social.make", 28, "projects/social profiles/social "},
		{"open_social/8.x-1.0/drupal-org-core.make", 1, "projects/drupal  8.3.4"},
		{"lightning/8.x-1.00/drupal-org.make", 25, "projects/token modules/contrib/token "},
		{"commons/701edeaebd/build-commons.make", 2, "projects/commons profiles/commons "},
	}
	for _, tt := range tests {
		path := filepath.Join(dir, tt.file)
		p, err := planOf(t, openDir(t, filepath.Dir(path)), filepath.Base(path))
		if err != nil {
			t.Error(err)
			continue
		}
		var all []string
		for _, r := range p.Projects {
			key, _, _ := strings.Cut(r.Project, " ")
			all = append(all, key+" "+r.Place+" "+strings.Fields(r.Release + " -")[0])
		}
		found := false
		for _, line := range all {
			found = found || strings.TrimSuffix(line, "-") == tt.want
		}
		if len(p.Projects) != tt.projects || !found {
			t.Errorf("%s: %d projects, want %d with %q in\n%s", tt.file, len(p.Projects), tt.projects, tt.want, strings.Join(all, "\n"))
		}
	}
}
