package fleet

import (
	"cmp"
	"slices"
	"strings"
)

// A Change says how one package differs between two platforms.
type Change string

// The changes.
const (
	Added      Change = "added"
	Removed    Change = "removed"
	Upgraded   Change = "upgraded"
	Downgraded Change = "downgraded"
	Changed    Change = "changed" // versions that cannot be ordered
)

// A Row is one changed package of a comparison.
type Row struct {
	Package string `json:"package"`
	Type    string `json:"type"`
	From    string `json:"from,omitempty"` // "" when added
	To      string `json:"to,omitempty"`   // "" when removed
	Change  Change `json:"change"`
	Pending int    `json:"pending,omitempty"` // database updates for the given site
	Blocks  bool   `json:"blocks,omitempty"`  // a finding about it is a block
}

// A Finding is a block (the site may not be moved) or a warning.
type Finding struct {
	Block bool   `json:"block,omitempty"`
	Site  URI    `json:"site,omitempty"` // "" when it holds for all
	Text  string `json:"text"`
}

// A Comparison is the difference between two platforms and, with facts of a
// site, what that means for it. Rows are ordered by how much a person must look
// at them (weight), then by name.
type Comparison struct {
	From, To PlatformName
	Rows     []Row
	Findings []Finding // blocks first
	Pending  int       // database updates in all
	Same     int       // packages that do not differ
	Advice   Advice    // what advisories say of it; Compare leaves it empty, Planner.Compare fills it in
}

// Blocked reports whether any finding is a block.
func (c Comparison) Blocked() bool {
	for _, f := range c.Findings {
		if f.Block {
			return true
		}
	}
	return false
}

// Compare tells the difference between two platforms and, with facts of a
// site, what it means for that site. It is pure and needs no disk. What blocks:
// a downgrade of core or the application, or of a package the site uses; a
// package in use that the target neither has nor replaces; data of a newer
// schema than the target's. Everything else is a warning.
func Compare(from, to PlatformFacts, site *SiteFacts) Comparison {
	c := comparer{
		Comparison: Comparison{From: from.Platform, To: to.Platform},
		from:       byTypeAndName(from.Packages),
		to:         byTypeAndName(to.Packages),
		site:       site,
	}
	c.use()
	c.walk()
	c.order()
	c.judgeRows()
	c.judgeMissing()
	c.judgePatches()
	c.judgeSchema(to.Schema)
	c.judgeData()
	c.judgePHP(from.PHP, to.PHP)
	slices.SortStableFunc(c.Findings, func(a, b Finding) int { return bit(b.Block) - bit(a.Block) })
	c.lift()
	return c.Comparison
}

// comparer is one comparison under way.
type comparer struct {
	Comparison
	from, to []Package
	site     *SiteFacts
	inUse    map[string]bool // nil when nobody can tell
	stops    map[string]bool // names that a block is about
}

// use notes what the site uses and how many updates wait for it.
func (c *comparer) use() {
	if c.site == nil {
		return
	}
	for _, n := range c.site.Pending {
		c.Pending += max(n, 0)
	}
	if c.site.Enabled == nil {
		return
	}
	c.inUse = make(map[string]bool, len(c.site.Enabled))
	for _, name := range c.site.Enabled {
		c.inUse[name] = true
	}
	for _, list := range [][]Package{c.from, c.to} {
		for _, p := range list {
			if slices.ContainsFunc(p.Parts, func(part string) bool { return c.inUse[part] }) {
				c.inUse[p.Name] = true
			}
		}
	}
}

// walk merges the two sorted lists into rows.
func (c *comparer) walk() {
	a, b := c.from, c.to
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
			c.row(Row{Package: a[0].Name, Type: a[0].Type, From: a[0].Version, Change: Removed}, a[0].Parts)
			a = a[1:]
		case order > 0:
			c.row(Row{Package: b[0].Name, Type: b[0].Type, To: b[0].Version, Change: Added}, b[0].Parts)
			b = b[1:]
		case a[0].Version == b[0].Version && slices.Equal(a[0].Patches, b[0].Patches):
			c.Same++
			a, b = a[1:], b[1:]
		default:
			c.row(Row{Package: b[0].Name, Type: b[0].Type, From: shownVersion(a[0], b[0]), To: shownVersion(b[0], a[0]),
				Change: changeOf(a[0].Version, b[0].Version)}, b[0].Parts)
			a, b = a[1:], b[1:]
		}
	}
}

// row adds a row; parts is what else counts as the package.
func (c *comparer) row(r Row, parts []string) {
	if c.site != nil {
		r.Pending = max(c.site.Pending[r.Package], 0)
		for _, name := range parts {
			if name != r.Package {
				r.Pending += max(c.site.Pending[name], 0)
			}
		}
	}
	c.Rows = append(c.Rows, r)
}

// shownVersion is what a row says of p: its version, and how many patches it
// has if the other side has others.
func shownVersion(p, other Package) string {
	if slices.Equal(p.Patches, other.Patches) {
		return p.Version
	}
	return strings.TrimSpace(p.Version + " with " + Plural(len(p.Patches), "patch", "patches"))
}

// changeOf says how a version differs from another. Development lines and
// versions without numbers have no order worth a judgement.
func changeOf(from, to string) Change {
	a, ok1 := ParseVersion(from)
	b, ok2 := ParseVersion(to)
	lines := strings.Contains(from+to, "#") // the digits of a commit are no version
	if lines || !ok1 || !ok2 || !a.Fixed() || !b.Fixed() {
		return Changed
	}
	switch c := a.Compare(b); {
	case c < 0:
		return Upgraded
	case c > 0:
		return Downgraded
	}
	return Changed
}

func packageOrder(a, b Package) int {
	return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.Name, b.Name))
}

// byTypeAndName gives packages in their order, each once: of several with one
// name the first counts, as in the program that would load them.
func byTypeAndName(list []Package) []Package {
	for i := 1; i < len(list); i++ {
		if packageOrder(list[i-1], list[i]) >= 0 {
			list = slices.Clone(list)
			slices.SortStableFunc(list, packageOrder)
			return slices.CompactFunc(list, func(a, b Package) bool { return packageOrder(a, b) == 0 })
		}
	}
	return list
}

// names gives what a list has: its packages and their parts.
func names(list []Package) map[string]bool {
	out := make(map[string]bool, len(list))
	for _, p := range list {
		out[p.Name] = true
		for _, part := range p.Parts {
			out[part] = true
		}
	}
	return out
}
