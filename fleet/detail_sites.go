package fleet

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A SiteDetail is what a comparison says of one site of a plan.
type SiteDetail struct {
	PlanSite
	Known    bool      // facts of the site were read
	Findings []Finding // that Compare has for this site
	Pending  int       // database updates
	Changing int       // changed packages that the site uses; -1 if nobody can tell
	Class    int       // sites for which it says the same have one class; 0 is the class of most
	Differs  []string  // how it differs from class 0, as sentences; nil in class 0
	updates  map[string]int
	blocks   []string
}

// SitesInDetail compares for each site of a plan and marks those that differ from
// most: in where they come from, in what waits for them, in what keeps them.
// facts are those of the platforms by name, and of the sites by address; who has
// none is told apart.
func SitesInDetail(p Plan, platforms map[PlatformName]PlatformFacts, sites map[URI]SiteFacts) []SiteDetail {
	out := make([]SiteDetail, 0, len(p.Sites))
	same := map[string]Comparison{}
	for _, s := range p.Sites {
		d := SiteDetail{PlanSite: s, Changing: -1, Pending: s.Pending}
		facts, read := sites[s.URI]
		from, has := platforms[s.From]
		if to, known := platforms[p.To]; read && has && known {
			key := string(s.From) + "\x00" + siteKey(facts)
			c, done := same[key]
			if !done {
				c = Compare(from, to, &facts)
				same[key] = c
			}
			d.Known, d.Pending, d.Findings = true, c.Pending, c.Findings
			d.updates, d.blocks = facts.Pending, blockTexts(c.Findings)
			if facts.Enabled != nil {
				d.Changing = usedRows(c, facts, from, to)
			}
		}
		out = append(out, d)
	}
	classify(out)
	return out
}

// siteKey is the same for sites for which every comparison says the same.
func siteKey(f SiteFacts) string {
	return fmt.Sprintf("%t %q %q %q %q %v", f.Enabled == nil, f.Enabled, f.Schema, f.Blocks, f.PHP, f.Pending)
}

func blockTexts(list []Finding) []string {
	var out []string
	for _, f := range list {
		if f.Block {
			out = append(out, f.Text)
		}
	}
	slices.Sort(out)
	return out
}

// usedRows counts the rows whose package a site uses.
func usedRows(c Comparison, f SiteFacts, lists ...PlatformFacts) int {
	on := map[string]bool{}
	for _, name := range f.Enabled {
		on[name] = true
	}
	for _, l := range lists {
		for _, p := range l.Packages {
			if slices.ContainsFunc(p.Parts, func(part string) bool { return on[part] }) {
				on[p.Name] = true
			}
		}
	}
	n := 0
	for _, r := range c.Rows {
		n += bit(on[r.Package])
	}
	return n
}

// classify groups sites that are told the same. The largest group is class 0, of
// two of one size the one that comes first.
func classify(list []SiteDetail) {
	count, first := map[string]int{}, map[string]int{}
	keys := make([]string, len(list))
	for i, d := range list {
		keys[i] = fmt.Sprintf("%s %t %q %v %t", d.From, d.Known, d.blocks, d.updates, d.Progress == SiteLeftOut)
		if count[keys[i]]++; count[keys[i]] == 1 {
			first[keys[i]] = i
		}
	}
	order := slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		if count[a] != count[b] {
			return count[b] - count[a]
		}
		return first[a] - first[b]
	})
	for i := range list {
		list[i].Class = slices.Index(order, keys[i])
		if list[i].Class > 0 {
			list[i].Differs = list[i].unlike(list[first[order[0]]])
		}
	}
}

// unlike says how a site differs from another.
func (d SiteDetail) unlike(most SiteDetail) []string {
	var out []string
	if d.From != most.From {
		out = append(out, fmt.Sprintf("It comes from %s.", d.From))
	}
	if !d.Known {
		return append(out, "Its facts are not known.")
	}
	if d.Progress == SiteLeftOut {
		out = append(out, strings.TrimSpace("It is left out. "+Clean(d.Note, 300)))
	}
	for _, b := range d.blocks {
		if !slices.Contains(most.blocks, b) {
			out = append(out, b)
		}
	}
	names := slices.Sorted(maps.Keys(d.updates))
	for name := range most.updates {
		if _, has := d.updates[name]; !has {
			names = append(names, name)
		}
	}
	var more []string
	for _, name := range names {
		if a, b := max(d.updates[name], 0), max(most.updates[name], 0); a != b {
			more = append(more, fmt.Sprintf("%s %d instead of %d", name, a, b))
		}
	}
	if len(more) > 0 {
		out = append(out, "Database updates: "+listing(more)+".")
	}
	return out
}
