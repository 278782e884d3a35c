package fleet_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// historyLength is how many things happen in a history.
const historyLength = 250

func someMoves(seed uint64) []move {
	r := rand.New(rand.NewPCG(seed, 0))
	out := make([]move, historyLength)
	for i := range out {
		out[i] = move{moveNames[r.IntN(len(moveNames))], r.Uint64()}
	}
	return out
}

// shrink takes away what a history need not have to be refuted in the same way.
func shrink(moves []move, wrong mutant) []move {
	is := newHistory(wrong).run(moves)
	for size := len(moves) / 2; size > 0; size /= 2 {
		for at := 0; at+size <= len(moves); {
			fewer := slices.Concat(moves[:at], moves[at+size:])
			if now := newHistory(wrong).run(fewer); now != nil && now.format == is.format {
				moves = fewer
			} else {
				at += size
			}
		}
	}
	return moves
}

// histories makes the histories from first on, over all processors, and gives
// how many sites were begun with and moved, and the first that was refuted.
func histories(first uint64, n int, wrong mutant) (begun, moved int, bad uint64, why *refutation) {
	var mu sync.Mutex
	var work sync.WaitGroup
	next := first
	for range runtime.GOMAXPROCS(0) {
		work.Go(func() {
			for {
				mu.Lock()
				seed, over := next, next >= first+uint64(n) || why != nil
				next++
				mu.Unlock()
				if over {
					return
				}
				h := newHistory(wrong)
				r := h.run(someMoves(seed))
				mu.Lock()
				begun, moved = begun+h.ledger.begun, moved+h.ledger.moved
				if r != nil && (why == nil || seed < bad) {
					bad, why = seed, r
				}
				mu.Unlock()
			}
		})
	}
	work.Wait()
	return begun, moved, bad, why
}

// TestWhatRanIsWhatWasApproved: over random histories of proposals, presses,
// rules, sites, platforms, workers that act, fail and die, replicas that die and
// race, effects that come late and twice: no site is changed but as it was shown
// when it was approved. DISTROBOT_TEST_SEED=N makes history N alone.
func TestWhatRanIsWhatWasApproved(t *testing.T) {
	t.Parallel()
	first, n := uint64(1), 60
	if os.Getenv("DISTROBOT_TEST_THOROUGH") != "" {
		n = 10_000
	}
	one, err := strconv.ParseUint(os.Getenv("DISTROBOT_TEST_SEED"), 10, 64)
	if err == nil {
		first, n = one, 1
	}
	begun, moved, bad, why := histories(first, n, mutant{})
	if why != nil {
		t.Fatalf("history %d: %v\n%s", bad, why, tell(someMoves(bad), mutant{}))
	}
	t.Logf("%d histories: %d sites were begun with, %d moved", n, begun, moved)
	if err != nil && (begun < n/2 || moved < n/2) {
		t.Errorf("%d histories in which %d sites were begun with and %d moved show little", n, begun, moved)
	}
	t.Attr("trials", fmt.Sprint(n))
}

// TestAMissingGuardIsFound: the histories refute a fleet that lacks any one of
// its guards.
func TestAMissingGuardIsFound(t *testing.T) {
	t.Parallel()
	n := 400
	if os.Getenv("DISTROBOT_TEST_THOROUGH") != "" {
		n = 10_000
	}
	for _, c := range []struct {
		wrong mutant
		from  uint64 // the first history that is tried; one that was refuted saves the search
	}{
		{mutant{name: "a press counts for what the plan is now", anyRevision: true}, 17},
		{mutant{name: "a press does not look at the world again", blindPress: true}, 398},
		{mutant{name: "a task takes its site whatever became of it", anySite: true}, 12},
		{mutant{name: "a task asks neither target nor rules", anyRules: true}, 7},
		{mutant{name: "a lock whose lease is over is anybody's", freeLocks: true}, 221},
		{mutant{name: "a task begins whatever is frozen or closed", anyTime: true}, 192},
		{mutant{name: "a plan that is paused goes on", unpaused: true}, 73},
		{mutant{name: "a task that comes again is another task and asks no plan", newTasks: true}, 2053},
	} {
		t.Run(c.wrong.name, func(t *testing.T) {
			_, _, bad, why := histories(c.from, n, c.wrong)
			if why == nil {
				t.Fatalf("%d histories from %d on do not miss it", n, c.from)
			}
			t.Logf("history %d: %v", bad, why)
		})
	}
}

// tell is the shortest form of a history that is refuted, in words.
func tell(all []move, wrong mutant) string {
	h := newHistory(wrong)
	why := h.run(shrink(all, wrong))
	return fmt.Sprintf("shrunk: %v\n%s", why, strings.Join(h.trail, "\n"))
}
