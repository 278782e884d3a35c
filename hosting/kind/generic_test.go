package kind_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/hostingtest"
	"github.com/distrobot/distrobot/hosting/kind"
)

// manifests are the files that the kinds read.
var manifests = []string{
	"composer.json", "composer.lock", "package-lock.json", "packages/a/composer.json", "modules/b/composer.json", "vendor/composer/installed.json",
	"wp-includes/version.php", "wp-content/plugins/a/a.php", "wp-content/plugins/b.php", "wp-content/mu-plugins/c.php", "wp-content/themes/d/style.css", "wp-content/db.php",
	"includes/bootstrap.inc", "modules/e/e.info", "modules/e/e.install", "sites/all/modules/f/f.info", "sites/all/modules/f/PATCHES.txt",
	"core/lib/Drupal.php", "core/composer.json", "core/includes/bootstrap.inc", "core/modules/g/g.info.yml", "core/modules/g/g.install",
	"core/modules/g/g.post_update.php", "modules/h/h.info.yml", "web/core/lib/Drupal.php",
}

func TestKinds(t *testing.T) {
	seen := map[fleet.KindName]bool{}
	for _, k := range kind.All() {
		if seen[k.Name()] {
			t.Errorf("kind %s is listed twice", k.Name())
		}
		seen[k.Name()] = true
		t.Run(string(k.Name()), func(t *testing.T) {
			hostingtest.Kind(t, k, manifests)
		})
	}
}

func TestGenericPackages(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"composer.json":            `{"name":"acme/site","version":"1.2.0","require":{"php":">=8.1","a/b":"^1"}}`,
		"composer.lock":            `{"packages":[{"name":"a/b","version":"v1.4.2","type":"library"},{"name":"drupal/views","version":"3.24","type":"drupal-module"}],"packages-dev":[{"name":"dev/x","version":"1"}]}`,
		"package-lock.json":        `{"lockfileVersion":3,"packages":{"":{"name":"site"},"node_modules/left-pad":{"version":"1.3.0"},"node_modules/a/node_modules/b":{"version":"1"},"node_modules/dev":{"version":"2","dev":true}}}`,
		"packages/x/composer.json": `{"name":"acme/x","type":"atrium-theme","version":"2.0.0","require":[]}`,
		"modules/y/composer.json":  `{"type":"atrium-module"}`,
		"packages/readme.txt":      "no directory",
	} {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	all := kind.All()
	facts, err := all[len(all)-1].Read(t.Context(), hosting.Tree{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	want := fleet.PlatformFacts{PHP: ">=8.1", Packages: []fleet.Package{
		{Name: "acme/site", Type: "application", Version: "1.2.0"},
		{Name: "a/b", Type: "library", Version: "1.4.2"},
		{Name: "left-pad", Type: "library", Version: "1.3.0"},
		{Name: "drupal/views", Type: "module", Version: "3.24"},
		{Name: "y", Type: "module"},
		{Name: "acme/x", Type: "theme", Version: "2.0.0"},
	}}
	if diff := cmp.Diff(want, facts); diff != "" {
		t.Error(diff)
	}
}
