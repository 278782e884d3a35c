package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// DefaultWaves is how a plan moves its sites where people have said nothing: a
// canary, a tenth, the rest.
const DefaultWaves = "1, 10%, rest"

// Bounds of waves and limits.
const (
	maxWaves  = 20
	maxAtOnce = 10000
	// DefaultAtOnce bounds the sites of a plan that are under way at once.
	DefaultAtOnce = 50
)

// Waves are the sizes of a plan's waves, in order: a positive number counts
// sites, a negative one is a percentage of all sites that the plan moves, and
// the last is 0, the rest.
type Waves []int

// ParseWaves reads "1, 10%, 50%, rest". The rest is added where it is not
// written. The error is an Error of code Invalid that quotes what is wrong.
func ParseWaves(text string) (Waves, error) {
	if strings.TrimSpace(text) == "" {
		text = DefaultWaves
	}
	wrong := func(why string, args ...any) error {
		return Errorf(Invalid, why, args...).WithHint(`Write them like "1, 10%%, 50%%, rest": numbers of sites and shares of all.`)
	}
	var out Waves
	parts := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' })
	for i, part := range parts {
		part = strings.ToLower(strings.TrimSpace(part))
		digits, share := strings.CutSuffix(part, "%")
		n, err := strconv.Atoi(strings.TrimSpace(digits))
		switch {
		case part == "rest" && i == len(parts)-1:
			return append(out, 0), nil
		case part == "rest":
			return nil, wrong("After the rest there is nothing left for another wave.")
		case err != nil || n < 1 || n > 100000:
			return nil, wrong("%q is not the size of a wave.", Clean(part, 40))
		case share && n > 100:
			return nil, wrong("%q is more than all sites.", Clean(part, 40))
		case len(out) == maxWaves:
			return nil, wrong("A plan has at most %d waves.", maxWaves)
		case share:
			n = -n
		}
		out = append(out, n)
	}
	if len(out) == 0 {
		return nil, wrong("%q names no wave.", Clean(text, 40))
	}
	return append(out, 0), nil
}

// String writes waves as ParseWaves reads them.
func (w Waves) String() string {
	out := make([]string, len(w))
	for i, n := range w {
		switch {
		case n == 0:
			out[i] = "rest"
		case n < 0:
			out[i] = fmt.Sprintf("%d%%", -n)
		default:
			out[i] = strconv.Itoa(n)
		}
	}
	return strings.Join(out, ", ")
}

// size is how many of all sites the wave would take; shares are rounded up, so
// that none is empty.
func (w Waves) size(i, all int) int {
	switch n := w[i]; {
	case n == 0:
		return all
	case n < 0:
		return (all*-n + 99) / 100
	default:
		return n
	}
}

// AssignWaves is the rule of a plan's order: the canary first, then by priority,
// the highest first, then by URI. Sites that are left out come last and have no
// wave. It gives how many waves there are; none is empty.
func AssignWaves(sites []PlanSite, shape Waves) ([]PlanSite, int) {
	out := slices.Clone(sites)
	last := func(s PlanSite) int { return bit(s.Progress == SiteLeftOut) }
	slices.SortFunc(out, func(a, b PlanSite) int {
		return cmp.Or(cmp.Compare(last(a), last(b)), cmp.Compare(bit(b.Canary), bit(a.Canary)),
			cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.URI, b.URI))
	})
	n := 0
	for i, s := range out {
		out[i].Wave = 0
		n += 1 - last(s)
	}
	waves, at := 0, 0
	for i := 0; i < len(shape) && at < n; i++ {
		waves++
		for end := min(n, at+shape.size(i, n)); at < end; at++ {
			out[at].Wave = waves
		}
	}
	return out, waves
}

// Budget is how many of n sites may fail before a plan pauses; -1 is any.
func (p Policy) Budget(n int) int {
	if p.FailShare > 0 {
		return n * p.FailShare / 100
	}
	return p.Failures
}

// isCanary reports whether a policy wants a site to be moved first: it is the
// site named, or has the tag named by "tag:NAME".
func (p Policy) isCanary(s Site) bool {
	if tag, is := strings.CutPrefix(p.Canary, "tag:"); is {
		return s.HasTag(tag)
	}
	return p.Canary != "" && string(s.URI) == p.Canary
}

// checkWaves says what is wrong with how a policy moves sites.
func checkWaves(p Policy) error {
	if _, err := ParseWaves(p.Waves); err != nil {
		return err
	}
	tag, tagged := strings.CutPrefix(p.Canary, "tag:")
	if tagged {
		if err := CheckTag(tag); err != nil {
			return err
		}
	} else if p.Canary != "" {
		if u, err := ParseURI(p.Canary); err != nil || string(u) != p.Canary {
			return Errorf(Invalid, "%q is not the address of a site.", Clean(p.Canary, 80)).WithHint("Name a site, or a tag: --canary tag:NAME")
		}
	}
	switch {
	case p.AtOnce < 0 || p.AtOnce > maxAtOnce || p.PerHost < 0 || p.PerHost > maxAtOnce:
		return Errorf(Invalid, "Up to %d sites are under way at once.", maxAtOnce)
	case p.FailShare < 0 || p.FailShare > 100:
		return Errorf(Invalid, "The failure budget is a number of sites, a share like 5%%, or -1 for any.")
	case p.FailShare > 0 && p.Failures != 0:
		return Errorf(Invalid, "The failure budget is either a number of sites or a share of them.")
	}
	if p.Window != "" {
		_, err := ParseWindow(p.Window, "")
		return err
	}
	return nil
}
