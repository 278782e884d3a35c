package fleet

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A CodeSchema is what a code base would do to a database, read from its files
// at build time without running them.
type CodeSchema struct {
	// Core is the package that Number belongs to; Number is the one version of
	// the whole database, as in WordPress. Both are zero where every module
	// counts for itself.
	Core   string `json:"core,omitempty"`
	Number int64  `json:"number,omitempty"`
	// Floor is the schema of a module that was installed while it had no
	// updates: 8000 in Drupal 8 and later, 0 in Drupal 7 and Backdrop.
	Floor int `json:"floor,omitempty"`
	// Modules says what each module, theme or profile of the code base brings,
	// by machine name. Those without any update are there too, as zero values:
	// being in the code base is what keeps a site that uses them going.
	Modules map[string]ModuleSchema `json:"modules,omitempty"`
}

// A ModuleSchema is what one module brings: the numbers of its hook_update_N,
// ascending, and the names of its post updates, which have no order.
type ModuleSchema struct {
	Updates []int `json:"n,omitempty"`
	// LastRemoved is what hook_update_last_removed returns: a database below it
	// must be brought there by an older release first. 0 means all are there.
	LastRemoved int      `json:"r,omitempty"`
	Post        []string `json:"p,omitempty"` // without "MODULE_post_update_", sorted
	// Gone are post updates that were removed, with the version that removed
	// them: a database on which one never ran needs an older release first.
	Gone map[string]string `json:"g,omitempty"`
}

// Top is the schema a database has after all updates of the module.
func (m ModuleSchema) Top() int {
	top := m.LastRemoved
	for _, n := range m.Updates {
		top = max(top, n)
	}
	return top
}

// A SiteSchema is what a site's database says of itself.
type SiteSchema struct {
	Number    int64          // of the whole database, as WordPress's option db_version; 0 if modules count
	Installed map[string]int // schema of each enabled module that has one
	Enabled   []string       // modules, themes and profiles in use; those of Installed may be left out
	Ran       []string       // post updates that ran, by full name: "node_post_update_glossary"
	// PostUpdates says that the CMS keeps a list of post updates; without it
	// they do not count (Drupal 7, Backdrop).
	PostUpdates bool
}

// A Verdict is what a code base would do to a site's database.
type Verdict struct {
	Pending map[string]int // updates that would run, by module or core package; none is left out
	Blocks  []string       // why the database cannot be brought up, as sentences
}

// Total is the number of updates that would run.
func (v Verdict) Total() int {
	n := 0
	for _, k := range v.Pending {
		n += k
	}
	return n
}

// Pending tells what a code base would do to a site's database: which updates
// would run, and what forbids to try. It is pure. The rules are those of the
// update scripts of Drupal, Backdrop and WordPress themselves: an update runs
// if its number is above the installed schema of an enabled module; a schema
// above everything the code knows is a downgrade; one below what was removed
// needs a release in between. A WordPress database is brought up in one go,
// which counts as one update.
func Pending(code CodeSchema, site SiteSchema) Verdict {
	v := Verdict{Pending: map[string]int{}}
	if code.Core != "" {
		v.whole(code, site)
	}
	ran := make(map[string]bool, len(site.Ran))
	for _, name := range site.Ran {
		ran[name] = true
	}
	enabled := slices.Sorted(slices.Values(slices.Concat(site.Enabled, slices.Collect(maps.Keys(site.Installed)))))
	for _, name := range slices.Compact(enabled) {
		m, known := code.Modules[name]
		if !known {
			continue // Compare says which packages in use are missing
		}
		if is, ok := site.Installed[name]; ok {
			v.numbered(name, m, is, max(m.Top(), code.Floor))
		}
		if site.PostUpdates {
			v.post(name, m, ran)
		}
	}
	return v
}

// whole judges a database with one number.
func (v *Verdict) whole(code CodeSchema, site SiteSchema) {
	switch {
	case site.Number == 0 || site.Number == code.Number:
	case site.Number > code.Number:
		v.block("The database has version %d, newer than the %d of the target's %s; it cannot go back.", site.Number, code.Number, code.Core)
	default:
		v.Pending[code.Core]++
	}
}

// numbered judges the numbered updates of one module.
func (v *Verdict) numbered(name string, m ModuleSchema, is, top int) {
	switch {
	case is > top:
		v.block("The database of %s has schema %d, newer than the target's %d; it cannot go back.", name, is, top)
		return
	case is < m.LastRemoved:
		v.block("The database of %s has schema %d, and the target begins at %d: upgrade to a release in between first.", name, is, m.LastRemoved)
		return
	}
	for _, n := range m.Updates {
		if n > is {
			v.Pending[name]++
		}
	}
}

// post judges the post updates of one module.
func (v *Verdict) post(name string, m ModuleSchema, ran map[string]bool) {
	prefix := name + "_post_update_"
	for _, n := range m.Post {
		if _, gone := m.Gone[n]; !gone && !ran[prefix+n] {
			v.Pending[name]++
		}
	}
	before := map[string]bool{}
	for n, version := range m.Gone {
		if !ran[prefix+n] {
			before[version] = true
		}
	}
	if len(before) > 0 {
		v.block("The database of %s never ran post updates that the target no longer has: upgrade to a release before %s first.",
			name, strings.Join(slices.Sorted(maps.Keys(before)), ", "))
	}
}

func (v *Verdict) block(format string, args ...any) {
	v.Blocks = append(v.Blocks, fmt.Sprintf(format, args...))
}

// PlatformSchema keeps the CodeSchema of a platform: a row of its own, because
// a large Drupal has some 100 KiB of it and comparing needs none of that.
type PlatformSchema struct {
	Platform PlatformName `json:"platform"`
	Code     CodeSchema   `json:"code"`
}

// Key implements Record.
func (p *PlatformSchema) Key() Key { return Key{Catalogue, "schema", string(p.Platform)} }

// Entries implements Record.
func (p *PlatformSchema) Entries() []Entry { return nil }

// SchemaText is a CodeSchema's whole number as PlatformFacts.Schema has it; ""
// where modules count for themselves.
func (c CodeSchema) SchemaText() string {
	if c.Number == 0 {
		return ""
	}
	return strconv.FormatInt(c.Number, 10)
}
