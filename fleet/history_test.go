package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/fleet/fleettest"
)

// A move is one thing that happens in a history: which, and the seed of all that
// is left to chance in it. Each has a seed of its own, so that a history from
// which some moves were taken away still does the same with the others.
type move struct {
	name string
	seed uint64
}

// A history is a fleet to which things happen: people ask, press, and change
// rules and sites; workers take tasks up, act, fail and die; effects are carried
// late, twice, by several replicas. Beside it stands the ledger, which knows of
// approvals only what people saw and pressed.
type history struct {
	ctx       context.Context
	mem       *fleettest.Memory
	r         *rand.Rand // of the move that is made
	wrong     mutant
	ledger    ledger
	screens   map[fleet.PlanID]map[int]shownPlan // what was shown of each revision, from the first moment on
	order     []fleet.PlanID                     // of screens, as they came
	hands     []*hand                            // of workers
	delivered []fleet.Effect
	outbox    *slowOutbox
	trail     []string // what happened, for people
	ids       int
	presses   int
	pressed   fleet.PlanID                       // the plan whose button was pressed last
	worlds    map[fleet.PlanID]*fleettest.Memory // as they were when it was shown; for mutants
	within    int                                // depth of moves within moves
	strike    int                                // commits until something happens just before one; 0 is never
	meanwhile func()                             // what happens then
	disturbed bool                               // it has happened in this move
	fault     error                              // of the program, not of a rule
	catalog   *fleet.Catalog
	targets   *fleet.Targets
	builder   *fleet.Builder
	sites     *fleet.Sites
	tasks     *fleet.Tasks
	planner   *fleet.Planner
	decider   *fleet.Decider
	conductor *fleet.Conductor
	carrier   *fleet.Carrier
}

// errCrash is a process that dies between two instructions.
var errCrash = errors.New("crashed")

func newHistory(wrong mutant) *history {
	h := &history{ctx: context.Background(), mem: fleettest.New(), wrong: wrong, screens: map[fleet.PlanID]map[int]shownPlan{}, ledger: newLedger(),
		worlds: map[fleet.PlanID]*fleettest.Memory{}}
	h.mem.Between = h.between
	h.outbox = &slowOutbox{Memory: h.mem, h: h}
	h.restart()
	return h
}

// restart makes every service anew, as another replica has them.
func (h *history) restart() {
	m := h.mem
	id := func() string { h.ids++; return fmt.Sprintf("%026d", h.ids) }
	h.catalog, h.targets, h.tasks = &fleet.Catalog{Store: m}, &fleet.Targets{Store: m}, &fleet.Tasks{Store: m}
	h.builder, h.sites = &fleet.Builder{Store: m, ID: id}, &fleet.Sites{Store: h.wrong.locks(m), ID: id}
	h.planner = &fleet.Planner{Store: m, ID: id}
	h.decider = &fleet.Decider{Store: m, Planner: &fleet.Planner{Store: h.wrong.world(h), ID: id}}
	h.conductor = &fleet.Conductor{Store: h.wrong.plans(m), Planner: h.planner, ID: id}
	h.carrier = &fleet.Carrier{Store: m, Outbox: h.outbox, Trail: m, Planner: h.planner, Conductor: h.conductor, Channel: "C0MAIN",
		Failed: func(e fleet.PendingEffect, err error) { h.wentWrong(fmt.Sprintf("effect %+v", e.Effect), err) }}
}

// between is called before each commit.
func (h *history) between() {
	if h.strike == 0 {
		return
	}
	if h.strike--; h.strike == 0 {
		h.disturbed = true
		h.meanwhile()
	}
}

// wentWrong notes an error that is no answer of a rule.
func (h *history) wentWrong(what string, err error) {
	if err != nil && fleet.CodeOf(err) == "" && h.fault == nil {
		h.fault = fmt.Errorf("%s: %w", what, err)
	}
}

// say notes what happened.
func (h *history) say(format string, args ...any) {
	h.trail = append(h.trail, strings.Repeat("  ", h.within)+fmt.Sprintf(format, args...))
}

// make makes one move. Just before one of its commits another move may be made
// by somebody else, or the process may die.
func (h *history) make(m move) {
	outer := h.r
	h.r = rand.New(rand.NewPCG(m.seed, 1))
	defer func() { h.r = outer }()
	if h.within == 0 {
		h.strike, h.disturbed = 0, false
		switch h.r.IntN(8) {
		case 0:
			other := move{moveNames[h.r.IntN(len(moveNames))], h.r.Uint64()}
			h.strike, h.meanwhile = 1+h.r.IntN(4), func() {
				h.within++
				defer func() { h.within-- }()
				h.make(other)
			}
		case 1:
			h.strike, h.meanwhile = 1+h.r.IntN(4), func() { panic(errCrash) }
		}
		defer func() {
			if p := recover(); p == errCrash {
				h.say("the process died there")
				h.within = 0
				h.restart()
			} else if p != nil {
				panic(p)
			}
		}()
	}
	all := allMoves()
	all[slices.IndexFunc(all, func(k kindOfMove) bool { return k.name == m.name })].make(h)
}

// run makes the moves and gives what was refuted first; nil if nothing was.
func (h *history) run(moves []move) *refutation {
	h.begin()
	for _, m := range moves {
		h.make(m)
		h.look()
		if h.fault != nil {
			return &refutation{"fault", h.fault.Error()}
		}
		if h.ledger.refuted != nil {
			return h.ledger.refuted
		}
	}
	return nil
}

// begin sets up a distribution with a target and sites that are on it, and a
// newer platform.
func (h *history) begin() {
	h.r = rand.New(rand.NewPCG(7, 7))
	_, err := h.catalog.Add(h.ctx, fleet.Distribution{Name: "atrium", Kind: "generic", URL: "https://git.example.org/atrium.git"}, alice)
	h.wentWrong("add", err)
	for _, name := range []fleet.HostName{"web1", "web2"} {
		h.wentWrong("host", h.mem.Update(h.ctx, fleet.Catalogue, func(tx fleet.Tx) error {
			host := fleet.Host{Name: name}
			_, err := tx.Get(&host)
			tx.Put(&host)
			return err
		}))
	}
	for _, v := range []string{"1.0.0", "1.1.0"} {
		p, err := h.builder.Build(h.ctx, fleet.BuildOrder{Distribution: "atrium", Ref: tag(v), By: alice, Hosts: []fleet.HostName{"web1", "web2"}})
		h.wentWrong("build", err)
		for _, host := range p.Hosts {
			h.builtOn(p, host, "tree-"+v)
		}
		if v == "1.0.0" {
			_, err := h.targets.Set(h.ctx, "atrium", p.Name, alice)
			h.wentWrong("target", err)
		}
		h.mem.Pass(time.Minute)
	}
	for i := range 4 {
		s := fleet.Site{URI: fleet.URI(fmt.Sprintf("s%d.example.org", i)), Platform: "atrium-1.0.0", Host: fleet.HostName(fmt.Sprintf("web%d", i%2+1)), Generation: 1}
		if i == 3 {
			s.Tags = []string{"staging"}
		}
		_, err := h.sites.Adopt(h.ctx, s, alice)
		h.wentWrong("adopt", err)
	}
	if _, err := h.targets.Set(h.ctx, "atrium", "atrium-1.1.0", alice); err != nil {
		h.wentWrong("target", err)
	}
	_, err = h.carrier.Carry(h.ctx)
	h.wentWrong("carry", err)
}

func (h *history) builtOn(p fleet.Platform, host fleet.HostName, tree string) {
	_, err := h.builder.Record(h.ctx, fleet.BuildResult{Platform: p.Name, Host: host, Path: "/srv/" + string(p.Name), TreeDigest: tree, LockDigest: "lock-" + tree,
		Facts: fleet.PlatformFacts{Packages: []fleet.Package{{Name: "example/guestbook", Type: "application", Version: p.Ref.Version}}}})
	h.wentWrong("record", err)
}

// look takes in what people see now: the first moment of each revision counts.
func (h *history) look() {
	for _, fam := range fleet.PlanFamilies() {
		ids, err := h.mem.List(h.ctx, fleet.OpenPlans(fam), fleet.Page{})
		h.wentWrong("list plans", err)
		for _, id := range ids {
			h.show(fleet.PlanID(id))
		}
	}
}

func (h *history) show(id fleet.PlanID) {
	p := fleet.Plan{ID: id}
	if found, err := h.mem.Read(h.ctx, &p); err != nil || !found[0] {
		h.wentWrong("read plan", err)
		return
	}
	if h.screens[id] == nil {
		h.screens[id] = map[int]shownPlan{}
		h.order = append(h.order, id)
	}
	if _, seen := h.screens[id][p.Revision]; !seen {
		h.screens[id][p.Revision] = h.shown(p)
		if h.wrong.blindPress {
			h.worlds[id] = h.mem.Copy()
		}
	}
	if len(p.Votes) == 0 && (slices.Contains([]fleet.PlanState{fleet.PlanApproved, fleet.PlanRunning, fleet.PlanPaused}, p.State) || p.Wave > 0) {
		h.ledger.freely(h, p)
	}
}

// slowOutbox gives out only some of what is pending, forgets now and then that
// something was carried, and remembers what it gave out.
type slowOutbox struct {
	*fleettest.Memory
	h    *history
	left int // effects that are given out before the carrier ends; 0 gives out all
}

// Pending implements fleet.Outbox.
func (o *slowOutbox) Pending(ctx context.Context, fam fleet.Family, n int) ([]fleet.PendingEffect, error) {
	if o.left < 0 {
		return nil, nil
	}
	if o.left > 0 {
		n = min(n, o.left)
	}
	out, err := o.Memory.Pending(ctx, fam, n)
	if o.left > 0 {
		if o.left -= len(out); o.left == 0 {
			o.left = -1
		}
	}
	for _, e := range out {
		o.h.delivered = append(o.h.delivered, e.Effect)
	}
	return out, err
}
