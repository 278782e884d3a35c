package fleet

import (
	"context"
	"fmt"
)

// Planner proposes plans and keeps them true.
type Planner struct {
	Store Store
	ID    func() string // makes ULIDs in lower case; nil means NewID
}

// Propose makes a plan in state reading, orders inspect tasks on the hosts of
// its sites, and emits its notice. Refused, with the reason, when no site is to
// be moved. An undecided plan that would do the same is returned instead of a
// second one; undecided plans that lead some of the sites elsewhere are
// superseded. What cannot move in a wider scope is left out and named.
func (pl *Planner) Propose(ctx context.Context, o Proposal) (Plan, error) {
	v, err := pl.survey(ctx, o)
	if err != nil {
		return Plan{}, err
	}
	draft, err := v.draft(o)
	if err != nil {
		return Plan{}, err
	}
	if err := pl.unpin(ctx, o, draft); err != nil {
		return Plan{}, err
	}
	p, err := pl.open(ctx, draft, v)
	if err != nil {
		return Plan{}, err
	}
	for _, old := range v.opens {
		if old.ID == p.ID || !old.State.Undecided() || old.ID != o.Replaces && !contradicts(old, p) {
			continue
		}
		if err := pl.supersede(ctx, old.ID, p.ID, replacedText(old, p, o)); err != nil {
			return Plan{}, err
		}
	}
	return p, nil
}

// unpin unpins the sites that a drafted plan moves, if that was asked for. It
// comes after every refusal, so that one leaves the sites as they were.
func (pl *Planner) unpin(ctx context.Context, o Proposal, draft Plan) error {
	if !o.Unpin {
		return nil
	}
	sites := Sites{Store: pl.Store}
	for _, s := range moving(draft) {
		if _, err := sites.Pin(ctx, s.URI, "", o.By); err != nil {
			return err
		}
	}
	return nil
}

// contradicts reports whether an undecided plan has a site in common with p
// and leads it elsewhere, or would do the same to the same scope as p, which
// was drawn later.
func contradicts(old, p Plan) bool {
	if slotName(old) == slotName(p) {
		return true
	}
	if old.To == p.To && old.Kind == p.Kind {
		return false
	}
	mine := map[URI]bool{}
	for _, s := range moving(p) {
		mine[s.URI] = true
	}
	for _, s := range moving(old) {
		if mine[s.URI] {
			return true
		}
	}
	return false
}

func replacedText(old, p Plan, o Proposal) string {
	switch {
	case o.Because != "":
		return o.Because
	case old.To != p.To:
		return fmt.Sprintf("The sites are to go to %s now, not to %s.", p.To, old.To)
	}
	return "Its sites have changed since it was drawn."
}

// Compare compares two platforms, for a site if uri is not empty; without
// facts of the site, as if no site was given. Refused when a platform's
// packages are not known.
func (pl *Planner) Compare(ctx context.Context, from, to PlatformName, uri URI) (Comparison, error) {
	_, a, err := pl.Facts(ctx, from)
	if err != nil {
		return Comparison{}, err
	}
	_, b, err := pl.Facts(ctx, to)
	if err != nil {
		return Comparison{}, err
	}
	facts, err := pl.factsOf(ctx, uri)
	if err != nil {
		return Comparison{}, err
	}
	c := Compare(a, b, facts)
	c.Advice, err = (&Advisories{Store: pl.Store}).Weigh(ctx, a, b)
	return c, err
}

// factsOf reads what is known of a site as it is now; nil if nothing is, or no
// site was named.
func (pl *Planner) factsOf(ctx context.Context, uri URI) (*SiteFacts, error) {
	if uri == "" {
		return nil, nil
	}
	site, facts := Site{URI: uri}, SiteFacts{URI: uri}
	found, err := pl.Store.Read(ctx, &site, &facts)
	switch {
	case err != nil:
		return nil, err
	case !found[0]:
		return nil, Errorf(NotFound, "There is no site %s.", uri)
	case !found[1] || facts.Generation != site.Generation:
		return nil, nil
	}
	return &facts, nil
}
