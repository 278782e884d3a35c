package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// A Library is every advisory that was read, by what it is about.
type Library struct {
	by    map[Ware][]shelved
	Feeds []Feed // where they come from, by name; what failed is among them
}

type shelved struct {
	Advisory
	spans Affected
}

// NewLibrary makes a library. Advisories that Checked would refuse are left out.
func NewLibrary(feeds []Feed, all ...[]Advisory) Library {
	l := Library{by: map[Ware][]shelved{}, Feeds: feeds}
	for _, list := range all {
		for _, a := range list {
			if spans, err := ParseAffected(a.Affected); err == nil {
				l.by[a.Ware] = append(l.by[a.Ware], shelved{a, spans})
			}
		}
	}
	return l
}

// An Exposure is an advisory that speaks of a package as it is installed.
type Exposure struct {
	Advisory
	Package string `json:"package"`
	Version string `json:"version,omitempty"`
	// Unclear: the version has no place in the order (a development line), so
	// nobody can tell.
	Unclear bool `json:"unclear,omitempty"`
}

// Match gives what the library says of one installed package, the worst first,
// each hole once.
func (l Library) Match(kind KindName, p Package) []Exposure {
	var out []Exposure
	for _, w := range Wares(kind, p) {
		for _, a := range l.by[w] {
			holds, known := a.spans.Holds(p.Version)
			if known && !holds || p.Version == "" {
				continue
			}
			out = append(out, Exposure{Advisory: a.Advisory, Package: p.Name, Version: p.Version, Unclear: !known})
		}
	}
	return folded(out)
}

// folded leaves of the exposures of one package each hole once: of several
// sources that name one CVE the first that says how bad it is; and of releases
// that drupal.org only calls security updates those for which another source
// tells what they mend.
func folded(all []Exposure) []Exposure {
	slices.SortStableFunc(all, func(a, b Exposure) int { return worse(a.Advisory, b.Advisory) })
	at, mended := map[string]bool{}, map[string]bool{}
	for _, e := range all {
		if e.CVE != "" && e.Fix != "" {
			mended[modernText(e.Fix)] = true
		}
	}
	return slices.DeleteFunc(all, func(e Exposure) bool {
		told := at[e.key()] || e.CVE == "" && e.Fix != "" && mended[modernText(e.Fix)]
		at[e.key()] = true
		return told
	})
}

// modernText spells a version so that drupal.org's and Composer's are equal.
func modernText(version string) string {
	v, ok := orderly(version)
	if !ok {
		return version
	}
	nums := slices.Clone(v.nums)
	for len(nums) > 1 && nums[len(nums)-1] == "" {
		nums = nums[:len(nums)-1]
	}
	return fmt.Sprint(v.core, nums, v.suffix)
}

// MatchAll gives what the library says of a code base, the worst first, at most
// MaxExposures.
func (l Library) MatchAll(kind KindName, packages []Package) []Exposure {
	var out []Exposure
	for _, p := range packages {
		out = append(out, l.Match(kind, p)...)
	}
	slices.SortStableFunc(out, func(a, b Exposure) int {
		return WorseFirst(a, b)
	})
	return out[:min(len(out), MaxExposures)]
}

// MaxExposures bounds what is kept of one platform.
const MaxExposures = 300

// Known reports whether an exposure is certain and is one to a hole.
func (e Exposure) Known() bool { return !e.Unclear && !e.Unsupported }

// Holes counts the certain exposures to holes.
func Holes(all []Exposure) int {
	n := 0
	for _, e := range all {
		n += bit(e.Known())
	}
	return n
}

// What an upgrade does about an advisory.
type Outcomed string

// The outcomes.
const (
	Mends   Outcomed = "fixed"   // the old code base is exposed, the new one is not
	Leaves  Outcomed = "stays"   // both are
	Brings  Outcomed = "new"     // only the new one is
	Obscure Outcomed = "unclear" // the new version has no place in the order
)

// Advised is one advisory in a comparison of two platforms.
type Advised struct {
	Advisory
	Package string // its name in the code base
	From    string // version before, "" when it was not there
	To      string // version after, "" when it is gone
	Outcome Outcomed
}

// Advice is what advisories say of a comparison. Rows that Advised names are
// found by Package.
type Advice struct {
	All     []Advised // what the upgrade fixes first, the worst first
	Exposed int       // sites on the old platform, if it has a hole; else 0
	AsOf    time.Time // the oldest reading that this rests on; zero when no source is set
	Failing []string  // sources that cannot be read now, by name
}

// Weigh tells what an upgrade from one code base to another does about the
// advisories of a library. It is pure.
func Weigh(l Library, from, to Platform, before, after []Package) Advice {
	old, fresh := l.MatchAll(from.Kind, before), l.MatchAll(to.Kind, after)
	versions := map[string]string{}
	for _, p := range after {
		versions[p.Name] = p.Version
	}
	a := Advice{AsOf: l.asOf(), Failing: l.failing()}
	then := map[string]Exposure{}
	for _, e := range fresh {
		then[e.Package+"\x00"+e.key()] = e
	}
	for _, e := range old {
		id := e.Package + "\x00" + e.key()
		next, still := then[id]
		delete(then, id)
		row := Advised{Advisory: e.Advisory, Package: e.Package, From: e.Version, To: versions[e.Package], Outcome: Mends}
		switch {
		case e.Unclear || still && next.Unclear:
			row.Outcome = Obscure
		case still:
			row.Outcome = Leaves
		}
		a.All = append(a.All, row)
	}
	for _, e := range fresh {
		if _, unseen := then[e.Package+"\x00"+e.key()]; !unseen {
			continue
		}
		row := Advised{Advisory: e.Advisory, Package: e.Package, To: e.Version, Outcome: Brings}
		for _, p := range before {
			if p.Name == e.Package {
				row.From = p.Version
			}
		}
		if e.Unclear {
			row.Outcome = Obscure
		}
		a.All = append(a.All, row)
	}
	order := []Outcomed{Mends, Brings, Leaves, Obscure}
	slices.SortStableFunc(a.All, func(x, y Advised) int {
		return cmp.Or(slices.Index(order, x.Outcome)-slices.Index(order, y.Outcome), worse(x.Advisory, y.Advisory))
	})
	return a
}

// Of gives the advisories about holes with an outcome, the worst first.
func (a Advice) Of(o Outcomed) []Advised {
	var out []Advised
	for _, x := range a.All {
		if x.Outcome == o && !x.Unsupported {
			out = append(out, x)
		}
	}
	return out
}
