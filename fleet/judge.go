package fleet

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// judgeRows finds downgrades and removals.
func (c *comparer) judgeRows() {
	var removed []string
	for _, r := range c.Rows {
		switch r.Change {
		case Downgraded:
			c.judgeDowngrade(r)
		case Removed:
			switch {
			case r.Type == "mu-plugin" || r.Type == "drop-in":
				c.warn("The %s %s is not on the target; WordPress runs it on every site without being told to.", r.Type, r.Package)
			case !c.inUse[r.Package]:
				removed = append(removed, r.Package)
			}
		}
	}
	if len(removed) > 0 {
		use := ""
		if c.inUse != nil {
			use = "; the site uses none of them"
		}
		c.warn("%s on the target: %s%s.", Plural(len(removed), "package is not", "packages are not"), listing(removed), use)
	}
}

func (c *comparer) judgeDowngrade(r Row) {
	step := fmt.Sprintf("%s would go back from %s to %s", r.Package, r.From, r.To)
	switch {
	case r.Core():
		c.stop(r.Package)
		c.find(Finding{Block: true, Text: step + "; its data cannot go back with it."})
	case c.inUse[r.Package]:
		c.stop(r.Package)
		c.block("%s, and the site uses it.", step)
	default:
		c.warn("%s.", step)
	}
}

// judgeMissing finds packages in use that the target does not have.
func (c *comparer) judgeMissing() {
	if c.inUse == nil {
		return
	}
	had, has, replaced := names(c.from), names(c.to), map[string]string{}
	for _, p := range c.to {
		for _, old := range p.Replace {
			replaced[old] = p.Name
		}
	}
	c.judgeNeeds(has)
	used := slices.Sorted(slices.Values(c.site.Enabled))
	for _, name := range slices.Compact(used) {
		switch by, ok := replaced[name]; {
		case has[name]:
		case ok:
			c.warn("%s is replaced by %s.", name, by)
		case had[name]:
			c.stop(name)
			c.block("The site uses %s, which the target does not have.", c.called(name))
		default:
			c.warn("The site uses %s, which neither platform has.", name)
		}
	}
}

// called names a package of the site's platform in a sentence: "the theme shop".
// A part of one is called by its name alone.
func (c *comparer) called(name string) string {
	for _, p := range c.from {
		if p.Name == name && slices.Contains([]string{"module", "theme", "profile", "plugin"}, p.Type) {
			return "the " + p.Type + " " + name
		}
	}
	return name
}

// judgeNeeds finds packages in use that would stand on the target without what
// they need.
func (c *comparer) judgeNeeds(has map[string]bool) {
	for _, p := range c.to {
		for _, need := range p.Needs {
			if c.inUse[p.Name] && !has[need] {
				c.stop(p.Name)
				c.stop(need)
				c.block("The site uses %s, which needs %s, and the target does not have that.", c.called(p.Name), need)
			}
		}
	}
}

// judgePatches warns of packages that lose patches: the new version may hold
// them, or whoever built the target forgot them.
func (c *comparer) judgePatches() {
	had := map[string]Package{}
	for _, p := range c.from {
		if len(p.Patches) > 0 {
			had[p.Type+"\x00"+p.Name] = p
		}
	}
	for _, p := range c.to {
		old, ok := had[p.Type+"\x00"+p.Name]
		if !ok {
			continue
		}
		var lost []string
		for _, patch := range old.Patches {
			if !slices.Contains(p.Patches, patch) {
				lost = append(lost, patch)
			}
		}
		if len(lost) == 0 {
			continue
		}
		c.warn("%s loses %s: %s.", p.Name, Plural(len(lost), "patch", "patches"), listing(lost))
	}
}

// judgeData passes on what was found in the site's database.
func (c *comparer) judgeData() {
	if c.site == nil {
		return
	}
	for _, text := range c.site.Blocks {
		c.block("%s", text)
	}
}

// judgeSchema blocks a site whose data is newer than the target understands,
// unless its database was read and has its own sentences (judgeData).
func (c *comparer) judgeSchema(target string) {
	if c.site == nil || c.site.Schema == "" || target == "" || len(c.site.Blocks) > 0 {
		return
	}
	is, ok1 := ParseVersion(c.site.Schema)
	will, ok2 := ParseVersion(target)
	if ok1 && ok2 && is.Compare(will) > 0 {
		c.block("The site's data has schema %s, newer than the target's %s.", c.site.Schema, target)
	}
}

// judgePHP blocks what the PHP of the site's host is too old for; where that is
// not known it warns when the lowest PHP that will do is raised.
func (c *comparer) judgePHP(from, to string) {
	needs, ok := LowestPHP(to)
	had, known := LowestPHP(from)
	if c.site != nil && c.site.PHP != "" {
		if err := RunsOn(to, c.site.PHP); err != nil {
			c.block("%s", err.Error())
		}
		return
	}
	switch {
	case !ok || known && needs.Compare(had) <= 0:
	case known:
		c.warn("The target needs PHP %s or later; %s was enough before.", needs, had)
	default:
		c.warn("The target needs PHP %s or later.", needs)
	}
}

func (c *comparer) find(f Finding) { c.Findings = append(c.Findings, f) }

func (c *comparer) block(format string, args ...any) {
	c.find(Finding{Block: true, Site: c.site.URI, Text: fmt.Sprintf(format, args...)})
}

func (c *comparer) warn(format string, args ...any) {
	f := Finding{Text: fmt.Sprintf(format, args...)}
	if c.site != nil {
		f.Site = c.site.URI
	}
	c.find(f)
}

// listing names up to ten things.
func listing(names []string) string {
	const most = 10
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + " and " + strconv.Itoa(len(names)-most) + " more"
}

// RunsOn refuses a requirement of PHP that a host's version does not meet.
func RunsOn(requirement, has string) error {
	needs, ok := LowestPHP(requirement)
	is, known := ParseVersion(has)
	if !ok || !known || needs.Compare(is) <= 0 {
		return nil
	}
	return Errorf(Refused, "The target needs PHP %s or later, and its host runs %s.", needs, is)
}

// LowestPHP gives the lowest version that a requirement in Composer's syntax
// admits: the first number of each alternative ("^7.4 || ^8.0"), the lowest of
// these. Pure upper bounds ("<9") and "*" admit anything.
func LowestPHP(requirement string) (Version, bool) {
	var lowest Version
	found := false
	joined := strings.NewReplacer(">= ", ">=", "<= ", "<=", "> ", ">", "< ", "<", "!= ", "!=").Replace(requirement)
	for alternative := range strings.SplitSeq(joined, "|") {
		if alternative = strings.TrimSpace(alternative); alternative == "" {
			continue
		}
		v, ok := lowerBound(alternative)
		if !ok {
			return Version{}, false
		}
		if !found || v.Compare(lowest) < 0 {
			lowest, found = v, true
		}
	}
	return lowest, found
}

func lowerBound(alternative string) (Version, bool) {
	for term := range strings.FieldsFuncSeq(alternative, func(r rune) bool { return r == ',' || r == ' ' }) {
		if strings.HasPrefix(term, "<") || strings.HasPrefix(term, "!") {
			continue
		}
		term = strings.TrimSuffix(strings.TrimLeft(term, "^~>=v"), ".*")
		if v, ok := ParseVersion(strings.TrimSuffix(term, ".x")); ok && digits(term) > 0 {
			return v, true
		}
	}
	return Version{}, false
}
