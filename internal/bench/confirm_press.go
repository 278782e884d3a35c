package bench

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// A press of Confirm: who pressed which plan, and what came of it.
type press struct {
	plan   int
	person int
	due    time.Time     // by schedule; what counts as the moment of the press
	late   time.Duration // behind the schedule, by our own fault
	ack    time.Duration // as the workspace measured it
	seen   time.Time     // when the person saw what came of it
}

// pressAll lets people press on schedule; a press does not wait for another.
// Each plan is pressed by several people, in an order that is the same in every
// run; those who come late press what their screen still shows.
func (w *confirmWorld) pressAll(ctx context.Context, plans []proposedPlan) ([]*press, error) {
	slices.SortFunc(plans, func(a, b proposedPlan) int { return cmp.Compare(a.ts, b.ts) })
	presses := schedule(len(plans))
	start := time.Now()
	g, ctx := errgroup.WithContext(ctx)
	for i, p := range presses {
		p.due = start.Add(time.Duration(i) * confirmEvery)
		timer := time.NewTimer(time.Until(p.due))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return nil, cmp.Or(g.Wait(), ctx.Err())
		}
		g.Go(func() error {
			on := plans[p.plan]
			p.late = time.Since(p.due)
			a, err := w.chat.ClickWorn(personName(p.person), on.channel, on.ts, on.confirm)
			if err == nil && a.Error != "" {
				err = fmt.Errorf("a press of %s was answered with %s after %.0f ms", personName(p.person), a.Error, a.AckMS)
			}
			p.ack = time.Duration(a.AckMS * float64(time.Millisecond))
			return err
		})
	}
	return presses, g.Wait()
}

// schedule deals the presses out to plans and people: rounds over all plans,
// each in an order of its own, so that the people of one plan differ.
func schedule(plans int) []*press {
	r := rand.New(rand.NewPCG(1, 2))
	var order []int
	var out []*press
	for i := range confirmPresses {
		if len(order) == 0 {
			order = r.Perm(plans)
		}
		out = append(out, &press{plan: order[0], person: i % confirmPeople})
		order = order[1:]
	}
	return out
}
