package commands

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// plansShown is how many plans one answer lists.
const plansShown = 25

// newPlans lists the plans that are not ended, newest first.
func newPlans(t *Table) Command {
	return Command{
		Verb: "plans", Args: "[--page N]", Group: "Upgrades", Summary: "the plans that wait for people or are under way, newest first",
		Options: []Option{{"page", "N", "older ones, page by page"}}, Role: fleet.Reader,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			page, err := pageOf(r.Opts["page"])
			if err != nil {
				return fleet.Message{}, err
			}
			homes := fleet.Homes{Store: t.Store}
			list, err := homes.OpenPlans(ctx)
			if err != nil {
				return fleet.Message{}, err
			}
			return plansPage(list, page), nil
		},
	}
}

func plansPage(list []fleet.Plan, page int) fleet.Message {
	all, from := len(list), (page-1)*plansShown
	if from >= all {
		if all == 0 {
			return say("No plan is open: nothing waits for a decision and nothing is under way.")
		}
		return say(fmt.Sprintf("Fewer plans are open: %d.", all))
	}
	list = list[from:min(from+plansShown, all)]
	m := fleet.Message{Title: "Open plans", Text: fleet.Plural(all, "plan is", "plans are") + " open."}
	m.Table = &fleet.Table{Header: []string{"Plan", "What", "State", "Sites", "Asked by"}}
	for _, p := range list {
		who := p.Requester.Name
		if who == "" {
			who = p.Requester.ID
		}
		m.Table.Rows = append(m.Table.Rows, []string{string(p.ID), fleet.Clean(p.Title, 110), string(p.State), fmt.Sprint(len(p.Sites)), orDash(fleet.Clean(who, 40))})
	}
	m.More = []fleet.Line{fleet.Say("One of them as it is now: ", fleet.Mono(fleet.Slash+" plan PLAN"))}
	if from+len(list) < all {
		m.More = append(m.More, fleet.Say("Older ones: add ", fleet.Mono(fmt.Sprintf("--page %d", page+1)), "."))
	}
	return m
}
