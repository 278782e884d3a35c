package outside_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestPackagesArePinned holds that each package is of one version and one
// content, and that the lock file leaves it to npm's own settings from where
// it comes.
func TestPackagesArePinned(t *testing.T) {
	t.Parallel()
	var wanted struct{ Dependencies, OptionalDependencies map[string]string }
	var lock struct {
		Packages map[string]struct{ Version, Resolved, Integrity string }
	}
	for name, into := range map[string]any{"package.json": &wanted, "package-lock.json": &lock} {
		text, err := os.ReadFile("testdata/npm/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatal(err)
		}
	}
	exact := regexp.MustCompile(`^\d+\.\d+\.\d+$`)
	for _, list := range []map[string]string{wanted.Dependencies, wanted.OptionalDependencies} {
		for name, version := range list {
			if got := lock.Packages["node_modules/"+name].Version; !exact.MatchString(version) || got != version {
				t.Errorf("%s is wanted at %q and locked at %q", name, version, got)
			}
		}
	}
	for path, p := range lock.Packages {
		if path != "" && (p.Resolved != "" || !strings.HasPrefix(p.Integrity, "sha512-")) {
			t.Errorf("%s comes from %q with the checksum %q", path, p.Resolved, p.Integrity)
		}
	}
	if len(lock.Packages) < 100 {
		t.Errorf("only %d packages are locked", len(lock.Packages))
	}
}

// TestNothingIsLeftOutInSilence runs a test of this package where its tools
// cannot be had.
func TestNothingIsLeftOutInSilence(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env, want string
		failed    bool
	}{
		"somebody said so":       {offline + "=1 CI=", "SKIP", false},
		"somebody said so in CI": {offline + "=1 CI=true", "in CI, where these tests must run", true},
		"no registry":            {offline + "= npm_config_registry=http://127.0.0.1:9/ npm_config_fetch_retries=0 XDG_CACHE_HOME=" + t.TempDir(), "cannot be installed", true},
	} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestEmulateHasWhatIsListed$", "-test.v")
		cmd.Env = append(os.Environ(), strings.Fields(c.env)...)
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		if (err != nil) != c.failed || !strings.Contains(string(out), c.want) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
