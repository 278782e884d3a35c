package prove

import (
	"fmt"
	"slices"
	"strings"
)

// All lists the proofs. To add one: tests that tell their trials by t.Attr, and
// an entry here; What is its line in the table that README.md quotes.
func All() []Proof { return append(hosted(), decisions()...) }

// hosted are the proofs about sites and what is kept of them.
func hosted() []Proof {
	const program, hosting = "./cmd/distrobot", "./hosting"
	return []Proof{
		{
			// A worker that is killed with -9 leaves a site wholly old or wholly new, and
			// the task to the next one: after every commit and effect of every kind of
			// task on small sites, at every boundary of every step on WordPress. One that
			// was frozen there is refused when it wakes up.
			Name: "crash-boundaries",
			What: "`kill -9` after every commit and effect of every kind of task, and at each boundary of each step of upgrades, failing upgrades and rollbacks of real WordPress sites; a worker frozen there: wholly old or wholly new, the old database unchanged, the late one refused",
			Tests: []Test{
				{hosting, "TestKilledAnywhere"}, {hosting, "TestEveryKindKilledAnywhere"}, {hosting, "TestFrozenWorkerIsRefused"},
				{program, "TestWordPressProofs/killed"},
			},
			Least: 380, Short: 130,
		},
		{
			// Workers of one host that are killed with -9, frozen past their leases and
			// robbed of their tasks at random move every site as often as it was
			// ordered, and what they try when they have lost a task is refused.
			Name:  "kill-storm",
			What:  "`kill -9` of four workers of one host at random, besides freezes past the lease and tasks taken over without waiting for one: each ordered upgrade made once, none missing, stale writers refused, no child left",
			Tests: []Test{{"./internal/storm", "TestKillStorm"}},
			Least: 5000, Short: 20,
		},
		{
			// The checker of the soak forgives every outage that is shorter than its
			// limit, and condemns a site that stays broken.
			Name:  "false-rollback",
			What:  "outages shorter than the soak, none of which condemned its site, and sites that stayed broken, all of which were",
			Tests: []Test{{hosting, "TestTransientOutagesAreForgiven"}, {hosting, "TestBrokenSitesAreCondemned"}},
			Least: 1004, Short: 1004,
		},
		{
			// A broken theme, a missing stylesheet and a moved block are caught by real
			// Chromium in rehearsed moves, each time; a changed date and a platform that
			// looks the same never are.
			Name:  "look",
			What:  "moves of sites with a broken theme, a missing stylesheet, a moved block, a changed date, and none of these, each looked at by a Chromium of its own: the first three caught each time, the others never",
			Tests: []Test{{hosting, "TestChromiumLooks"}},
			Least: 100, Short: 2,
		},
		{
			// Whoever can write to Redis cannot make distrobot do anything: every record
			// of a real Redis with a changed byte, without a field, or in another's place
			// is refused, and named.
			Name:  "tampered-redis",
			What:  "bytes changed, fields dropped and rows exchanged in the dump of a real Redis, and a byte in each field of every record and waiting effect of a fleet at work, over which all services then run: each refused and named, nothing done that is not done otherwise",
			Tests: []Test{{"./store", "TestRedis/TamperedDump"}, {"./fleet", "TestForgedDump"}},
			Least: 1500, Short: 560,
		},
		{
			// What a site said it had saved is there after an upgrade, and after one
			// that was taken back.
			Name: "no-lost-write",
			What: "posts and entries that were acknowledged while their site was upgraded, all of them there afterwards, once",
			Tests: []Test{
				{hosting, "TestNoAcceptedWriteIsLostInAnUpgrade"}, {hosting, "TestNoAcceptedWriteIsLostInAFailedUpgrade"},
				{program, "TestWordPressProofs/writers"},
			},
			Least: 240, Short: 80,
		},
	}
}

// decisions are the proofs about what people decide, and who may.
func decisions() []Proof {
	const program = "./cmd/distrobot"
	return []Proof{
		{
			// No site is changed but as it was shown when it was approved; the same
			// histories refute a fleet that lacks any one of its guards.
			Name:  "approved-is-executed",
			What:  "random histories of proposals, presses, rules, sites, platforms, workers that act, fail and die, replicas that die and race, effects that come late and twice: what ran was what had been approved",
			Tests: []Test{{"./fleet", "TestWhatRanIsWhatWasApproved"}},
			Least: 10_000, Short: 60,
		},
		{
			// No set of votes below a policy's rule approves a plan, and every sufficient
			// one does; an oracle tries every way to give approvals to the places that
			// the rule asks for, and refutes thirteen rules that lack a guard.
			Name:  "policy-matrix",
			What:  "random policies, memberships that change and sequences of presses against an oracle that tries every assignment: nothing below the rule was approved, nothing sufficient was not",
			Tests: []Test{{"./fleet", "TestPolicyMatrix"}},
			Least: 100_000, Short: 2000,
		},
		{
			// Whatever happens between the drawing of a plan and the press on Confirm, in
			// any number and order, starts nothing, and the answer says what it was.
			Name:  "fingerprints",
			What:  "commits, lock files, trees, sites, targets, rules and policies changed at random between the drawing of a plan and the press: none ran, each answer and each fresh plan said what had changed",
			Tests: []Test{{"./fleet", "TestChangedPlansNeverRun"}},
			Least: 10_000, Short: 200,
		},
		{
			// Three replicas with connections of their own, 300 presses under way at a
			// time, some of them delivered twice.
			Name:  "double-press",
			What:  "presses of Confirm by 20 people on the same plans over three replicas: each plan approved and run once, one task for each site, every press answered",
			Tests: []Test{{program, "TestDoublePress"}},
			Least: 100_000, Short: 1500,
		},
		{
			// Over the listener of HTTP mode, over Socket Mode and by links of the second
			// factor, to two replicas over a real Redis, of which every row is compared.
			Name:  "forged-requests",
			What:  "requests unsigned, wrongly signed, old, cut, changed, misshapen and replayed, for other apps, teams and people who are nobody, with values, forms and links that were never given out: none changed a row of Redis, genuine ones before and after did",
			Tests: []Test{{program, "TestForgedRequests"}},
			Least: 10_000, Short: 350,
		},
		{
			// The bot talks in three channels and is talked to, while the workspace refuses,
			// is away, is slow, loses answers, delivers twice and ends connections.
			Name:  "slack-faults",
			What:  "messages and requests while Slack asked to wait, was away for moments and for an hour, was slow, lost its answers, delivered twice and ended connections: each message there once, with its last words, in its channel's order and at its pace, each request handled once",
			Tests: []Test{{"./bot", "TestSlackFaults"}},
			Least: 2000, Short: 180,
		},
		{
			// Redis is killed, stopped, full, read-only, slow, locked, failed over and
			// emptied while a real site is moved: no step begins without its journal,
			// the site ends wholly old or wholly new, no vote is acknowledged and lost,
			// and people are told what to do. Its clock jumps, too.
			Name:  "redis-faults",
			What:  "Redis killed, stopped, full, read-only, locked, slow, failed over and emptied, and its clock set on and back by an hour, while a real site is moved: no step without its journal, the site wholly old or new, no vote lost, people told what to do",
			Tests: []Test{{program, "TestRedisFaults"}, {program, "TestClockJump"}},
			Least: 16, Short: 8,
		},
	}
}

// Select gives the proofs named in only, "a,b"; all if it is empty.
func Select(all []Proof, only string) ([]Proof, error) {
	if only == "" {
		return all, nil
	}
	var chosen []Proof
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(all, func(p Proof) bool { return p.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no proof %q", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}
