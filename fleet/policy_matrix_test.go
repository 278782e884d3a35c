package fleet

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"
)

// The policy matrix: random policies, memberships and sequences of presses, held
// to an oracle that knows nothing of flows: it tries every way to give the
// people who approved to the places that a rule asks for.

// A case is one policy, who belongs to what, and what people press.
type matrixCase struct {
	rule    ConfirmRule
	self    bool
	belongs []map[string]bool // by person: keys of parties, at the time of the last press
	early   []map[string]bool // at the time of earlier presses
	presses []matrixPress
}

type matrixPress struct {
	who    int
	cancel bool
	glass  bool
	reason bool
	link   bool
	late   bool // past the plan's expiry
	stale  bool // another revision than is shown
}

const (
	matrixPeople  = 6 // person 0 asked for the plan
	matrixParties = 4
)

func matrixParty(n int) Party { return Party{Kind: PartyGroup, ID: fmt.Sprintf("S0%d", n)} }

func randomCase(r *rand.Rand) matrixCase {
	c := matrixCase{self: r.IntN(4) == 0}
	pick := func() []Party {
		var out []Party
		for _, n := range r.Perm(matrixParties)[:1+r.IntN(matrixParties)] {
			out = append(out, matrixParty(n))
		}
		return out
	}
	for range 1 + r.IntN(3) {
		t := Term{From: pick(), Need: 1 + r.IntN(2)}
		if t.Each = r.IntN(2) == 0; t.Each {
			t.Need = 1 + r.IntN(len(t.From))
		}
		c.rule.Quorum = append(c.rule.Quorum, t)
	}
	c.rule.Reason, c.rule.Second = r.IntN(4) == 0, r.IntN(4) == 0
	if r.IntN(2) == 0 {
		c.rule.Glass = pick()[:1]
	}
	for range matrixPeople {
		now := map[string]bool{}
		for n := range matrixParties {
			now[matrixParty(n).Key()] = r.IntN(2) == 0
		}
		c.belongs = append(c.belongs, now)
		then := now
		if r.IntN(5) == 0 { // moved between the presses
			then = map[string]bool{matrixParty(r.IntN(matrixParties)).Key(): true}
		}
		c.early = append(c.early, then)
	}
	for range 1 + r.IntN(9) {
		c.presses = append(c.presses, matrixPress{who: r.IntN(matrixPeople), cancel: r.IntN(25) == 0, glass: r.IntN(20) == 0,
			reason: r.IntN(3) > 0, link: r.IntN(3) > 0, late: r.IntN(40) == 0, stale: r.IntN(25) == 0})
	}
	return c
}

func keysIn(m map[string]bool) []string {
	var out []string
	for k, in := range m {
		if in {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// satisfied is the oracle: can the people, each used once, fill every place?
func satisfied(q Quorum, people []map[string]bool) bool {
	var places []Term // of one approval each
	for _, t := range q {
		if !t.Each {
			for range t.Need {
				places = append(places, Term{From: t.From})
			}
		}
	}
	return fillPlaces(q, places, people)
}

// fillPlaces chooses, for each term with Each, every set of different parties,
// and then tries every person in every place.
func fillPlaces(q Quorum, places []Term, people []map[string]bool) bool {
	at := slices.IndexFunc(q, func(t Term) bool { return t.Each })
	if at < 0 {
		return assign(places, people, 0, map[int]bool{})
	}
	rest := slices.Delete(slices.Clone(q), at, at+1)
	t := q[at]
	for set := range 1 << len(t.From) {
		chosen := slices.Clone(places)
		n := 0
		for i, p := range t.From {
			if set>>i&1 == 1 {
				chosen, n = append(chosen, Term{From: []Party{p}}), n+1
			}
		}
		if n == t.Need && fillPlaces(rest, chosen, people) {
			return true
		}
	}
	return false
}

func assign(places []Term, people []map[string]bool, at int, used map[int]bool) bool {
	if at == len(places) {
		return true
	}
	for i, p := range people {
		if used[i] || !slices.ContainsFunc(places[at].From, func(x Party) bool { return p[x.Key()] }) {
			continue
		}
		used[i] = true
		if assign(places, people, at+1, used) {
			return true
		}
		used[i] = false
	}
	return false
}

// expected is what the oracle says of a case: the state in which the plan ends.
func (c matrixCase) expected() PlanState {
	var voters []int
	for n, x := range c.presses {
		who := c.at(n)[x.who]
		mine := func(parties []Party) bool {
			return slices.ContainsFunc(parties, func(p Party) bool { return who[p.Key()] })
		}
		quorum, glass := mine(c.rule.Quorum.Parties()), mine(c.rule.Glass)
		// the same vote again changes nothing; somebody who belongs elsewhere by now may press again
		again := slices.Contains(voters, x.who) && slices.Equal(keysIn(who), keysIn(c.early[x.who]))
		if x.late && (!again || x.glass || x.cancel) {
			return PlanExpired
		}
		switch {
		case x.cancel && !x.stale && (quorum || glass || x.who == 0):
			return PlanCancelled
		case x.cancel || x.stale || x.late:
		case x.glass:
			if glass && x.reason && (x.link || !c.rule.Second) {
				return PlanApproved
			}
		case !quorum || x.who == 0 && !c.self, c.rule.Reason && !x.reason, c.rule.Second && !x.link, again:
		default:
			if !slices.Contains(voters, x.who) {
				voters = append(voters, x.who)
			}
			var people []map[string]bool
			for _, v := range voters {
				people = append(people, c.at(n)[v])
			}
			if satisfied(c.rule.Quorum, people) {
				return PlanApproved
			}
		}
	}
	return PlanProposed
}

// at is who belongs to what at the nth press: the last one finds the world moved.
func (c matrixCase) at(n int) []map[string]bool {
	if n == len(c.presses)-1 {
		return c.belongs
	}
	return c.early
}

// play puts a case to the rule itself, or to a mutant of it.
func (c matrixCase) play(decide func(Plan, Vote, time.Time) (Plan, Decision)) PlanState {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	p := Plan{ID: "p", State: PlanProposed, Revision: 3, Fingerprint: "fp", Expires: now.Add(time.Hour), Rule: c.rule, Self: c.self,
		Quorum: c.rule.Quorum.Total(), Requester: Actor{ID: "U0"}}
	for n, x := range c.presses {
		v := Vote{Plan: p.ID, Revision: p.Revision, Confirm: !x.cancel, Glass: x.glass && !x.cancel, Who: Actor{ID: fmt.Sprintf("U%d", x.who)},
			Of: keysIn(c.at(n)[x.who]), Others: map[string][]string{}}
		for i := range matrixPeople {
			v.Others[fmt.Sprintf("U%d", i)] = keysIn(c.at(n)[i])
		}
		if x.reason {
			v.Reason = "because"
		}
		at := now
		if x.link {
			v.Link = &VoteLink{Fingerprint: "fp", Until: now.Add(48 * time.Hour)}
		}
		if x.late {
			at = now.Add(2 * time.Hour)
		}
		if x.stale {
			v.Revision--
		}
		p, _ = decide(p, v, at)
		if p.State != PlanProposed {
			return p.State
		}
	}
	return p.State
}

// TestPolicyMatrix: no set of votes below the rule ever approves a plan, every
// sufficient one does, one veto ends it, and what is late ends it.
func TestPolicyMatrix(t *testing.T) {
	trials := 2000
	if os.Getenv("DISTROBOT_TEST_THOROUGH") != "" {
		trials = 100_000
	}
	seen := map[PlanState]int{}
	for seed := range trials {
		c := randomCase(rand.New(rand.NewPCG(uint64(seed), 7)))
		want := c.expected()
		seen[want]++
		if got := c.play(DecidePlan); got != want {
			t.Fatalf("case %d: the plan is %s, the oracle says %s\n%s\n%+v", seed, got, want, c.rule.Quorum, c)
		}
	}
	for _, s := range []PlanState{PlanProposed, PlanApproved, PlanCancelled, PlanExpired} {
		if seen[s] < trials/100 {
			t.Errorf("only %d of %d cases end %s: they show nothing", seen[s], trials, s)
		}
	}
	t.Attr("trials", strconv.Itoa(trials))
}

// TestPolicyMatrixFindsMutants: each guard of the rule that is taken away is
// missed by some case.
func TestPolicyMatrixFindsMutants(t *testing.T) {
	mutants := map[string]func(Plan, Vote, time.Time) (Plan, Decision){
		"counts heads, not places": func(p Plan, v Vote, now time.Time) (Plan, Decision) {
			p, d := DecidePlan(p, v, now)
			if d.Outcome == Counted && len(p.Votes) >= p.Rule.Quorum.Total() {
				p.State = PlanApproved
			}
			return p, d
		},
		"one is enough": func(p Plan, v Vote, now time.Time) (Plan, Decision) {
			p, d := DecidePlan(p, v, now)
			if d.Outcome == Counted {
				p.State = PlanApproved
			}
			return p, d
		},
		"forgets that people move": func(p Plan, v Vote, now time.Time) (Plan, Decision) { v.Others = nil; return DecidePlan(p, v, now) },
		"takes the requester's vote": func(p Plan, v Vote, now time.Time) (Plan, Decision) {
			self := p.Self
			p.Self = true
			p, d := DecidePlan(p, v, now)
			p.Self = self
			return p, d
		},
		"different groups do not matter": withRule(func(r *ConfirmRule) {
			r.Quorum = slices.Clone(r.Quorum)
			for i := range r.Quorum {
				r.Quorum[i].Each = false
			}
		}),
		"needs no reason":        withRule(func(r *ConfirmRule) { r.Reason = false }),
		"needs no second factor": withRule(func(r *ConfirmRule) { r.Second = false }),
		"the glass is open to whoever may confirm": withRule(func(r *ConfirmRule) {
			if len(r.Glass) > 0 {
				r.Glass = r.Quorum.Parties()
			}
		}),
		"the glass is shut": withRule(func(r *ConfirmRule) { r.Glass = nil }),
		"nothing is late": func(p Plan, v Vote, _ time.Time) (Plan, Decision) {
			return DecidePlan(p, v, p.Expires.Add(-time.Minute))
		},
		"old buttons count": func(p Plan, v Vote, now time.Time) (Plan, Decision) {
			v.Revision = p.Revision
			return DecidePlan(p, v, now)
		},
		"everybody may cancel": func(p Plan, v Vote, now time.Time) (Plan, Decision) {
			if !v.Confirm && now.Before(p.Expires) && v.Revision == p.Revision {
				p.State = PlanCancelled
				return p, Decision{Outcome: Cancelled}
			}
			return DecidePlan(p, v, now)
		},
		"a veto is no end": func(p Plan, v Vote, now time.Time) (Plan, Decision) {
			if !v.Confirm {
				return p, Decision{}
			}
			return DecidePlan(p, v, now)
		},
	}
	for name, decide := range mutants {
		found := false
		for seed := 0; seed < 2000 && !found; seed++ {
			c := randomCase(rand.New(rand.NewPCG(uint64(seed), 7)))
			found = c.play(decide) != c.expected()
		}
		if !found {
			t.Errorf("no case tells the rule from the one that says: %s", name)
		}
	}
}

// withRule is a rule that reads another policy than the plan carries.
func withRule(change func(*ConfirmRule)) func(Plan, Vote, time.Time) (Plan, Decision) {
	return func(p Plan, v Vote, now time.Time) (Plan, Decision) {
		rule := p.Rule
		change(&p.Rule)
		p, d := DecidePlan(p, v, now)
		p.Rule = rule
		return p, d
	}
}
