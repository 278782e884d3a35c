package fleet

import (
	"cmp"
	"slices"
	"strings"
)

// weight orders rows by how much a person must look at them: core and the
// application, what goes back, what goes away, what jumps to another major
// version, what cannot be ordered, then the ordinary upgrades and additions.
func weight(r Row) int {
	switch {
	case r.Core():
		return 0
	case r.Change == Downgraded:
		return 1
	case r.Change == Removed:
		return 2
	case r.Major():
		return 3
	case r.Change == Changed:
		return 4
	case r.Change == Upgraded:
		return 5
	}
	return 6
}

// Core reports whether the row is about the program itself: the core of a CMS,
// or the application.
func (r Row) Core() bool { return r.Type == "core" || r.Type == "application" }

// Major reports whether the row upgrades to another major version.
func (r Row) Major() bool { return r.Change == Upgraded && otherMajor(r.From, r.To) }

// order sorts the rows by weight, then by name.
func (c *comparer) order() {
	type weighed struct {
		Row
		weight int // found once a row: it parses versions
	}
	rows := make([]weighed, len(c.Rows))
	for i, r := range c.Rows {
		rows[i] = weighed{r, weight(r)}
	}
	slices.SortStableFunc(rows, func(a, b weighed) int {
		return cmp.Or(cmp.Compare(a.weight, b.weight), strings.Compare(a.Package, b.Package), strings.Compare(a.Type, b.Type))
	})
	for i, r := range rows {
		c.Rows[i] = r.Row
	}
}

// lift puts the rows that a block is about before all others.
func (c *comparer) lift() {
	if len(c.stops) == 0 {
		return
	}
	holds := map[string]bool{} // packages with such a part
	for _, list := range [][]Package{c.from, c.to} {
		for _, p := range list {
			for _, part := range p.Parts {
				holds[p.Name] = holds[p.Name] || c.stops[part]
			}
		}
	}
	for i, r := range c.Rows {
		c.Rows[i].Blocks = c.stops[r.Package] || holds[r.Package]
	}
	slices.SortStableFunc(c.Rows, func(a, b Row) int { return bit(b.Blocks) - bit(a.Blocks) })
}

// stop notes that a block is about a package, or a part of one.
func (c *comparer) stop(name string) {
	if c.stops == nil {
		c.stops = map[string]bool{}
	}
	c.stops[name] = true
}
