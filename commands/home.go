package commands

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// Home gives the parts of a person's page, in their order. The error is a fault
// of ours, or one of code Later when the storage is away.
func (t *Table) Home(ctx context.Context, who fleet.Actor) ([]fleet.Message, error) {
	role, err := t.Roles.Role(ctx, who)
	unsure := err != nil
	if unsure {
		role = fleet.Reader
	}
	homes := fleet.Homes{Store: t.Store, Tasks: t.Tasks, Catalog: t.Catalog, Decider: t.decider(), May: t.offers, Now: t.Now}
	v, err := homes.Look(ctx, who, role)
	if err != nil {
		return nil, err
	}
	v.Unsure = unsure
	return fleet.TellHome(v), nil
}

// offers reports whether somebody's press of a button would be let through now, by
// the rule of the press itself. What cannot be told now counts as no: the page
// asks again in a moment.
func (t *Table) offers(ctx context.Context, who fleet.Actor, o fleet.Offer) (bool, error) {
	var err error
	if o.Action == fleet.ActAsk {
		var cmd Command
		if cmd, _, err = find(t.List(), words(o.Value)); err == nil {
			_, err = t.allowed(ctx, cmd, Request{Who: who})
		}
	} else {
		_, err = t.allowedPress(ctx, Press{Action: o.Action, Value: o.Value, Who: who}, t.presses()[o.Action])
	}
	switch fleet.CodeOf(err) {
	case fleet.Forbidden, fleet.Later, fleet.NotFound:
		return false, nil
	}
	return err == nil, err
}

// pressUnmute lets a distribution be announced again.
func (t *Table) pressUnmute(ctx context.Context, p Press, r Request) (Reply, error) {
	d, err := t.dist(ctx, p.Value)
	if err != nil {
		return Reply{}, err
	}
	if err := t.News.Unmute(ctx, d.Name, r.Who); err != nil {
		return Reply{}, err
	}
	return tell(fmt.Sprintf("Distribution %s is announced again.", d.Name)), nil
}

// pressWake shows a snoozed announcement before its time.
func (t *Table) pressWake(ctx context.Context, p Press, r Request) (Reply, error) {
	if p.Value == "" {
		return Reply{}, forgotten()
	}
	a, err := t.News.Unsnooze(ctx, p.Value, r.Who)
	if err != nil {
		return Reply{}, err
	}
	return tell(fmt.Sprintf("The announcement of %s is shown again.", a.Distribution)), nil
}

// pressUnhide lists a distribution again on the page of whoever presses.
func (t *Table) pressUnhide(ctx context.Context, p Press, r Request) (Reply, error) {
	d, err := t.dist(ctx, p.Value)
	if err != nil {
		return Reply{}, err
	}
	if err := t.muter().Unmute(ctx, d.Name, r.Who); err != nil {
		return Reply{}, err
	}
	return tell(fmt.Sprintf("%s is listed in your App Home again.", d.Name)), nil
}
