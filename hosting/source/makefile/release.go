package makefile

import (
	"regexp"
	"strings"
)

// A Release names one release of a project at a release source.
type Release struct {
	Project string
	Core    string // "7.x"
	Version string // without the core: "3.24"
	Label   string // what the release is called there: "7.x-3.24", "8.3.4", "3.4.2"
	Branch  string // of a development version: "7.x-3.x", else ""
}

// semantic is a version of three numbers, as projects number themselves since
// Drupal 8; it stands without the core.
var semantic = regexp.MustCompile(`^\d+\.(?:\d+|x)\.(?:\d+|x)(?:-[A-Za-z0-9.]+)?$`)

// withCore is a version that names its core already.
var withCore = regexp.MustCompile(`^\d+\.x-\d`)

// ReleaseOf says how version of p is called.
func ReleaseOf(p Project, core Core) Release {
	r := Release{Project: p.Name, Core: core.Major, Version: p.Version, Label: core.Major + "-" + p.Version}
	major := strings.TrimSuffix(core.Major, ".x")
	switch {
	case withCore.MatchString(p.Version):
		r.Label = p.Version
		r.Core, r.Version, _ = strings.Cut(p.Version, "-")
	case p.Kind == CoreKind, major != "5" && major != "6" && major != "7" && semantic.MatchString(p.Version):
		r.Label = p.Version
	}
	if branch, ok := strings.CutSuffix(r.Label, "-dev"); ok && strings.HasSuffix(branch, ".x") {
		r.Branch = branch
	}
	return r
}
