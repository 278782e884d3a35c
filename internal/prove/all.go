package prove

import (
	"fmt"
	"slices"
	"strings"
)

// All lists the proofs. To add one: tests that tell their trials by t.Attr, and
// an entry here.
func All() []Proof {
	const program, hosting = "./cmd/distrobot", "./hosting"
	return []Proof{
		{
			// A worker that is killed with -9 leaves a site wholly old or wholly new, and
			// the task to the next one: after every commit and effect of every kind of
			// task on small sites, at every boundary of every step on WordPress. One that
			// was frozen there is refused when it wakes up.
			Name:  "crash-boundaries",
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
			Tests: []Test{{"./internal/storm", "TestKillStorm"}},
			Least: 5000, Short: 30,
		},
		{
			// The checker of the soak forgives every outage that is shorter than its
			// limit, and condemns a site that stays broken.
			Name:  "false-rollback",
			Tests: []Test{{hosting, "TestTransientOutagesAreForgiven"}, {hosting, "TestBrokenSitesAreCondemned"}},
			Least: 1004, Short: 1004,
		},
		{
			// What a site said it had saved is there after an upgrade, and after one
			// that was taken back.
			Name: "no-lost-write",
			Tests: []Test{
				{hosting, "TestNoAcceptedWriteIsLostInAnUpgrade"}, {hosting, "TestNoAcceptedWriteIsLostInAFailedUpgrade"},
				{program, "TestWordPressProofs/writers"},
			},
			Least: 240, Short: 80,
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
