package commands

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// newUpgrade proposes to bring sites to their distribution's target. It moves
// nothing: the plan's Confirm does.
func newUpgrade(t *Table) Command {
	return Command{
		Verb: "upgrade", Args: "SITE|PLATFORM|DIST [--without SITE,…]", Min: 1, Max: 1, Group: "Upgrades",
		Options: []Option{{"without", "SITE,…", "sites of a platform or distribution that stay as they are"}},
		Summary: "propose to bring out-of-date sites to the target",
		Help: []string{
			"It changes nothing by itself: a plan with the comparison is posted, and somebody confirms it.",
			"A platform stands for all its sites, a distribution for all its out-of-date platforms.",
			fleet.Slash + " upgrade shop.example.org",
		},
		Role: fleet.Maintainer, Run: t.upgrade,
	}
}

func (t *Table) upgrade(ctx context.Context, r Request) (fleet.Message, error) {
	x, err := t.thing(ctx, r.Args[0], aSite, aPlatform, aDist)
	if err != nil {
		return fleet.Message{}, err
	}
	without, err := t.without(ctx, r.Opts["without"])
	if err != nil {
		return fleet.Message{}, err
	}
	switch {
	case x.Site != nil && len(without) > 0:
		return fleet.Message{}, fleet.Errorf(fleet.Invalid, "Sites are left out of a platform or a distribution, not of a site.")
	case x.Site != nil:
		return t.propose(ctx, r, fleet.Proposal{Kind: fleet.Upgrade, Scope: fleet.Scope{Site: x.Site.URI}})
	case x.Platform != nil:
		orders, err := narrowed([]fleet.Proposal{{Kind: fleet.Upgrade, Scope: fleet.Scope{Platform: x.Platform.Name}}}, without)
		if err != nil {
			return fleet.Message{}, err
		}
		return t.propose(ctx, r, orders...)
	}
	r.without = without
	return t.upgradeDist(ctx, r, *x.Dist)
}

// upgradeDist proposes one plan for each out-of-date platform, so that one
// decision never stands for two comparisons.
func (t *Table) upgradeDist(ctx context.Context, r Request, d fleet.Distribution) (fleet.Message, error) {
	if d.Target == "" {
		return fleet.Message{}, fleet.Errorf(fleet.Refused, "Distribution %s has no upgrade target.", d.Name).
			WithHint("Set one: %s target %s PLATFORM", fleet.Slash, d.Name)
	}
	standing, err := t.Catalog.Standing(ctx)
	if err != nil {
		return fleet.Message{}, err
	}
	var orders []fleet.Proposal
	for _, s := range standing {
		if s.Distribution.Name != d.Name {
			continue
		}
		for _, b := range s.Behind {
			orders = append(orders, fleet.Proposal{Kind: fleet.Upgrade, Scope: fleet.Scope{Platform: b.Platform.Name}})
		}
	}
	if len(orders) == 0 {
		return say(fmt.Sprintf("Every site of %s is on %s; there is nothing to upgrade.", d.Name, d.Target)), nil
	}
	orders, err = narrowed(orders, r.without)
	if err != nil {
		return fleet.Message{}, err
	}
	return t.propose(ctx, r, orders...)
}

// propose asks for plans and says where they appear. A refusal of one of
// several is told beside the others.
func (t *Table) propose(ctx context.Context, r Request, orders ...fleet.Proposal) (fleet.Message, error) {
	var plans []fleet.Plan
	var refusals []fleet.Line
	first := ""
	for _, o := range orders {
		o.By, o.Channel = r.Who, t.where(r, fleet.Distribution{})
		p, err := t.Planner.Propose(ctx, o)
		if err != nil && (fleet.CodeOf(err) == "" || len(orders) == 1) {
			return fleet.Message{}, err
		}
		if err != nil {
			why := refusal(err)
			if first == "" {
				first = why
			}
			refusals = append(refusals, fleet.Item(fleet.Clean(string(o.Scope.Platform), 110)+": "+why))
			continue
		}
		plans = append(plans, p)
	}
	if len(plans) == 0 {
		return fleet.Message{}, fleet.Errorf(fleet.Refused, "No plan could be made.").WithHint("%s", first)
	}
	if r.Shell {
		return t.shellPlans(ctx, plans, refusals)
	}
	return proposed(r, plans, refusals), nil
}

// refusal is the sentence of an error that a person may read.
func refusal(err error) string {
	m, fault := reply(err)
	if fault != nil {
		return "something failed."
	}
	return m.Message.Text
}

// proposed says that the facts are read and where the plans appear.
func proposed(r Request, plans []fleet.Plan, refusals []fleet.Line) fleet.Message {
	sites, open := 0, 0
	for _, p := range plans {
		sites += len(p.Sites)
		if p.State != fleet.PlanReading {
			open++
		}
	}
	text := fmt.Sprintf("Reading the facts of %s; %s in %s.", fleet.Plural(sites, "site", "sites"), appears(len(plans)), here(r))
	if open == len(plans) {
		text = fmt.Sprintf("There is a plan for that already: %s. It is %s.", plans[0].ID, plans[0].State)
	}
	return say(text, refusals...)
}

func appears(n int) string {
	if n == 1 {
		return "the plan appears"
	}
	return fmt.Sprintf("%d plans appear", n)
}

// shellPlans waits for the comparisons and prints the plans with how to
// confirm them, for a person who has no buttons.
func (t *Table) shellPlans(ctx context.Context, plans []fleet.Plan, refusals []fleet.Line) (fleet.Message, error) {
	if len(plans) != 1 {
		m := proposed(Request{}, plans, refusals)
		for _, p := range plans {
			m.Lines = append(m.Lines, fleet.Item(fleet.Clean(p.Title, 150), ": ", fleet.Mono("plan "+string(p.ID))))
		}
		return m, nil
	}
	p, err := t.await(ctx, plans[0].ID)
	if err != nil {
		return fleet.Message{}, err
	}
	m, err := t.Narrator.Message(ctx, fleet.SubjectOf(fleet.AboutPlan, string(p.ID)))
	if err != nil {
		return fleet.Message{}, err
	}
	return typed(m, p), nil
}

// typed adds to a plan's message what to type instead of pressing.
func typed(m fleet.Message, p fleet.Plan) fleet.Message {
	do := func(verb string) fleet.Span {
		return fleet.Mono(fmt.Sprintf(`distrobot do "%s %s %d"`, verb, p.ID, p.Revision))
	}
	switch p.State {
	case fleet.PlanReading:
		m.More = append(m.More, fleet.Say("The comparison is not complete yet; look again: ", fleet.Mono(fmt.Sprintf(`distrobot do "plan %s"`, p.ID))))
	case fleet.PlanProposed:
		m.More = append(m.More, fleet.Say("To confirm: ", do("confirm")), fleet.Say("To cancel: ", fleet.Mono(fmt.Sprintf(`distrobot do "cancel %s"`, p.ID))))
	case fleet.PlanPaused:
		m.More = append(m.More, fleet.Say("To go on: ", do("continue")), fleet.Say("To stop: ", do("stop")))
	}
	return m
}

// await waits, at most Patience, until a plan is no longer being read.
func (t *Table) await(ctx context.Context, id fleet.PlanID) (fleet.Plan, error) {
	deadline := time.NewTimer(t.Patience)
	defer deadline.Stop()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		p, err := t.plan(ctx, string(id))
		if err != nil || p.State != fleet.PlanReading || t.Patience == 0 {
			return p, err
		}
		select {
		case <-ctx.Done():
			return p, ctx.Err()
		case <-deadline.C:
			return p, nil
		case <-look.C:
		}
	}
}

// plan reads a plan by the id that people type.
func (t *Table) plan(ctx context.Context, id string) (fleet.Plan, error) {
	p := fleet.Plan{ID: fleet.PlanID(strings.ToLower(id))}
	found, err := t.Store.Read(ctx, &p)
	if err != nil {
		return p, err
	}
	if !found[0] {
		return p, fleet.Errorf(fleet.NotFound, "There is no plan %q.", fleet.Clean(id, 40))
	}
	return p, nil
}
