package kind

import (
	"cmp"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// Bounds of what is kept of one package; foreign trees choose the texts.
const (
	maxName    = 120 // bytes
	maxVersion = 60  // bytes
	maxParts   = 1000
	maxPatches = 100
	maxLicence = 80 // bytes
)

// packages gathers the packages of a code base by type and name.
type packages map[packageKey]fleet.Package

type packageKey struct{ word, name string }

// add adds a package with a name, cleaned and bounded, unless one of its type
// and name is there: the first mention counts.
func (ps packages) add(p fleet.Package) {
	p.Name = fleet.Clean(p.Name, maxName)
	key := packageKey{p.Type, p.Name}
	if _, ok := ps[key]; ok || p.Name == "" || len(ps) >= maxPackages {
		return
	}
	p.Version = cleanVersion(p.Version)
	p.Parts = cleanList(p.Parts, maxParts)
	slices.Sort(p.Parts)
	p.Parts = slices.Compact(p.Parts)
	p.Needs = cleanList(p.Needs, maxPatches)
	p.Patches = cleanList(p.Patches, maxPatches)
	p.Licence = fleet.Clean(p.Licence, maxLicence)
	ps[key] = p
}

// sorted gives the packages by type and name.
func (ps packages) sorted() []fleet.Package {
	out := make([]fleet.Package, 0, len(ps))
	for _, p := range ps {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b fleet.Package) int {
		return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.Name, b.Name))
	})
	return out
}

// cleanVersion takes what is no version off one: a "v" before a number, and
// what a packager's or git's placeholder left ("{$VERSION}", "@version@").
func cleanVersion(v string) string {
	v = fleet.Clean(v, maxVersion)
	if len(v) > 1 && (v[0] == 'v' || v[0] == 'V') && v[1] >= '0' && v[1] <= '9' {
		v = v[1:]
	}
	if strings.ContainsAny(v, "{}%") || strings.HasPrefix(v, "@") {
		return ""
	}
	return v
}

func cleanList(list []string, most int) []string {
	var out []string
	for _, s := range list[:min(len(list), most)] {
		if s = fleet.Clean(s, maxName); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// atLeast writes a lowest version as Composer does.
func atLeast(version string) string {
	if version = fleet.Clean(version, 40); version == "" {
		return ""
	}
	return ">=" + version
}

// strictest gives what the operator says of PHP, else the requirement whose
// lowest version is the highest.
func strictest(said string, found ...string) string {
	if said != "" {
		return said
	}
	best := ""
	var lowest fleet.Version
	for _, requirement := range found {
		requirement = fleet.Clean(requirement, maxVersion)
		v, ok := fleet.LowestPHP(requirement)
		if requirement == "" || !ok && best != "" {
			continue
		}
		if best == "" || v.Compare(lowest) > 0 {
			best, lowest = requirement, v
		}
	}
	return best
}
