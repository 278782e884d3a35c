package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// newWithout asks for a plan again without some of its sites. The form of the
// button fills the option; who types names the sites as arguments.
func newWithout(t *Table) Command {
	return Command{
		Verb: "without", Args: "PLAN [SITE,…]", Min: 1, Max: -1, Group: "Upgrades",
		Summary: "propose a plan again without some of its sites; without any, with all of them",
		Options: []Option{{"sites", "SITE,…", "the same as naming them"}},
		Help:    []string{fleet.Slash + " without 01jd0000000000000000000009 shop.example.org", "A fresh plan takes the place of the one that was shown, and somebody confirms that one."},
		Role:    fleet.Maintainer, Run: t.leaveOut,
	}
}

func (t *Table) leaveOut(ctx context.Context, r Request) (fleet.Message, error) {
	id, rev, err := divide(r.Args[0])
	if err != nil { // typed: the sites are named, so the revision says nothing more
		id, rev = r.Args[0], 0
	}
	p, err := t.plan(ctx, id)
	if err != nil {
		return fleet.Message{}, err
	}
	sites, err := t.without(ctx, strings.Join(append(r.Args[1:], r.Opts["sites"]), ","))
	if err != nil {
		return fleet.Message{}, err
	}
	o := fleet.LeaveOut{Plan: p.ID, Revision: rev, By: r.Who}
	for _, s := range sites {
		o.Without = append(o.Without, s.URI)
	}
	fresh, err := t.Planner.LeaveOut(ctx, o)
	if err != nil {
		return fleet.Message{}, err
	}
	if r.Shell {
		return t.shellPlans(ctx, []fleet.Plan{fresh}, nil)
	}
	return say(fmt.Sprintf("A fresh plan takes the place of this one: %s. It appears in %s when its facts are read.", fleet.Clean(fresh.Title, 150), here(r))), nil
}

// pressWithout opens the form in which the sites are chosen.
func (t *Table) pressWithout(ctx context.Context, p Press, _ Request) (Reply, error) {
	id, rev, err := divide(p.Value)
	if err != nil {
		return Reply{}, err
	}
	plan, err := t.plan(ctx, id)
	switch {
	case err != nil:
		return Reply{}, err
	case plan.State == fleet.PlanReading:
		return tell("The facts are still being read; press again when the comparison is shown."), nil
	case plan.State != fleet.PlanProposed:
		return tell(fleet.DecidedText(plan)), nil
	case plan.Revision != rev:
		return tell("What you pressed is out of date; look at the plan as it is now."), nil
	}
	form := fleet.WithoutForm(plan)
	return Reply{Message: fleet.Message{Text: form.Title + ".", Form: &form}}, nil
}

// without reads the names of sites, separated by commas.
func (t *Table) without(ctx context.Context, names string) ([]fleet.Site, error) {
	var out []fleet.Site
	for _, name := range strings.FieldsFunc(names, func(r rune) bool { return r == ',' || r == ' ' }) {
		s, err := t.site(ctx, name)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	if len(out) > fleet.MaxWithout {
		return nil, fleet.Errorf(fleet.Invalid, "At most %d sites can be left out by name.", fleet.MaxWithout)
	}
	return out, nil
}

// narrowed leaves each site out of the proposal for its platform. A site that is
// in none of them was meant to be somewhere else: nothing is proposed then.
func narrowed(orders []fleet.Proposal, without []fleet.Site) ([]fleet.Proposal, error) {
	for _, s := range without {
		found := false
		for i := range orders {
			if orders[i].Scope.Platform == s.Platform {
				orders[i].Scope.Without, found = append(orders[i].Scope.Without, s.URI), true
			}
		}
		if !found {
			return nil, fleet.Errorf(fleet.Invalid, "Site %s is on %s and would not be moved by this.", s.URI, s.Platform)
		}
	}
	for i := range orders {
		slices.Sort(orders[i].Scope.Without)
		orders[i].Scope.Without = slices.Compact(orders[i].Scope.Without)
	}
	return orders, nil
}
