package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDoctorNamesWhatBuildsNeed takes the tools away and asserts that each is
// told with the package to install.
func TestDoctorNamesWhatBuildsNeed(t *testing.T) {
	c := Config{Data: passable(t), BuildUser: "nobody"}
	bin := t.TempDir()
	for _, tool := range []string{"php", "patch"} { // one that runs, one that does not
		script := map[string]string{"php": "#!/bin/sh\necho PHP 8.2.0; echo more\n", "patch": "#!/bin/sh\nexit 3\n"}[tool]
		if err := os.WriteFile(filepath.Join(bin, tool), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin)
	told := map[string]string{}
	var all []string
	for _, f := range checkBuilds(t.Context(), c) {
		all = append(all, f.Level+" "+f.Text)
		told[strings.Fields(f.Text)[0]] = f.Level + " " + f.Remedy
	}
	for tool, want := range map[string]string{"composer": "apt-get install composer", "unzip": "apt-get install unzip", "xz": "apt-get install xz-utils",
		"patch": "patch --version", "unshare": "apt-get install util-linux"} {
		if !strings.HasPrefix(told[tool], "warning") || !strings.Contains(told[tool], want) {
			t.Errorf("%s: %q, want %q\n%s", tool, told[tool], want, strings.Join(all, "\n"))
		}
	}
	if !strings.HasPrefix(told["PHP"], "ok") {
		t.Errorf("php: %s", strings.Join(all, "\n"))
	}
}

func TestDoctorSeesWhatTheUserOfBuildsCannotReach(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root runs builds as somebody else")
	}
	open := Config{Data: passable(t), BuildUser: "nobody"}
	shut := Config{Data: filepath.Join(t.TempDir(), "data"), BuildUser: "nobody"}
	if err := os.Mkdir(shut.Data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(shut.Data), 0o700); err != nil {
		t.Fatal(err)
	}
	for want, c := range map[string]Config{"ok": open, "error": shut} {
		if got := checkBuildUser(t.Context(), c)[0]; got.Level != want {
			t.Errorf("%s: %+v", want, got)
		}
	}
}
