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
	homes := fleet.Homes{Store: t.Store, Tasks: t.Tasks, Catalog: t.Catalog, Decider: t.decider(), Now: t.Now}
	v, err := homes.Look(ctx, who, role)
	if err != nil {
		return nil, err
	}
	v.Unsure = unsure
	return fleet.TellHome(v), nil
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
