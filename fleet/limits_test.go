package fleet

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"
)

// A campaign lets a plan run by its rules alone, with a clock of its own and
// workers that answer at random.
type campaign struct {
	t       *testing.T
	r       *rand.Rand
	p       Plan
	w       present
	now     time.Time
	tasks   map[TaskID]Task
	windows map[URI]Window
}

func newCampaign(t *testing.T, seed uint64) *campaign {
	r := rand.New(rand.NewPCG(seed, 7))
	c := &campaign{t: t, r: r, now: noon, tasks: map[TaskID]Task{}, windows: map[URI]Window{}}
	c.w = present{dist: Distribution{Name: "atrium", Target: "b", Rules: 1, Policy: Policy{Window: []string{"", "", "22:00-05:00 Europe/Zurich"}[r.IntN(3)]}},
		to: Platform{Name: "b", State: PlatformReady}, sites: map[URI]Site{}, plats: map[PlatformName]Platform{}, known: map[URI]bool{}}
	c.p = Plan{ID: "plan", Kind: Upgrade, Distribution: "atrium", To: "b", Aim: "b", Rules: 1, State: PlanApproved, Votes: []Approval{{}},
		AtOnce: 1 + r.IntN(12), PerHost: r.IntN(5), Failures: r.IntN(4)}
	for i := range 5 + r.IntN(60) {
		s := Site{URI: URI(fmt.Sprintf("s%02d", i)), Host: HostName(fmt.Sprintf("web%d", r.IntN(3))), Platform: "a", Generation: 1, State: SiteLive,
			Window: []string{"", "", "Mon-Fri 01:00-03:00", Always}[r.IntN(4)], Zone: []string{"", "America/New_York", "Asia/Tokyo"}[r.IntN(3)]}
		c.w.sites[s.URI] = s
		c.windows[s.URI], _ = siteWindow(c.w.dist.Policy, s)
		c.p.Sites = append(c.p.Sites, PlanSite{URI: s.URI, Host: s.Host, From: "a", Generation: 1, Progress: SiteWaiting, Priority: int64(r.IntN(3))})
	}
	shape, _ := ParseWaves([]string{"", "2, 50%", "5, 5, 5", "rest"}[r.IntN(4)])
	c.p.Sites, c.p.Waves = AssignWaves(c.p.Sites, shape)
	return c
}

// work lets tasks that are queued begin and running ones end.
func (c *campaign) work() {
	for id, task := range c.tasks {
		switch roll := c.r.IntN(10); {
		case task.State == TaskQueued && roll < 6:
			task.State = TaskRunning
		case task.State == TaskRunning && roll < 4:
			task.State = TaskDone
		case task.State == TaskRunning && roll == 4:
			task.State, task.Reason = TaskFailed, "It failed."
			task.Steps = []StepRecord{{State: StepDone}}
		case task.State == TaskRunning && roll == 5:
			task.State = TaskHeld
		case task.State == TaskHeld && roll < 3:
			task.State = TaskRunning
		}
		c.tasks[id] = task
	}
}

// step lets the plan do what is next, and checks what began against the bounds.
func (c *campaign) step() {
	r := reports{tasks: c.tasks, sites: c.w.sites, dist: c.w.dist}
	p, _, _ := SyncPlan(c.p, r)
	p, _ = AskPlan(p, nil)
	clear(c.w.known)
	for _, s := range p.candidates(c.now) {
		c.w.known[s.URI] = true
	}
	m := MovePlan(p, c.w, c.now)
	c.p = m.plan
	for _, task := range m.tasks {
		c.began(p, task)
		c.tasks[task.ID] = task
	}
	under, on := 0, map[HostName]int{}
	for _, s := range c.p.Sites {
		if s.underWay() {
			under++
			on[s.Host]++
		}
	}
	for h, n := range on {
		if c.p.PerHost > 0 && n > c.p.PerHost {
			c.t.Fatalf("%d sites are under way on %s, the limit is %d", n, h, c.p.PerHost)
		}
	}
	if under > c.p.AtOnce {
		c.t.Fatalf("%d sites are under way, the limit is %d", under, c.p.AtOnce)
	}
}

// began checks one site that begins, p being the plan just before.
func (c *campaign) began(p Plan, task Task) {
	if open, _ := c.windows[URI(task.About)].Open(c.now); !open {
		c.t.Fatalf("%s began outside of its window at %s", task.About, c.now)
	}
	if longest(c.w.freezes, c.now) != nil {
		c.t.Fatalf("%s began during a freeze", task.About)
	}
	if failed := len(p.in(SiteBack, SiteBroken)); failed-p.Forgiven > p.Failures {
		c.t.Fatalf("%s began after %d failures; %d are tolerated", task.About, failed, p.Failures)
	}
	if p.State == PlanPaused || p.Stopped || len(p.in(SiteHeld)) > len(c.known()) {
		c.t.Fatalf("%s began in a plan that is %s, stopped %v, with sites held", task.About, p.State, p.Stopped)
	}
	wave := 0
	for _, s := range p.Sites {
		if string(s.URI) == task.About {
			wave = s.Wave
		}
	}
	for _, s := range p.Sites {
		if s.Wave < wave && (s.underWay() || s.unstarted()) {
			c.t.Fatalf("%s of wave %d began before %s of wave %d had ended", task.About, wave, s.URI, s.Wave)
		}
	}
}

// known are the held sites that people know of.
func (c *campaign) known() (out []PlanSite) {
	for _, s := range c.p.in(SiteHeld) {
		if s.Known {
			out = append(out, s)
		}
	}
	return out
}

// person presses something now and then, so that no plan waits for ever.
func (c *campaign) person() {
	switch roll := c.r.IntN(12); {
	case c.p.State == PlanPaused && roll < 3:
		c.p, _ = ResumePlan(c.p, Resumption{Revision: c.p.Revision, On: true, Dist: c.w.dist, To: c.w.to})
		c.p.Failures = 2
	case roll == 3:
		c.p, _ = PauseByPerson(c.p, Actor{ID: "U1"})
		for id, task := range c.tasks {
			c.tasks[id], _ = WithdrawTask(task, c.now)
		}
	case roll == 4:
		c.w.freezes = []Freeze{{Until: c.now.Add(time.Duration(c.r.IntN(30)) * time.Hour)}}
	case roll == 5 && c.r.IntN(40) == 0:
		c.p, _ = StopPlan(c.p, Actor{ID: "U1"})
		for id, task := range c.tasks {
			c.tasks[id], _ = WithdrawTask(task, c.now)
		}
	}
}

func TestNothingBeginsBeyondLimitsWindowsFreezesAndBudget(t *testing.T) {
	ended, trials := uint64(0), uint64(40)
	if os.Getenv("DISTROBOT_TEST_THOROUGH") != "" {
		trials = 2000
	}
	for seed := range trials {
		c := newCampaign(t, seed)
		limits := [2]int{c.p.AtOnce, c.p.PerHost}
		for range 4000 {
			if c.p.State.Final() {
				break
			}
			c.w.dist.Policy.AtOnce, c.w.dist.Policy.PerHost = limits[0], limits[1]
			c.person()
			c.work()
			c.step()
			c.now = c.now.Add(time.Duration(c.r.IntN(90)) * time.Minute)
		}
		ended += uint64(bit(c.p.State.Final()))
		if c.p.State.Final() && len(c.p.in(SiteWaiting, SiteRunning, SiteHeld)) > 0 {
			t.Fatalf("seed %d: it ended with sites under way", seed)
		}
	}
	if ended < trials*9/10 {
		t.Errorf("only %d of %d plans came to an end", ended, trials)
	}
}
