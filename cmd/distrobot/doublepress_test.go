package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store/storetest"
)

// everybody may confirm.
type everybody struct{}

func (everybody) Role(context.Context, fleet.Actor) (fleet.Role, error) { return fleet.Maintainer, nil }
func (everybody) Holders(context.Context, fleet.Role) []fleet.Span      { return nil }

// A crowd presses the same buttons on three replicas of the bot, each with
// services and a connection of its own to one Redis that writes its file out
// before each reply; one worker moves the sites.
type crowd struct {
	*testing.T
	replicas []*app
	plans    []fleet.PlanID
	answered map[string]int // by what people were told
	moved    map[string]int // by site
	mu       sync.Mutex
}

const (
	crowdHost  = fleet.HostName("web1")
	crowdSites = 3 // of a plan: one in each wave
)

// TestDoublePress: however often and wherever Confirm is pressed, each plan runs
// once, with one task for each site, and each press is answered.
func TestDoublePress(t *testing.T) {
	presses, plans := 1_500, 6
	if thorough() {
		presses, plans = 100_000, 100
	}
	c := newCrowd(t)
	c.propose(plans)
	ctx, stop := context.WithCancel(t.Context())
	var loops errgroup.Group
	for _, a := range c.replicas {
		loops.Go(func() error { return c.conduct(ctx, a) })
	}
	loops.Go(func() error { return c.work(ctx) })
	c.await("every plan can be confirmed", fleet.PlanProposed)
	c.press(presses)
	c.await("every plan is done", fleet.PlanDone)
	stop()
	must(t, loops.Wait())
	c.verify(presses)
	t.Attr("trials", fmt.Sprint(presses))
}

func newCrowd(t *testing.T) *crowd {
	redis := storetest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	c := &crowd{T: t, answered: map[string]int{}, moved: map[string]int{}}
	for range 3 {
		a, err := openApp(t.Context(), Config{RedisURL: redis.URL(), Key: "0123456789abcdef0123456789abcdef", Data: t.TempDir(), Host: string(crowdHost),
			Channel: "#sites", LogLevel: "error", Share: "clone", PollInterval: time.Minute}, appOptions{})
		must(t, err)
		t.Cleanup(a.close)
		a.table.Roles = everybody{}
		c.replicas = append(c.replicas, a)
	}
	return c
}

// propose makes a distribution, its sites, and plans over three of them each.
func (c *crowd) propose(plans int) {
	a, ctx, alice := c.replicas[0], c.Context(), fleet.Actor{ID: "U0ALICE", Name: "alice"}
	_, err := a.catalog.Add(ctx, fleet.Distribution{Name: "atrium", Kind: "generic", URL: "https://git.example.org/atrium.git"}, alice)
	must(c.T, err)
	var names []fleet.PlatformName
	for _, v := range []string{"1.0.0", "1.1.0"} {
		ref := fleet.Ref{Name: "refs/tags/" + v, Hash: fmt.Sprintf("%040x", v), Commit: fmt.Sprintf("%040x", v), Version: v}
		p, err := a.builder.Build(ctx, fleet.BuildOrder{Distribution: "atrium", Ref: ref, By: alice, Hosts: []fleet.HostName{crowdHost}, Quiet: true})
		must(c.T, err)
		_, err = a.builder.Record(ctx, fleet.BuildResult{Platform: p.Name, Host: crowdHost, Path: "/srv/" + v, TreeDigest: v, Facts: fleet.PlatformFacts{Packages: []fleet.Package{{Name: "atrium", Version: v}}}})
		must(c.T, err)
		names = append(names, p.Name)
	}
	for i := range plans {
		o := fleet.Proposal{Kind: fleet.Migrate, To: names[1], By: alice, Channel: "#sites"}
		for k := range crowdSites {
			s, err := a.sites.Adopt(ctx, fleet.Site{URI: fleet.URI(fmt.Sprintf("s%d-%d.example.org", i, k)), Platform: names[0], Host: crowdHost, Generation: 1}, alice)
			must(c.T, err)
			o.Scope.Only = append(o.Scope.Only, s.URI)
		}
		p, err := a.planner.Propose(ctx, o)
		must(c.T, err)
		c.plans = append(c.plans, p.ID)
	}
}

// conduct is the part of a replica that follows presses.
func (c *crowd) conduct(ctx context.Context, a *app) error {
	carrier := &fleet.Carrier{Store: a.store, Outbox: a.store, Trail: a.store, Planner: a.planner, Conductor: a.conductor, Channel: a.cfg.Channel}
	for ctx.Err() == nil {
		_, err := carrier.Carry(ctx)
		if err == nil {
			_, err = a.conductor.Sweep(ctx)
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-a.nudge:
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	return nil
}

// press lets many people press at once; some presses are delivered twice.
func (c *crowd) press(n int) {
	var g errgroup.Group
	g.SetLimit(300)
	var silent atomic.Int64
	for i := range n {
		g.Go(func() error {
			plan := c.plans[i%len(c.plans)]
			who := i / len(c.plans) % 40
			p := commands.Press{ID: fmt.Sprint("press-", i-i/len(c.plans)%2*len(c.plans)), Action: fleet.ActConfirm, Value: fleet.PlanValue(plan, 2),
				Who: fleet.Actor{ID: fmt.Sprintf("U%02d", who/2), Name: fmt.Sprintf("person %d", who/2)}, Channel: "#sites", Subject: fleet.SubjectOf(fleet.AboutPlan, string(plan))}
			r, err := c.replicas[i%len(c.replicas)].table.Press(c.Context(), p)
			if err == nil && !r.None && r.Message.Text == "" {
				silent.Add(1)
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			c.answered[outcome(r)]++
			return err
		})
	}
	must(c.T, g.Wait())
	if k := silent.Load(); k > 0 {
		c.Errorf("%d presses were not answered", k)
	}
}

// outcome says in a few words how a press was answered.
func outcome(r commands.Reply) string {
	if r.None {
		return "confirmed"
	}
	return r.Message.Text[:min(len(r.Message.Text), 17)]
}

// await looks until all plans have come to a state.
func (c *crowd) await(what string, state fleet.PlanState) {
	c.Helper()
	a := c.replicas[0]
	for end := time.Now().Add(5 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		n := 0
		for _, id := range c.plans {
			p := fleet.Plan{ID: id}
			must(c.T, fleet.One(c.Context(), a.store, &p, "plan"))
			if p.State == state {
				n++
			}
		}
		if n == len(c.plans) {
			return
		}
		if time.Now().After(end) {
			c.Fatalf("%s: %d of %d", what, n, len(c.plans))
		}
	}
}
