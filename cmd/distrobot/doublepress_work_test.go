package main

import (
	"context"
	"slices"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// work takes up every task of the host and moves its site, as a worker does.
func (c *crowd) work(ctx context.Context) error {
	a := c.replicas[0]
	for ctx.Err() == nil {
		open, err := a.tasks.List(ctx, crowdHost, true, 1000)
		if err != nil && ctx.Err() == nil {
			return err
		}
		for _, t := range open {
			if err := c.carryOut(ctx, t); err != nil && ctx.Err() == nil {
				return err
			}
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	return nil
}

func (c *crowd) carryOut(ctx context.Context, t fleet.Task) error {
	a := c.replicas[0]
	if t.Kind == fleet.TaskMigrate {
		s, err := a.sites.Claim(ctx, fleet.SiteClaim{URI: fleet.URI(t.About), Task: t.ID, Claim: 1, Lease: time.Minute, Generation: 1})
		if err != nil {
			return err
		}
		_, err = a.sites.Move(ctx, fleet.SiteMove{URI: s.URI, Task: t.ID, Fence: s.Lock.Fence, Generation: 2, Platform: fleet.PlatformName(t.Params[fleet.ParamPlatform])})
		if err != nil {
			return err
		}
		c.moved[t.About]++
	}
	return a.store.Update(ctx, fleet.HostFamily(t.Host), func(tx fleet.Tx) error {
		now := fleet.Task{ID: t.ID, Host: t.Host}
		if _, err := tx.Get(&now); err != nil {
			return err
		}
		now.State, now.Ended = fleet.TaskDone, tx.Now()
		tx.Put(&now)
		tx.Emit(fleet.Effect{Advance: now.Plan})
		return nil
	})
}

// verify wants one approval of each plan and one task for each of its sites.
func (c *crowd) verify(presses int) {
	a, ctx := c.replicas[1], c.Context()
	sum := 0
	for _, n := range c.answered {
		sum += n
	}
	c.Logf("%d presses on %d plans: %v", presses, len(c.plans), c.answered)
	if sum != presses || c.answered["confirmed"] < len(c.plans) || len(c.answered) < 2 {
		c.Errorf("%d presses were answered as %v", presses, c.answered)
	}
	all, err := a.store.List(ctx, fleet.TasksOf(crowdHost), fleet.Page{})
	must(c.T, err)
	tasks := map[fleet.PlanID][]string{}
	for _, id := range all {
		t := fleet.Task{ID: fleet.TaskID(id), Host: crowdHost}
		must(c.T, fleet.One(ctx, a.store, &t, "task"))
		if t.Kind == fleet.TaskMigrate {
			tasks[t.Plan] = append(tasks[t.Plan], t.About)
		}
	}
	for _, id := range c.plans {
		p := fleet.Plan{ID: id}
		must(c.T, fleet.One(ctx, a.store, &p, "plan"))
		var want []string
		for _, s := range p.Sites {
			want = append(want, string(s.URI))
			if c.moved[string(s.URI)] != 1 {
				c.Errorf("site %s was moved %d times", s.URI, c.moved[string(s.URI)])
			}
		}
		got := tasks[id]
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) || len(p.Votes) != 1 {
			c.Errorf("plan %s has %d votes and tasks for %v, not for %v", id, len(p.Votes), got, want)
		}
	}
	c.approvedOnce()
}

// approvedOnce reads the audit trail.
func (c *crowd) approvedOnce() {
	confirmed := map[string]int{}
	for cursor := ""; ; {
		events, next, err := c.replicas[2].store.Events(c.Context(), cursor, 500)
		must(c.T, err)
		for _, e := range events {
			if e.What == "plan.confirmed" {
				confirmed[e.About]++
			}
		}
		if cursor = next; next == "" || len(events) == 0 {
			break
		}
	}
	for _, id := range c.plans {
		if confirmed[string(id)] != 1 {
			c.Errorf("plan %s was confirmed %d times by the audit trail", id, confirmed[string(id)])
		}
	}
}
