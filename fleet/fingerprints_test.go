package fleet_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// A turn is something that happens between the drawing of a plan and the press.
// says is what the answer must say of it; "" for what changes nothing of what
// would be done.
type turn struct {
	name string
	do   func(w *world, r *rand.Rand)
	says string
}

const (
	drawnFrom = fleet.PlatformName("atrium-1.0.0")
	drawnTo   = fleet.PlatformName("atrium-1.1.0")
)

// recoded changes what a platform holds, as a directory that was built anew or
// replaced by hand would be recorded.
func recoded(name fleet.PlatformName, change func(*fleet.Platform, string)) func(*world, *rand.Rand) {
	return func(w *world, r *rand.Rand) {
		w.row(&fleet.Platform{Name: name}, func(p *fleet.Platform) { change(p, fmt.Sprintf("%040x", r.Uint64())) })
	}
}

// row changes a record of the catalogue, past every service.
func row[T any, P interface {
	*T
	fleet.Record
}](w *world, rec P, change func(P)) {
	w.t.Helper()
	w.ok(w.store.Update(w.ctx, fleet.Catalogue, func(tx fleet.Tx) error {
		if _, err := tx.Get(rec); err != nil {
			return err
		}
		change(rec)
		tx.Put(rec)
		return nil
	}))
}

func (w *world) row(p *fleet.Platform, change func(*fleet.Platform)) { row(w, p, change) }

// rules changes what the distribution says.
func rules(change func(*fleet.Distribution)) func(*world, *rand.Rand) {
	return func(w *world, _ *rand.Rand) {
		_, err := w.catalog.Edit(w.ctx, "atrium", alice, func(d *fleet.Distribution) error { change(d); return nil })
		w.ok(err)
	}
}

func anySite(r *rand.Rand) fleet.URI {
	return []fleet.URI{"a.example.org", "b.example.org", "c.example.org"}[r.IntN(3)]
}

// voids are the turns after which a plan is another one than was shown.
func voids() []turn {
	commit := func(p *fleet.Platform, x string) { p.Ref.Commit = x }
	lock := func(p *fleet.Platform, x string) { p.LockDigest = x }
	tree := func(p *fleet.Platform, x string) { p.TreeDigest = x }
	return []turn{
		{"commit of the target", recoded(drawnTo, commit), "Platform atrium-1.1.0 holds commit"},
		{"commit of the source", recoded(drawnFrom, commit), "Platform atrium-1.0.0 holds commit"},
		{"lock of the target", recoded(drawnTo, lock), "platform atrium-1.1.0 was locked to"},
		{"lock of the source", recoded(drawnFrom, lock), "platform atrium-1.0.0 was locked to"},
		{"tree of the target", recoded(drawnTo, tree), "The files of platform atrium-1.1.0"},
		{"tree of the source", recoded(drawnFrom, tree), "The files of platform atrium-1.0.0"},
		{"target failed", func(w *world, _ *rand.Rand) {
			w.row(&fleet.Platform{Name: drawnTo}, func(p *fleet.Platform) { p.State = fleet.PlatformFailed })
		}, "Platform atrium-1.1.0 is failed now."},
		{"generation", func(w *world, r *rand.Rand) { w.drift(anySite(r)) }, "was changed since."},
		{"site moved", func(w *world, r *rand.Rand) {
			row(w, &fleet.Site{URI: anySite(r)}, func(s *fleet.Site) { s.Platform = "atrium-0.9.0"; s.Generation++ })
		}, "is on atrium-0.9.0 now, not on atrium-1.0.0."},
		{"site gone", func(w *world, r *rand.Rand) {
			s := fleet.Site{URI: anySite(r)}
			w.ok(w.store.Update(w.ctx, fleet.Catalogue, func(tx fleet.Tx) error {
				if _, err := tx.Get(&s); err != nil {
					return err
				}
				tx.Delete(&s)
				return nil
			}))
		}, "is gone."},
		{"site added", func(w *world, r *rand.Rand) {
			w.live(fleet.URI(fmt.Sprintf("new%d.example.org", r.Uint32())), drawnFrom)
		}, "to be moved since this was drawn: new"},
		{"target", func(w *world, _ *rand.Rand) {
			_, err := w.targets.Set(w.ctx, "atrium", "atrium-1.2.0", alice)
			w.ok(err)
		}, "The upgrade target is atrium-1.2.0 now, not atrium-1.1.0."},
		{"no target", func(w *world, _ *rand.Rand) { _, err := w.targets.Clear(w.ctx, "atrium", alice); w.ok(err) }, "atrium has no upgrade target any more."},
		{"failures", func(w *world, r *rand.Rand) {
			rules(func(d *fleet.Distribution) { d.Policy.Failures = 1 + r.IntN(9) })(w, r)
		}, "failures was not set and is "},
		{"window", rules(func(d *fleet.Distribution) { d.Policy.Window = "Sat 22:00-23:00" }), "window was not set and is Sat 22:00-23:00"},
		{"self", rules(func(d *fleet.Distribution) { d.Policy.Self = true }), "self was"},
		{"tracking", rules(func(d *fleet.Distribution) { d.Track = fleet.Track{Branch: "main"} }), "track was"},
		{"quorum", func(w *world, _ *rand.Rand) {
			row(w, &fleet.AccessPolicy{Distribution: "atrium"}, func(p *fleet.AccessPolicy) { p.Reason, p.Revision = fleet.On, p.Revision+1 })
		}, "what it takes to confirm"},
	}
}

// harmless are the turns that void nothing.
func harmless() []turn {
	return []turn{
		{"freeze", func(w *world, _ *rand.Rand) {
			_, err := (&fleet.Freezer{Store: w.store}).Freeze(w.ctx, fleet.Freeze{Until: w.now().Add(time.Hour), Reason: "Sales."}, alice)
			w.ok(err)
		}, ""},
		{"quiet", rules(func(d *fleet.Distribution) { d.Hush.Hours = "22:00-07:00" }), ""},
		{"tag", func(w *world, r *rand.Rand) {
			row(w, &fleet.Site{URI: anySite(r)}, func(s *fleet.Site) { s.Tags = []string{"shop"} })
		}, ""},
		{"newer build", func(w *world, _ *rand.Rand) { w.build("1.3.0") }, ""},
		{"site elsewhere", func(w *world, r *rand.Rand) {
			w.live(fleet.URI(fmt.Sprintf("there%d.example.org", r.Uint32())), drawnTo)
		}, ""},
		{"site that cannot move", func(w *world, r *rand.Rand) {
			uri := fleet.URI(fmt.Sprintf("pinned%d.example.org", r.Uint32()))
			w.live(uri, drawnFrom)
			_, err := w.sites.Pin(w.ctx, uri, "Not now.", alice)
			w.ok(err)
		}, ""},
		{"there and back", func(w *world, _ *rand.Rand) {
			was := ""
			w.row(&fleet.Platform{Name: drawnTo}, func(p *fleet.Platform) { was, p.Ref.Commit = p.Ref.Commit, "0000" })
			w.row(&fleet.Platform{Name: drawnTo}, func(p *fleet.Platform) { p.Ref.Commit = was })
		}, ""},
	}
}

// drawnPlan is a fleet with a proposed plan for three sites.
func drawnPlan(t *testing.T) (*world, fleet.Plan) {
	t.Helper()
	w := newWorld(t)
	w.fleetOf("a.example.org", "b.example.org", "c.example.org")
	w.build("0.9.0")
	w.build("1.2.0")
	w.release("1.1.0")
	return w, w.offered()
}

// TestChangedPlansNeverRun: whatever happens between the drawing and the press,
// in any number and order, the press starts nothing, its answer says what
// changed, and so does the fresh plan; what changes nothing of what would be done
// voids nothing. The thorough form is the proof "fingerprints".
func TestChangedPlansNeverRun(t *testing.T) {
	t.Parallel()
	n := 200
	if os.Getenv("DISTROBOT_TEST_THOROUGH") != "" {
		n = 10_000
	}
	all := voids()
	told := map[string]int{}
	for seed := range n {
		r := rand.New(rand.NewPCG(uint64(seed), 22))
		w, p := drawnPlan(t)
		turns := []turn{all[seed%len(all)]} // each of them, then others around it
		for range r.IntN(3) {
			turns = append(turns, append(all, harmless()...)[r.IntN(len(all)+len(harmless()))])
		}
		r.Shuffle(len(turns), func(i, j int) { turns[i], turns[j] = turns[j], turns[i] })
		var names []string
		for _, x := range turns {
			if gone(w, x.name) {
				continue
			}
			x.do(w, r)
			names = append(names, x.name)
		}
		why := w.mustNotRun(p, turns)
		if t.Failed() {
			t.Fatalf("seed %d: after %s the answer was %q", seed, strings.Join(names, ", "), why)
		}
		for _, x := range turns {
			if x.says != "" && strings.Contains(why, x.says) {
				told[x.name]++
			}
		}
	}
	for _, x := range all {
		if told[x.name] == 0 {
			t.Errorf("no answer ever told of: %s", x.name)
		}
	}
	t.Attr("trials", fmt.Sprint(n))
}

// gone reports whether a turn has nothing left to happen to.
func gone(w *world, name string) bool {
	d, err := w.catalog.Distribution(w.ctx, "atrium")
	w.ok(err)
	missing := false
	for _, u := range []fleet.URI{"a.example.org", "b.example.org", "c.example.org"} {
		if _, err := w.catalog.Site(w.ctx, u); err != nil {
			missing = true
		}
	}
	to, err := w.catalog.Platform(w.ctx, drawnTo)
	w.ok(err)
	return to.State != fleet.PlatformReady && name == "site elsewhere" || d.Target == "" && name == "no target" || missing && (name == "generation" || name == "site moved" || name == "site gone" || name == "tag")
}

// mustNotRun presses Confirm three times on a plan that was changed, carries
// everything, and gives the answer.
func (w *world) mustNotRun(p fleet.Plan, turns []turn) string {
	w.t.Helper()
	first := w.press(p, bob)
	said := false
	for _, x := range turns {
		said = said || x.says != "" && strings.Contains(first.Text, x.says)
	}
	if first.Outcome != fleet.Superseded || !first.Private || !said {
		w.t.Errorf("the press gave %s", first.Outcome)
	}
	w.carry()
	for _, who := range []fleet.Actor{bob, carol} {
		if d := w.press(p, who); d.Outcome == fleet.Approved || d.Outcome == fleet.Counted || d.Text == "" {
			w.t.Errorf("another press gave %s: %s", d.Outcome, d.Text)
		}
	}
	w.carry()
	if n := w.work(fleet.TaskMigrate, migrates); n > 0 {
		w.t.Errorf("%d sites were moved", n)
	}
	old := w.plan(p.ID)
	if old.State != fleet.PlanSuperseded || len(old.Votes) > 0 {
		w.t.Errorf("the old plan is %s with %d votes", old.State, len(old.Votes))
	}
	if old.Replacement != "" {
		if fresh := w.plan(old.Replacement); fresh.State != fleet.PlanSuperseded && !strings.HasPrefix(old.Reason, strings.TrimSuffix(fresh.Reason, "…")) || fresh.Reason == "" { // one that was replaced in its turn says why that was
			w.t.Errorf("the fresh plan says %q and the old one %q", fresh.Reason, old.Reason)
		}
	}
	return first.Text
}

// TestHarmlessChangesVoidNothing: they leave the plan as it was shown, and it is
// confirmed.
func TestHarmlessChangesVoidNothing(t *testing.T) {
	for i, x := range harmless() {
		t.Run(x.name, func(t *testing.T) {
			w, p := drawnPlan(t)
			x.do(w, rand.New(rand.NewPCG(uint64(i), 1)))
			w.carry()
			if now := w.plan(p.ID); now.State != fleet.PlanProposed || now.Revision != p.Revision || now.Fingerprint != p.Fingerprint {
				t.Fatalf("the plan is %s, revision %d: %s", now.State, now.Revision, now.Reason)
			}
			w.confirmed(p, bob)
		})
	}
}

// TestOtherCodePausesARunningPlan: before a wave begins the code is looked at
// again; nothing of it is run that nobody confirmed, whoever presses Continue.
func TestOtherCodePausesARunningPlan(t *testing.T) {
	for _, x := range voids()[:6] {
		t.Run(x.name, func(t *testing.T) {
			w, p := drawnPlan(t)
			w.confirmed(p, bob)
			first := 0
			w.work(fleet.TaskMigrate, func(w *world, task fleet.Task) {
				if first++; first == 1 {
					x.do(w, rand.New(rand.NewPCG(7, 7)))
				}
				migrates(w, task)
			})
			p = w.plan(p.ID)
			if first != 1 || p.State != fleet.PlanPaused || !strings.Contains(p.Reason, x.says) {
				t.Fatalf("%d sites began; the plan is %s: %s", first, p.State, p.Reason)
			}
			_, err := w.conductor.Resume(w.ctx, p.ID, p.Revision, true, bob)
			if text := w.refused(err, fleet.Refused); !strings.Contains(text, "That is not what was confirmed.") {
				t.Error(text)
			}
			if n := w.work(fleet.TaskMigrate, migrates); n > 0 {
				t.Errorf("%d more sites began", n)
			}
			p, err = w.conductor.Resume(w.ctx, p.ID, p.Revision, false, bob)
			w.ok(err)
			w.carry()
			if p = w.plan(p.ID); p.State != fleet.PlanFailed {
				t.Errorf("stopped, the plan is %s", p.State)
			}
		})
	}
}
