package commands

import (
	"context"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// A need is a right over a distribution, or over what belongs to none, that
// something takes where a policy says who has it.
type need struct {
	right fleet.Right
	dist  fleet.DistName
}

// A finder finds over what a request needs its right, from its arguments. What
// does not exist is ruled by the default policy; it is refused later anyway.
type finder func(ctx context.Context, t *Table, args []string) ([]fleet.DistName, error)

// A demand is what a command or a press takes.
type demand struct {
	right fleet.Right
	of    finder
}

// demands lists, by name, the commands that a policy can give to people. Every
// other is for whoever has its role.
func demands() map[string]demand {
	return map[string]demand{
		"add": {fleet.MayAdminister, ofAll}, "edit": {fleet.MayAdminister, ofThing(0, aDist)}, "remove": {fleet.MayAdminister, ofThing(0, aDist)},
		"check": {fleet.MayBuild, ofThing(0, aDist)}, "snooze": {fleet.MayAsk, ofThing(0, aDist)}, "ignore": {fleet.MayAsk, ofThing(0, aDist)},
		"mute": {fleet.MayAsk, ofThing(0, aDist)}, "hooks": {fleet.MayAdminister, ofAll},

		"build": {fleet.MayBuild, ofThing(0, aPlatform, aDist)}, "target": {fleet.MayTarget, ofThing(0, aDist)},
		"assign":   {fleet.MayTarget, ofBoth(ofThing(0, aPlatform), ofThing(1, aDist))},
		"unassign": {fleet.MayTarget, ofThing(0, aPlatform)},
		"lock":     {fleet.MayTarget, ofThing(0, aPlatform)}, "unlock": {fleet.MayTarget, ofThing(0, aPlatform)},
		"retire": {fleet.MayAdminister, ofThing(0, aPlatform)},

		"site create": {fleet.MayAdminister, ofThing(1, aPlatform, aDist)}, "site adopt": {fleet.MayAdminister, ofAll},
		"site clone":  {fleet.MayAdminister, ofBoth(ofThing(0, aSite), ofThing(2, aPlatform, aDist))},
		"site remove": {fleet.MayAdminister, ofThing(0, aSite)}, "site backup": {fleet.MayAdminister, ofThing(0, aSite)},
		"site restore": {fleet.MayAdminister, ofThing(0, aSite)}, "site login": {fleet.MayAdminister, ofThing(0, aSite)},
		"site alias": {fleet.MayAdminister, ofThing(0, aSite)}, "site unpin": {fleet.MayAdminister, ofThing(0, aSite)},
		"site tag": {fleet.MayAdminister, ofThing(0, aSite)}, "site priority": {fleet.MayAdminister, ofThing(0, aSite)},
		"site window": {fleet.MayAdminister, ofThing(0, aSite)}, "site move": {fleet.MayAdminister, ofThing(0, aSite)},

		"upgrade": {fleet.MayAsk, ofThing(0, aSite, aPlatform, aDist)}, "rehearse": {fleet.MayAsk, ofThing(0, aSite)},
		"migrate":  {fleet.MayAdminister, ofBoth(ofThing(0, aSite), ofThing(1, aPlatform))},
		"rollback": {fleet.MayRollback, ofThing(0, aSite)},
		"continue": {fleet.MayConfirm, ofPlan}, "resume": {fleet.MayConfirm, ofPlan},
		"stop": {fleet.MayAsk, ofPlan}, "pause": {fleet.MayAsk, ofPlan}, "abort": {fleet.MayAsk, ofPlan},
		"freeze": {fleet.MayFreeze, ofThing(0, aDist)}, "thaw": {fleet.MayFreeze, ofThing(0, aDist)},
		"without": {fleet.MayAsk, ofPlan},
		"retry":   {fleet.MayAsk, ofBoth(ofPlan, ofTask)}, "skip": {fleet.MayAsk, ofTask}, "giveup": {fleet.MayAsk, ofTask},
		"looks right": {fleet.MayConfirm, ofTask},

		"hosts pause": {fleet.MayAdminister, ofAll}, "hosts resume": {fleet.MayAdminister, ofAll},
		"hosts handover": {fleet.MayAdminister, ofAll}, "hosts release": {fleet.MayAdminister, ofAll},
		"digest add": {fleet.MayAsk, ofAll}, "digest remove": {fleet.MayAsk, ofAll},
		"policy set": {fleet.MayAdminister, ofPolicy}, "policy reset": {fleet.MayAdminister, ofPolicy},
	}
}

// pressDemands is the same for buttons, by their actions.
func pressDemands() map[string]demand {
	return map[string]demand{
		fleet.ActBuild: {fleet.MayBuild, ofNews}, fleet.ActSnooze: {fleet.MayAsk, ofNews},
		fleet.ActRebuild: {fleet.MayBuild, ofThing(0, aPlatform)}, fleet.ActRefresh: {fleet.MayBuild, ofRefresh},
		fleet.ActRehearse: {fleet.MayAsk, ofPlan}, fleet.ActPause: {fleet.MayAsk, ofPlan}, fleet.ActStop: {fleet.MayAsk, ofPlan},
		fleet.ActContinue: {fleet.MayConfirm, ofPlan}, fleet.ActRetry: {fleet.MayAsk, ofPlan},
		fleet.ActUndo: {fleet.MayRollback, ofPlan}, fleet.ActUnmoved: {fleet.MayRollback, ofPlan}, fleet.ActRollback: {fleet.MayRollback, ofThing(0, aSite)},
		fleet.ActAgain: {fleet.MayAsk, ofTask}, fleet.ActSkip: {fleet.MayAsk, ofTask}, fleet.ActGiveUp: {fleet.MayAsk, ofTask},
		fleet.ActLooks:  {fleet.MayConfirm, ofTask},
		fleet.ActRepeat: {fleet.MayAsk, ofTask}, fleet.ActEndTask: {fleet.MayAsk, ofTask},
		fleet.ActMoveSite: {fleet.MayAdminister, ofTask}, fleet.ActWithout: {fleet.MayAsk, ofPlan},
		fleet.ActWake: {fleet.MayAsk, ofNews}, fleet.ActUnmute: {fleet.MayAsk, ofThing(0, aDist)},
		fleet.ActUpgrade: {fleet.MayAsk, ofThing(0, aDist)}, fleet.ActRetire: {fleet.MayAdminister, ofAll},
	}
}

// needs finds what a demand means for the arguments at hand.
func (t *Table) needs(ctx context.Context, d demand, args []string) ([]need, error) {
	if d.of == nil {
		return nil, nil
	}
	dists, err := d.of(ctx, t, args)
	if err != nil {
		return nil, err
	}
	if len(dists) == 0 {
		dists = []fleet.DistName{""}
	}
	slices.Sort(dists)
	var out []need
	for _, d2 := range slices.Compact(dists) {
		out = append(out, need{d.right, d2})
	}
	return out, nil
}

// ofAll is what belongs to no distribution, or to all.
func ofAll(context.Context, *Table, []string) ([]fleet.DistName, error) { return nil, nil }

func ofBoth(finders ...finder) finder {
	return func(ctx context.Context, t *Table, args []string) ([]fleet.DistName, error) {
		var out []fleet.DistName
		for _, f := range finders {
			dists, err := f(ctx, t, args)
			if err != nil {
				return nil, err
			}
			out = append(out, dists...)
		}
		return out, nil
	}
}

// ofThing finds the distributions of everything that the nth argument may mean:
// of a name with several meanings the right to each is needed.
func ofThing(n int, kinds ...string) finder {
	return func(ctx context.Context, t *Table, args []string) ([]fleet.DistName, error) {
		if n >= len(args) {
			return nil, nil
		}
		name, _, _ := strings.Cut(args[n], "|")
		among := kinds
		if kind, rest, found := strings.Cut(name, ":"); found && slices.Contains(kinds, strings.ToLower(kind)) {
			among, name = []string{strings.ToLower(kind)}, rest
		}
		var out []fleet.DistName
		for _, kind := range among {
			x, err := t.lookup(ctx, kind, name)
			if code := fleet.CodeOf(err); code == fleet.NotFound || code == fleet.Invalid {
				continue
			}
			if err != nil {
				return nil, err
			}
			d, err := t.distNameOf(ctx, x)
			if err != nil {
				return nil, err
			}
			out = append(out, d)
		}
		return out, nil
	}
}

// distNameOf is the distribution of a thing; "" if it has none.
func (t *Table) distNameOf(ctx context.Context, x thing) (fleet.DistName, error) {
	switch {
	case x.Dist != nil:
		return x.Dist.Name, nil
	case x.Platform != nil:
		return x.Platform.Distribution, nil
	}
	p, err := t.Catalog.Platform(ctx, x.Site.Platform)
	if fleet.CodeOf(err) == fleet.NotFound {
		return "", nil
	}
	return p.Distribution, err
}

// ofPlan takes the plan of the first argument, which may carry a revision.
func ofPlan(ctx context.Context, t *Table, args []string) ([]fleet.DistName, error) {
	if len(args) == 0 {
		return nil, nil
	}
	id, _, _ := strings.Cut(args[0], "|")
	p, err := t.plan(ctx, id)
	return whose(p.Distribution, err)
}

func ofNews(ctx context.Context, t *Table, args []string) ([]fleet.DistName, error) {
	a, err := t.announcement(ctx, args[0])
	return whose(a.Distribution, err)
}

func ofRefresh(ctx context.Context, t *Table, args []string) ([]fleet.DistName, error) {
	o, err := t.offer(ctx, args[0])
	return whose(o.Distribution, err)
}

func whose(d fleet.DistName, err error) ([]fleet.DistName, error) {
	if fleet.CodeOf(err) == fleet.NotFound {
		return nil, nil
	}
	return []fleet.DistName{d}, err
}

// ofTask takes the task of the first argument: its plan's distribution, or that
// of the platform or site it is about.
func ofTask(ctx context.Context, t *Table, args []string) ([]fleet.DistName, error) {
	if len(args) == 0 || args[0] == "" {
		return nil, nil
	}
	id, _, _ := strings.Cut(args[0], "|")
	x, err := t.Tasks.Find(ctx, fleet.TaskID(strings.ToLower(id)))
	if err != nil {
		return whose("", err)
	}
	if x.Plan != "" {
		return ofPlan(ctx, t, []string{string(x.Plan)})
	}
	if d := x.Params[fleet.ParamDist]; d != "" {
		return []fleet.DistName{fleet.DistName(d)}, nil
	}
	return ofThing(0, aPlatform, aSite)(ctx, t, []string{x.About})
}

// ofPolicy takes the distribution whose policy is meant; the default policy is
// everybody's.
func ofPolicy(ctx context.Context, t *Table, args []string) ([]fleet.DistName, error) {
	if len(args) == 0 {
		return nil, nil
	}
	d, err := t.ruled(ctx, args[0])
	return whose(d, err)
}
