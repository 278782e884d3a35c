package hosting_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

func TestParseSpec(t *testing.T) {
	s, err := hosting.ParseSpec([]byte(`
version: 1
kind: generic
docroot: web/
php: ">=8.1"
shared: [web/files]
versioned:
  - data/./db
settings:
  tpl/settings.php: web/settings.php
update:
  - [./update.sh, --all]
  - [php, bin/console, migrate]
check: {path: /health, status: 204, min_bytes: 10, marker: "ok"}
verify: [[sh, -n, update.sh]]
network: false
timeout: 90s
`))
	must(t, err)
	no := false
	want := hosting.Spec{
		Version: 1, Kind: "generic", Docroot: "web", PHP: ">=8.1", Shared: []string{"web/files"}, Versioned: []string{"data/db"},
		Settings: map[string]string{"tpl/settings.php": "web/settings.php"},
		Update:   [][]string{{"./update.sh", "--all"}, {"php", "bin/console", "migrate"}},
		Check:    hosting.Check{Path: "/health", Status: 204, MinBytes: 10, Marker: "ok"},
		Verify:   [][]string{{"sh", "-n", "update.sh"}}, Network: &no, Timeout: "90s",
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Error(diff)
	}
	if s.Online() || s.Limit() != 90*time.Second {
		t.Error("network or timeout")
	}
	if s, err := hosting.ParseSpec(nil); err != nil || s.Docroot != "." || s.Check.Path != "/" || s.Check.Status != 200 || !s.Online() || s.Limit() != 10*time.Minute {
		t.Errorf("defaults: %+v %v", s, err)
	}
	if s, err := hosting.ParseSpec([]byte("version: 1\ncheck: {marker: x}\n")); err != nil || s.Check.Path != "/" || s.Check.Status != 200 {
		t.Errorf("defaults of a check: %+v %v", s, err)
	}
}

func TestParseSpecRefuses(t *testing.T) {
	cases := map[string]struct{ text, want string }{
		"no version":        {"kind: generic", "version must be 1"},
		"newer":             {"version: 2", "version must be 1"},
		"unknown key":       {"version: 1\nkind: generic\nupdates: [[x]]", "line 3:"},
		"unknown check":     {"version: 1\ncheck:\n  url: /", "line 3:"},
		"twice":             {"version: 1\nversion: 1", "line 2:"},
		"broken":            {"version: 1\nshared: [a", "line"},
		"type":              {"version: 1\nshared: 7", "line 2:"},
		"string command":    {"version: 1\nupdate: [./update.sh]", "line 2:"},
		"two documents":     {"version: 1\n---\nversion: 1", "more than one document"},
		"alias":             {"version: 1\nshared: &a [x]\nversioned: *a", "anchors"},
		"absolute":          {"version: 1\nshared: [/etc]", "leaves the tree"},
		"parent":            {"version: 1\nversioned: [data/../../other]", "leaves the tree"},
		"docroot":           {"version: 1\ndocroot: ../x", "leaves the tree"},
		"whole":             {"version: 1\nversioned: [.]", "whole tree"},
		"git":               {"version: 1\nshared: [x/.GIT/hooks]", "git's own"},
		"template":          {"version: 1\nsettings: {../x: y}", "leaves the tree"},
		"destination":       {"version: 1\nsettings: {x: ../y}", "leaves the tree"},
		"backslash":         {"version: 1\nshared: ['a\\b']", "not a path"},
		"control":           {"version: 1\nshared: [\"a\\u0007\"]", "not a path"},
		"overlap":           {"version: 1\nshared: [a/b]\nversioned: [a]", "within each other"},
		"same":              {"version: 1\nshared: [a, a]", "within each other"},
		"settings in data":  {"version: 1\nversioned: [a]\nsettings: {t: a/s}", "within each other"},
		"docroot in data":   {"version: 1\ndocroot: a/web\nversioned: [a]", "docroot lies within"},
		"empty command":     {"version: 1\nupdate: [[]]", "begins with a program"},
		"option as program": {"version: 1\nverify: [[-x]]", "begins with a program"},
		"program outside":   {"version: 1\nupdate: [[../../bin/sh]]", "leaves the tree"},
		"absolute program":  {"version: 1\nupdate: [[/bin/sh]]", "leaves the tree"},
		"time":              {"version: 1\ntimeout: 10", "timeout"},
		"long time":         {"version: 1\ntimeout: 100h", "timeout"},
		"check path":        {"version: 1\ncheck: {path: '//example.org/'}", "one slash"},
		"check status":      {"version: 1\ncheck: {status: 500}", "status"},
		"large":             {"version: 1\n#" + strings.Repeat("x", hosting.MaxSpec), "larger than 64 KiB"},
		"long list":         {"version: 1\nshared: [" + strings.Repeat("a,", 101) + "a]", "more than 100"},
		"NUL":               {"version: 1\n\x00", "NUL"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s, err := hosting.ParseSpec([]byte(c.text))
			if fleet.CodeOf(err) != fleet.Invalid {
				t.Fatalf("error %v, spec %+v", err, s)
			}
			text := hosting.Sentence(err)
			if !strings.Contains(text, c.want) || len(text) > 300 || strings.Contains(text, "\n") {
				t.Errorf("%q does not say %q in one line", text, c.want)
			}
		})
	}
}

// A specification that is a link out of the tree is not followed.
func TestReadSpecStaysInside(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "secret")
	must(t, os.WriteFile(outside, []byte("version: 1\nkind: secret\n"), 0o644))
	must(t, os.Symlink(outside, filepath.Join(dir, hosting.SpecFile)))
	if s, err := hosting.ReadSpec(dir); err == nil {
		t.Errorf("read %+v", s)
	}
}

// Whatever a specification holds, it is refused in one sentence or all its paths
// stay inside the tree.
func FuzzParseSpec(f *testing.F) {
	for _, s := range []string{"", "version: 1", "version: 1\nshared: [a/b]\nversioned: [c]\nsettings: {t: s}\nupdate: [[x, y]]",
		"version: 1\nshared: [../a]", "a: &a [*a]", "version: 1\ncheck: {path: /, status: 200}", "? x", "version: 1\n<<: {a: b}", "!!binary x", "{", "- - -"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := hosting.ParseSpec(b)
		if err != nil {
			if fleet.CodeOf(err) != fleet.Invalid || strings.ContainsAny(hosting.Sentence(err), "\n\x00") {
				t.Fatalf("%q", err)
			}
			return
		}
		paths := append(append([]string{s.Docroot}, s.Shared...), s.Versioned...)
		for from, to := range s.Settings {
			paths = append(paths, from, to)
		}
		for _, p := range paths {
			if !filepath.IsLocal(p) || filepath.Clean(p) != p {
				t.Fatalf("path %q of %q", p, b)
			}
		}
	})
}
