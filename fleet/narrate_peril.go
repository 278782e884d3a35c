package fleet

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// PerilOf tells how exposed the sites on some platforms are, and how many of the
// holes a platform that they could go to would mend.
func (as *Advisories) PerilOf(ctx context.Context, on []PlatformCount, to PlatformName) (Peril, error) {
	rows := make([]Risk, len(on)+1)
	recs := make([]Record, len(rows))
	for i := range rows {
		rows[i].Platform = to
		if i < len(on) {
			rows[i].Platform = on[i].Platform.Name
		}
		recs[i] = &rows[i]
	}
	found, err := as.Store.Read(ctx, recs...)
	if CodeOf(err) == Tampered {
		return Peril{}, nil // assessed anew before long; nothing acts on it
	}
	if err != nil {
		return Peril{}, err
	}
	var p Peril
	for i, x := range on {
		if holes := rows[i].Holes(); len(holes) > 0 && x.Sites > 0 {
			p = p.with(x.Platform.Name, x.Sites, holes)
		}
	}
	risks := map[PlatformName]Risk{}
	if found[len(on)] {
		risks[to] = rows[len(on)]
	}
	return p.against(Distribution{Target: to}, risks), nil
}

// sentence says "3 sites are exposed to 2 advisories, one critical; the target
// mends both."; "" when none is exposed. target names what mends them.
func (p Peril) sentence(target string) string {
	if p.Sites == 0 {
		return ""
	}
	all := make([]Severity, len(p.Holes))
	for i, e := range p.Holes {
		all[i] = e.Severity
	}
	text := tellExposed(p.Sites) + " to " + tellSeverities(all)
	n := len(p.Holes)
	switch {
	case p.Mended < 0:
		return text + "."
	case p.Mended == 0 && n == 1:
		return text + "; " + target + " does not mend it."
	case p.Mended == 0:
		return text + "; " + target + " mends none of them."
	case p.Mended == n && n == 1:
		return text + "; " + target + " mends it."
	case p.Mended == n && n == 2:
		return text + "; " + target + " mends both."
	case p.Mended == n:
		return text + "; " + target + " mends all of them."
	}
	return text + fmt.Sprintf("; %s mends %d of them.", target, p.Mended)
}

// exposed orders by danger: sites that are exposed come before others, the worst
// hole first, then the most sites.
func exposedFirst(a, b Peril) int {
	return cmp.Or(bit(b.Sites > 0)-bit(a.Sites > 0), b.Worst().rank()*bit(b.Sites > 0)-a.Worst().rank()*bit(a.Sites > 0), b.Sites-a.Sites)
}

// exposed tells of distributions whose sites are exposed though none is out of
// date, or that have no target: nothing else in the digest names them.
func (v DigestView) exposed() []Line {
	var out []Line
	told := map[DistName]bool{}
	for _, s := range v.behind() {
		told[s.Distribution.Name] = true
	}
	var names []DistName
	for name := range v.Perils {
		if !told[name] {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b DistName) int {
		return cmp.Or(exposedFirst(v.Perils[a], v.Perils[b]), strings.Compare(string(a), string(b)))
	})
	for i, name := range names {
		if i == tellSites {
			out = append(out, Item(fmt.Sprintf("and %s.", Plural(len(names)-i, "more distribution", "more distributions"))))
			break
		}
		shown := cmp.Or(Clean(string(name), 60), "Platforms without a distribution")
		p := v.Perils[name]
		p.Mended = -1
		out = append(out, Item(Bold(shown), ": "+p.sentence("")+" No upgrade mends it yet: ", Mono(Slash+" advisories "+string(name))))
	}
	return titled("Exposed, and no upgrade is ready", out)
}

// first puts the platforms whose sites are exposed before the others.
func (p Peril) first(on []PlatformCount) []PlatformCount {
	out := slices.Clone(on)
	slices.SortStableFunc(out, func(a, b PlatformCount) int {
		return bit(slices.Contains(p.On, b.Platform.Name)) - bit(slices.Contains(p.On, a.Platform.Name))
	})
	return out
}

// perils reads which sites are exposed, and how the sources of that are.
func (n *Narrator) perils(ctx context.Context, v *DigestView) (err error) {
	as := &Advisories{Store: n.Store}
	if v.Sources.Feeds, err = as.Feeds(ctx); err != nil || len(v.Sources.Feeds) == 0 {
		return err
	}
	v.Perils, err = as.Perils(ctx)
	return err
}

// exposedText sums up the exposed sites; "" when there is none.
func (v DigestView) exposedText() string {
	sites, worst := 0, Severity("")
	for _, p := range v.Perils {
		sites += p.Sites
		if p.Worst().rank() > worst.rank() {
			worst = p.Worst()
		}
	}
	switch {
	case sites == 0:
		return ""
	case worst == "":
		return upperFirst(tellExposed(sites)) + "."
	}
	return fmt.Sprintf("%s, the worst hole is %s.", upperFirst(tellExposed(sites)), worst)
}

// exposed lists the distributions whose sites are exposed, the worst first.
func (v HomeView) exposed() Message {
	var lines []Line
	total := 0
	for _, name := range slices.SortedFunc(maps.Keys(v.Perils), func(a, b DistName) int {
		return cmp.Or(exposedFirst(v.Perils[a], v.Perils[b]), strings.Compare(string(a), string(b)))
	}) {
		total += v.Perils[name].Sites
		shown := cmp.Or(Clean(string(name), 60), "Platforms without a distribution")
		lines = append(lines, Say(Bold(shown), ": "+v.Perils[name].sentence("the upgrade target")+" ", Mono(strings.TrimSpace(Slash+" advisories "+string(name)))))
	}
	m := Message{Title: "Exposed: " + Plural(total, "site", "sites"), Text: upperFirst(tellExposed(total)) + "."}
	if len(lines) > 0 {
		m.Lines = atMost(lines, "advisories", "")
	} else {
		m.Title, m.Text = "Advisories", "Not every source of advisories can be read."
	}
	m.Lines = append(m.Lines, tellDated(v.Sources.asOf(), v.Sources.failing())...)
	return m
}
