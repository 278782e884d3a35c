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
	// Legacy says that numbers from 7000 to 8999 are Drupal 7's and come before
	// all others, as in Backdrop, which counts from 1000 and up.
	Legacy bool `json:"legacy,omitempty"`
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

// place gives the place of an update's number in the order in which updates
// run. The numbers are those of Backdrop's update_get_update_list.
func (c CodeSchema) place(n int) int {
	if c.Legacy && n >= 7000 && n < 9000 {
		return n - 7000
	}
	return n
}

// Top is the schema that a database of the module has after all updates.
func (c CodeSchema) Top(module string) int {
	m := c.Modules[module]
	top := max(m.LastRemoved, c.Floor)
	for _, n := range m.Updates {
		if c.place(n) > c.place(top) {
			top = n
		}
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

// InUse names all that is enabled, sorted and once each; never nil, for a nil
// list means that nobody can tell.
func (s SiteSchema) InUse() []string {
	all := slices.Concat(s.Enabled, slices.Collect(maps.Keys(s.Installed)))
	slices.Sort(all)
	return append([]string{}, slices.Compact(all)...)
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
	enabled := site.InUse()
	for _, name := range enabled {
		m, known := code.Modules[name]
		if !known {
			continue // Compare says which packages in use are missing
		}
		if is, ok := site.Installed[name]; ok {
			v.numbered(code, name, is)
		}
		for _, n := range m.Post {
			if _, gone := m.Gone[n]; site.PostUpdates && !gone && !ran[name+"_post_update_"+n] {
				v.Pending[name]++
			}
		}
	}
	// As in Drupal itself, only what is new enough otherwise is asked for post
	// updates that were removed.
	if site.PostUpdates && len(v.Blocks) == 0 {
		for _, name := range enabled {
			v.gone(name, code.Modules[name], ran)
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
func (v *Verdict) numbered(code CodeSchema, name string, is int) {
	m, at, top := code.Modules[name], code.place(is), code.Top(name)
	switch {
	case at > code.place(top):
		v.block("The database of %s has schema %d, newer than the target's %d; it cannot go back.", name, is, top)
		return
	case at < code.place(m.LastRemoved):
		v.block("The database of %s has schema %d, and the target begins at %d: upgrade to a release in between first.", name, is, m.LastRemoved)
		return
	case at < code.Floor:
		v.block("The database of %s has schema %d, which is of an earlier major release; the target begins at %d.", name, is, code.Floor)
		return
	}
	for _, n := range m.Updates {
		if code.place(n) > at {
			v.Pending[name]++
		}
	}
}

// gone blocks a module whose removed post updates never ran.
func (v *Verdict) gone(name string, m ModuleSchema, ran map[string]bool) {
	before := map[string]bool{}
	for n, version := range m.Gone {
		if !ran[name+"_post_update_"+n] {
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
