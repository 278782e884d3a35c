package commands

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// newPlans lists the plans that are not ended, newest first.
func newPlans(t *Table) Command {
	return Command{
		Verb: "plans", Args: "[--page N]", Group: "Upgrades", Summary: "the plans that wait for people or are under way, newest first",
		Options: []Option{{"page", "N", "older ones, page by page"}}, Help: []string{fleet.Slash + " plans"}, Role: fleet.Reader,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			homes := fleet.Homes{Store: t.Store}
			list, err := homes.OpenPlans(ctx)
			if err != nil {
				return fleet.Message{}, err
			}
			return t.plansPage(list, r)
		},
	}
}

func (t *Table) plansPage(list []fleet.Plan, r Request) (fleet.Message, error) {
	all := len(list)
	if all == 0 {
		return say("No plan is open: nothing waits for a decision and nothing is under way."), nil
	}
	from, to, at, err := r.page(all)
	if err != nil {
		return fleet.Message{}, err
	}
	m := fleet.Message{Title: "Open plans", Text: fleet.Plural(all, "plan is", "plans are") + " open."}
	m.Table = &fleet.Table{Header: []string{"Plan", "What", "State", "Sites", "Asked by"}}
	for _, p := range list[from:to] {
		who := p.Requester.Name
		if who == "" {
			who = p.Requester.ID
		}
		m.Table.Rows = append(m.Table.Rows, []string{string(p.ID), fleet.Clean(p.Title, 110), string(p.State), fmt.Sprint(len(p.Sites)), orDash(fleet.Clean(who, 40))})
	}
	m.More = []fleet.Line{fleet.Say("One of them as it is now: ", fleet.Mono(fleet.Slash+" plan PLAN"))}
	t.paged(&m, r, "plans", at, all)
	return m, nil
}
