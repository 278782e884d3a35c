package fleet

import (
	"cmp"
	"slices"
	"strings"
)

// A PackageGroup is a heading under which a comparison is read.
type PackageGroup string

// The groups, in the order in which they are read.
const (
	GroupCore      PackageGroup = "core"
	GroupModules   PackageGroup = "modules"
	GroupThemes    PackageGroup = "themes"
	GroupPlugins   PackageGroup = "plugins"
	GroupLibraries PackageGroup = "libraries"
)

// PackageGroups lists them in their order.
func PackageGroups() []PackageGroup {
	return []PackageGroup{GroupCore, GroupModules, GroupThemes, GroupPlugins, GroupLibraries}
}

// GroupOf gives the group of a package by its type: a profile is read with the
// modules, and whatever has no group of its own with the libraries.
func GroupOf(kind string) PackageGroup {
	switch kind {
	case "core", "application":
		return GroupCore
	case "module", "profile":
		return GroupModules
	case "theme":
		return GroupThemes
	case "plugin", "mu-plugin", "drop-in":
		return GroupPlugins
	}
	return GroupLibraries
}

// A DetailRow is one package of either platform, whether it differs or not.
type DetailRow struct {
	Row      // Change is "" for a package that does not differ
	Group    PackageGroup
	Step     string   // how far it moves: "1 major", "3 minor", "2 patch"; "" when nobody can tell
	Licences []string // from and to, if both are known and differ
	Lost     []string // patches that the target does not have
	Gained   []string // patches that only the target has
	UsedBy   int      // sites of those asked about that use it
	Asked    int      // sites asked about whose use is known
}

// A Detail is a comparison with everything that is known of each package. Its
// Packages are ordered by group; within one, those that differ come first, in the
// order of Comparison.Rows.
type Detail struct {
	Comparison
	Packages []DetailRow
}

// CompareInDetail is Compare with every package of both sides. With several
// sites, findings and pending updates are left to SitesInDetail, and a package
// counts as used if any of them uses it; Pending of a row is then that of the
// site that has the most.
func CompareInDetail(from, to PlatformFacts, sites ...SiteFacts) Detail {
	var one *SiteFacts
	if len(sites) == 1 {
		one = &sites[0]
	}
	d := Detail{Comparison: Compare(from, to, one)}
	place := make(map[string]int, len(d.Rows))
	for i, r := range d.Rows {
		place[r.Type+"\x00"+r.Package] = i + 1
	}
	a, b := byTypeAndName(from.Packages), byTypeAndName(to.Packages)
	use := usesOf(sites)
	d.Packages = make([]DetailRow, 0, max(len(a), len(b)))
	both(a, b, func(old, now *Package) {
		p := now
		if p == nil {
			p = old
		}
		row := DetailRow{Row: Row{Package: p.Name, Type: p.Type, From: p.Version, To: p.Version}, Group: GroupOf(p.Type)}
		if i := place[p.Type+"\x00"+p.Name]; i > 0 {
			row.Row = d.Rows[i-1]
		}
		row.detail(old, now)
		use.count(&row, p)
		d.Packages = append(d.Packages, row)
	})
	groups := PackageGroups()
	slices.SortStableFunc(d.Packages, func(x, y DetailRow) int {
		return cmp.Or(cmp.Compare(slices.Index(groups, x.Group), slices.Index(groups, y.Group)),
			cmp.Compare(behindAll(place[x.Type+"\x00"+x.Package]), behindAll(place[y.Type+"\x00"+y.Package])), strings.Compare(x.Package, y.Package))
	})
	return d
}

// behindAll puts packages that do not differ, which have no place, behind all others.
func behindAll(place int) int {
	if place == 0 {
		return 1 << 30
	}
	return place
}

// both walks two sorted lists; one side is nil where the other has no such
// package.
func both(a, b []Package, each func(old, now *Package)) {
	for len(a) > 0 || len(b) > 0 {
		order := 0
		switch {
		case len(b) == 0:
			order = -1
		case len(a) == 0:
			order = 1
		default:
			order = packageOrder(a[0], b[0])
		}
		switch {
		case order < 0:
			each(&a[0], nil)
			a = a[1:]
		case order > 0:
			each(nil, &b[0])
			b = b[1:]
		default:
			each(&a[0], &b[0])
			a, b = a[1:], b[1:]
		}
	}
}

// detail tells what differs beside the version.
func (r *DetailRow) detail(old, now *Package) {
	if old == nil || now == nil {
		return
	}
	r.Step = stepBetween(old.Version, now.Version)
	if old.Licence != "" && now.Licence != "" && old.Licence != now.Licence {
		r.Licences = []string{old.Licence, now.Licence}
	}
	for _, p := range old.Patches {
		if !slices.Contains(now.Patches, p) {
			r.Lost = append(r.Lost, p)
		}
	}
	for _, p := range now.Patches {
		if !slices.Contains(old.Patches, p) {
			r.Gained = append(r.Gained, p)
		}
	}
}

// stepNames are what people call the first, second and every further number of a
// version.
var stepNames = [...]string{"major", "minor", "patch"}

// stepBetween says how many versions lie between two by their numbers: the first
// that differs counts, as releases are numbered one by one. It is "" for lines
// without an order, and for numbers that are no count, such as dates.
func stepBetween(from, to string) string {
	if change := changeOf(from, to); change != Upgraded && change != Downgraded {
		return ""
	}
	a, _ := ParseVersion(from)
	b, _ := ParseVersion(to)
	if a.core != b.core {
		return ""
	}
	for i := range max(len(a.nums), len(b.nums)) {
		x, y := small(at(a.nums, i)), small(at(b.nums, i))
		if x < 0 || y < 0 {
			return ""
		}
		if x != y {
			return Plural(max(x-y, y-x), stepNames[min(i, 2)], stepNames[min(i, 2)])
		}
	}
	return ""
}

// small reads a number of a version, -1 if it is too large to be a count.
func small(s string) int {
	if len(s) > 3 {
		return -1
	}
	n := 0
	for _, c := range s {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// uses knows how many of some sites use a package, and what waits for it there.
type uses struct {
	asked   int
	by      map[string]int
	pending []map[string]int
}

func usesOf(sites []SiteFacts) uses {
	u := uses{by: map[string]int{}}
	for _, s := range sites {
		u.pending = append(u.pending, s.Pending)
		if s.Enabled == nil {
			continue
		}
		u.asked++
		for _, name := range s.Enabled {
			u.by[name]++
		}
	}
	return u
}

// count fills in what the sites make of a package: a part that is used uses it.
func (u uses) count(r *DetailRow, p *Package) {
	r.Asked, r.UsedBy = u.asked, u.by[p.Name]
	for _, part := range p.Parts {
		r.UsedBy = max(r.UsedBy, u.by[part])
	}
	for _, pending := range u.pending {
		n := max(pending[p.Name], 0)
		for _, part := range p.Parts {
			if part != p.Name {
				n += max(pending[part], 0)
			}
		}
		r.Pending = max(r.Pending, n)
	}
}
