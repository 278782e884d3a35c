package fleet

import (
	"cmp"
	"slices"
)

// AssignWaves is the rule of a plan's order: by URI, one canary first, then a
// tenth of the sites (rounded up), then the rest. Sites that are left out come
// last and have no wave. It gives how many waves there are.
func AssignWaves(sites []PlanSite) ([]PlanSite, int) {
	out := slices.Clone(sites)
	last := func(s PlanSite) int { return bit(s.Progress == SiteLeftOut) }
	slices.SortFunc(out, func(a, b PlanSite) int {
		return cmp.Or(cmp.Compare(last(a), last(b)), cmp.Compare(a.URI, b.URI))
	})
	n := 0
	for _, s := range out {
		n += 1 - last(s)
	}
	waves := 0
	for i := range out {
		switch {
		case i >= n:
			out[i].Wave = 0
			continue
		case i == 0:
			out[i].Wave = 1
		case i <= (n+9)/10:
			out[i].Wave = 2
		default:
			out[i].Wave = 3
		}
		waves = out[i].Wave
	}
	return out, waves
}
