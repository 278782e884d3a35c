package fleet

import (
	"context"
	"slices"
	"time"
)

// Homes reads what a person's page shows. It changes nothing.
type Homes struct {
	Store   Store
	Tasks   *Tasks
	Catalog *Catalog
	Decider *Decider
	// May reports whether a person's press of a button would be let through now, by
	// role and policy; nil is never. The error is the store's.
	May func(ctx context.Context, who Actor, o Offer) (bool, error)
	Now func() time.Time // when it is shown; nil is time.Now
}

// Bounds of what one page reads: enough to count what it does not name.
const (
	homePlans = 20 // of a family
	homeTasks = 100
	homeNews  = 50
)

// Look reads the page of a person with a role. A nobody's page is not read.
// What cannot be trusted is left out, as on every page that only shows.
func (h *Homes) Look(ctx context.Context, who Actor, role Role) (HomeView, error) {
	v := HomeView{Who: who, Role: role, Now: time.Now()}
	if h.Now != nil {
		v.Now = h.Now()
	}
	if role == Nobody {
		return v, nil
	}
	var err error
	if v.Plans, err = h.OpenPlans(ctx); err != nil {
		return v, err
	}
	v.Mine = map[PlanID]bool{}
	for _, p := range v.Plans {
		v.Mine[p.ID] = p.State == PlanProposed && h.Decider.Awaits(ctx, p, Vote{Who: who, Role: role}, v.Now)
	}
	v.Tasks, _, err = h.Tasks.Query(ctx, TaskQuery{Open: true, Limit: homeTasks})
	if err != nil && CodeOf(err) != Tampered {
		return v, err
	}
	if v.Standings, err = h.Catalog.Standing(ctx); err != nil {
		return v, err
	}
	dists, _, err := h.Catalog.Look(ctx)
	if err != nil {
		return v, err
	}
	if v.Own, err = h.own(ctx, v, dists); err != nil {
		return v, err
	}
	v.Muted = slices.DeleteFunc(dists, func(d Distribution) bool { return !d.Hush.Muted.After(v.Now) })
	if v.Snoozed, err = h.snoozed(ctx); err != nil {
		return v, err
	}
	as := &Advisories{Store: h.Store}
	if v.Sources.Feeds, err = as.Feeds(ctx); err != nil {
		return v, err
	}
	if len(v.Sources.Feeds) > 0 {
		if v.Perils, err = as.Perils(ctx); err != nil {
			return v, err
		}
	}
	here := figures{standings: v.Standings, perils: v.Perils, known: v.Sources.read(), at: v.Now}
	if v.Trend, err = (&Trends{Store: h.Store}).with(ctx, "", here); err != nil {
		return v, err
	}
	v.May, err = h.offered(ctx, v)
	return v, err
}

// offered asks of each button of a page whether it would be refused.
func (h *Homes) offered(ctx context.Context, v HomeView) (map[Offer]bool, error) {
	out := map[Offer]bool{}
	if h.May == nil {
		return out, nil
	}
	for _, o := range v.Offers() {
		may, err := h.May(ctx, v.Who, o)
		if err != nil {
			return nil, err
		}
		out[o] = may
	}
	return out, nil
}

// OpenPlans reads the plans that are not final, newest first; of very many, some of
// the oldest are left out.
func (h *Homes) OpenPlans(ctx context.Context) ([]Plan, error) {
	var ids []string
	for _, fam := range PlanFamilies() {
		some, err := h.Store.List(ctx, OpenPlans(fam), Page{Limit: homePlans, Descending: true})
		if err != nil {
			return nil, err
		}
		ids = append(ids, some...)
	}
	plans, _, err := soundRows(ctx, h.Store, ids, planRow)
	slices.SortStableFunc(plans, func(a, b Plan) int { return b.Created.Compare(a.Created) })
	return plans, err
}

// own gives what a person muted for themselves and still exists.
func (h *Homes) own(ctx context.Context, v HomeView, dists []Distribution) (map[DistName]time.Time, error) {
	m := Mutes{Person: v.Who.ID}
	if _, err := h.Store.Read(ctx, &m); err != nil {
		return nil, err
	}
	held, out := m.Hold(v.Now), map[DistName]time.Time{}
	for _, d := range dists {
		if until, muted := held[d.Name]; muted {
			out[d.Name] = until
		}
	}
	return out, nil
}

// snoozed gives the announcements that people put away, the next to come back first.
func (h *Homes) snoozed(ctx context.Context) ([]Announcement, error) {
	ids, err := h.Store.List(ctx, Snoozed, Page{Limit: homeNews})
	if err != nil {
		return nil, err
	}
	news, _, err := soundRows(ctx, h.Store, ids, func(a *Announcement, id string) { a.ID = id })
	return slices.DeleteFunc(news, func(a Announcement) bool { return a.State != NewsSnoozed }), err
}

// Awaits reports whether a Confirm of the person in v would count now, if they
// give the reason and the second factor that the policy may want. It asks the
// rule of the press itself, and records nothing. What cannot be told counts as no.
func (d *Decider) Awaits(ctx context.Context, p Plan, v Vote, now time.Time) bool {
	v.Plan, v.Revision = p.ID, p.Revision
	v, err := d.weigh(ctx, p, v)
	if err != nil {
		return false
	}
	v.Confirm = true
	_, dec := DecidePlan(p, v, now)
	return slices.Contains([]Outcome{Approved, Counted, NeedsReason, NeedsSecond}, dec.Outcome)
}
