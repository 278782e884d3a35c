package fleet

import (
	"context"
	"fmt"
	"time"
)

// A standing of the world as a plan sees it: what its fingerprint is taken
// over, and what else voids or pauses it.
type present struct {
	snapshot Snapshot
	dist     Distribution // zero when the plan has none, or it is gone
	to       Platform
	sites    map[URI]Site // those that exist, of the sites asked about
	plats    map[PlatformName]Platform
	known    map[URI]bool // the sites asked about, also those that are gone
	freezes  []Freeze     // of everything and of the distribution
	rule     ConfirmRule  // what it takes to confirm
	silent   map[HostName]time.Time
	joined   []URI // sites that have come into an undecided plan's scope since it was drawn
}

// Snapshot gives what the fingerprint is taken over, as things are now, for
// the sites of p that have not started. A site that is gone has generation -1.
func (pl *Planner) Snapshot(ctx context.Context, p Plan) (Snapshot, error) {
	w, err := pl.present(ctx, p, p.in(SiteWaiting))
	return w.snapshot, err
}

// present reads, in one go, everything that decides what a plan does to the
// given sites of it.
func (pl *Planner) present(ctx context.Context, p Plan, sites []PlanSite) (present, error) {
	plats := []*Platform{{Name: p.To}}
	index := map[PlatformName]*Platform{p.To: plats[0]}
	for _, s := range sites {
		if index[s.From] == nil {
			plats = append(plats, &Platform{Name: s.From})
			index[s.From] = plats[len(plats)-1]
		}
	}
	dist := Distribution{Name: p.Distribution}
	var recs []Record
	for _, x := range plats {
		recs = append(recs, x)
	}
	own, def := AccessPolicy{Distribution: p.Distribution}, AccessPolicy{}
	freezes := []Freeze{{}}
	if p.Distribution != "" {
		recs = append(recs, &dist)
		freezes = append(freezes, Freeze{Distribution: p.Distribution})
	}
	for i := range freezes {
		recs = append(recs, &freezes[i])
	}
	recs = append(recs, &own, &def) // after the distribution: a policy is never older than its rules
	rows := make([]Site, len(sites))
	for i, s := range sites {
		rows[i].URI = s.URI
		recs = append(recs, &rows[i])
	}
	found, err := pl.Store.Read(ctx, recs...)
	if err != nil {
		return present{}, err
	}
	w := present{dist: dist, to: *plats[0], sites: map[URI]Site{}, plats: map[PlatformName]Platform{}, known: map[URI]bool{}, freezes: freezes,
		rule: own.ConfirmRule(def)}
	for i, x := range plats {
		if found[i] {
			w.plats[x.Name] = *x
		}
	}
	now := make([]PlanSite, len(sites))
	for i, s := range rows {
		now[i] = PlanSite{URI: s.URI, From: s.Platform, Generation: s.Generation}
		w.known[s.URI] = true
		if found[len(recs)-len(rows)+i] {
			w.sites[s.URI] = s
		} else {
			now[i].Generation = -1
		}
	}
	if p.Distribution == "" {
		w.dist.Rules = def.Revision // all that such a plan is ruled by
	}
	p.Rules = w.dist.Rules
	w.snapshot = snapshot(p, w.plats, now)
	w.joined, err = pl.joined(ctx, p, w)
	return w, err
}

// untrue says in one sentence why an undecided plan is not true any more; ""
// if it is.
func (w present) untrue(p Plan) string {
	switch {
	case p.Distribution != "" && w.dist.Rules == 0:
		return string(p.Distribution) + " has been removed."
	case p.Kind == Upgrade && w.dist.Target == "":
		return string(p.Distribution) + " has no upgrade target any more."
	case p.Kind == Upgrade && w.dist.Target != p.To:
		return "The upgrade target is " + string(w.dist.Target) + " now, not " + string(p.To) + "."
	case w.to.State != PlatformReady:
		return "Platform " + string(p.To) + " is " + string(w.to.State) + " now."
	case p.Kind == Migrate && w.to.Locked:
		return "Platform " + string(p.To) + " has been locked."
	case w.dist.Rules != p.Rules, p.State == PlanProposed && w.rule.said() != p.Rule.said():
		return w.reruled(p)
	case len(w.joined) > 0:
		return fmt.Sprintf("%s to be moved since this was drawn: %s.", upperFirst(Plural(len(w.joined), "site has come", "sites have come")), tellList(w.joined, 3))
	case FingerprintOf(w.snapshot) == p.Fingerprint:
		return ""
	}
	if why := w.recoded(p); why != "" {
		return why
	}
	for _, s := range p.in(SiteWaiting) {
		if why := w.drift(s); why != "" {
			return why
		}
	}
	return "What would be moved has changed."
}

// drift says in one sentence how a site differs from what a plan was drawn
// from; "" if it does not.
func (w present) drift(s PlanSite) string {
	now, ok := w.sites[s.URI]
	switch {
	case !ok:
		return "Site " + string(s.URI) + " is gone."
	case now.Platform != s.From:
		return "Site " + string(s.URI) + " is on " + string(now.Platform) + " now, not on " + string(s.From) + "."
	case now.Generation != s.Generation:
		return "Site " + string(s.URI) + " was changed since."
	}
	return ""
}

// orAll names a distribution, or what has none.
func orAll(d DistName) string {
	if d == "" {
		return "all distributions"
	}
	return string(d)
}
