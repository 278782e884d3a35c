package storetest

import (
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store"
)

// fullSite is a site with every field set.
func fullSite(uri fleet.URI) *fleet.Site {
	at := time.UnixMilli(1795336380851).UTC()
	return &fleet.Site{URI: uri, ID: "01k0site", Aliases: []string{"a.example", `b\n.example`}, Tags: []string{"Staging", "eu"},
		Platform: "atrium-1.0.0", Host: "local", Kind: "generic", Database: "sqlite/x/", Generation: 3, Previous: 2,
		From: "atrium-0.9", KeptUntil: at.Add(time.Hour), State: fleet.SiteLive, Pinned: "because\nof this",
		Lock: fleet.SiteLock{Task: "01task", Claim: 3, Fence: 1<<32 + 5, Until: at}, Created: at}
}

// testRows writes and reads records whole, and drops them.
func testRows(t *testing.T, b *bench) {
	plan := &fleet.Plan{ID: "01plan", Title: "Upgrade <!channel> \x00 “x”", State: fleet.PlanProposed, Expires: time.Now().UTC(), Votes: []fleet.Approval{{Fingerprint: "f"}}}
	req := &fleet.Request{Family: fleet.PlanFamily("01plan"), ID: "req}{1", Answer: "yes"}
	for _, r := range []fleet.Record{fullSite("a.example.org/x"), &fleet.Site{URI: "bare"}, plan, req} {
		b.put(r)
		got := shadow(r)
		if !b.read(got) || !reflect.DeepEqual(got, r) {
			t.Errorf("read %+v\nwant %+v", got, r)
		}
		b.drop(shadow(r))
		if b.read(shadow(r)) {
			t.Errorf("%v is still there", r.Key())
		}
	}
	// What is not in the document is empty after reading, whatever the value held.
	b.put(&fleet.Plan{ID: "01plan"})
	dirty := &fleet.Plan{ID: "01plan", Reason: "old", Votes: plan.Votes}
	if b.read(dirty); dirty.Votes != nil || dirty.Reason != "" {
		t.Errorf("left over: %+v", dirty)
	}
	if found, err := b.Read(t.Context(), &fleet.Plan{ID: "01plan"}, &fleet.Plan{ID: "none"}, &fleet.Site{URI: "none"}); err != nil || !reflect.DeepEqual(found, []bool{true, false, false}) {
		t.Errorf("found %v, %v", found, err)
	}
}

// testGuards asserts that a commit fails, and its rule runs again, when
// anything it read has changed, and never otherwise.
func testGuards(t *testing.T, b *bench) {
	dist := func() *fleet.Distribution { return &fleet.Distribution{Name: "atrium"} }
	for _, tt := range []struct {
		name   string
		before func() // what is there
		rival  func() // what somebody else does between reading and writing
		runs   int
	}{
		{"nobody else", func() {}, func() {}, 1},
		{"an unrelated row", func() {}, func() { b.put(&fleet.Distribution{Name: "other"}) }, 1},
		{"it comes to exist", func() {}, func() { b.put(dist()) }, 2},
		{"it changes", func() { b.put(dist()) }, func() { b.put(dist()) }, 2},
		{"it goes", func() { b.put(dist()) }, func() { b.drop(dist()) }, 2},
		{"it is made anew", func() { b.put(dist()) }, func() { b.drop(dist()); b.put(dist()) }, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b.drop(dist())
			tt.before()
			runs := 0
			err := b.Update(t.Context(), fleet.Catalogue, func(tx fleet.Tx) error {
				// The distribution is only read; the platform is written.
				if _, err := tx.Get(dist()); err != nil {
					return err
				}
				p := &fleet.Platform{Name: "p"}
				if _, err := tx.Get(p); err != nil {
					return err
				}
				if runs++; runs == 1 {
					tt.rival()
				}
				tx.Put(p)
				return nil
			})
			if err != nil || runs != tt.runs {
				t.Errorf("the rule ran %d times, want %d; %v", runs, tt.runs, err)
			}
		})
	}
}

// testRaces lets 24 people decide the same plan over several replicas: exactly
// one wins, and nothing is lost of a counter that all of them raise.
func testRaces(t *testing.T, b *bench) {
	const people = 24
	b.put(&fleet.Plan{ID: "01race", State: fleet.PlanProposed})
	replicas := []*store.Store{b.Store, b.another(), b.another()}
	var wg sync.WaitGroup
	won := make([]bool, people)
	for i := range people {
		wg.Go(func() {
			s := replicas[i%len(replicas)]
			err := s.Update(t.Context(), fleet.PlanFamily("01race"), func(tx fleet.Tx) error {
				p := &fleet.Plan{ID: "01race"}
				if _, err := tx.Get(p); err != nil {
					return err
				}
				won[i] = p.State == fleet.PlanProposed
				if won[i] {
					p.State = fleet.PlanApproved
					tx.Emit(fleet.Effect{Advance: p.ID})
				}
				p.Revision++
				tx.Put(p)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	winners := 0
	for _, w := range won {
		if w {
			winners++
		}
	}
	p := &fleet.Plan{ID: "01race"}
	b.read(p)
	pending, err := b.Pending(t.Context(), fleet.PlanFamily("01race"), 100)
	if winners != 1 || p.Revision != people || len(pending) != 1 || err != nil {
		t.Errorf("%d winners, %d revisions, %d effects, %v", winners, p.Revision, len(pending), err)
	}
}

// testUntil asserts that a commit is refused after its time by the server's
// clock, and that the rule then sees a later one.
func testUntil(t *testing.T, b *bench) {
	var seen []time.Time
	var end time.Time
	err := b.Update(t.Context(), fleet.Catalogue, func(tx fleet.Tx) error {
		seen = append(seen, tx.Now())
		s := &fleet.Site{URI: "late"}
		if _, err := tx.Get(s); err != nil {
			return err
		}
		if end.IsZero() {
			end = tx.Now().Add(20 * time.Millisecond)
			time.Sleep(40 * time.Millisecond) // the commit shall come too late
		}
		if !tx.Now().Before(end) {
			return fleet.Errorf(fleet.Refused, "expired")
		}
		tx.Until(end.Add(time.Hour))
		tx.Until(end)
		tx.Put(s)
		return nil
	})
	if fleet.CodeOf(err) != fleet.Refused || len(seen) != 2 || b.read(&fleet.Site{URI: "late"}) {
		t.Errorf("%v after %v", err, seen)
	}
}

// testExpiring asserts that rows and their indexes end with their life, and
// that an index stays as long as one member must.
func testExpiring(t *testing.T, b *bench) {
	b.put(&brief{Name: "short", N: 1, life: time.Second})
	if !b.read(&brief{Name: "short"}) || len(b.list(briefs, fleet.Page{})) != 1 {
		t.Fatal("it was not written")
	}
	eventually(t, "the row ends", func() bool { return !b.read(&brief{Name: "short"}) })
	eventually(t, "the index ends", func() bool { return len(b.list(briefs, fleet.Page{})) == 0 })

	b.put(&brief{Name: "long", N: 1, life: time.Hour})
	b.put(&brief{Name: "short", N: 2, life: 50 * time.Millisecond}) // must not shorten the index
	eventually(t, "the row ends", func() bool { return !b.read(&brief{Name: "short"}) })
	if got := b.list(briefs, fleet.Page{}); got[0] != "long" {
		t.Errorf("index holds %v", got)
	}
	b.put(&brief{Name: "stays", Keep: true})
	b.put(&brief{Name: "long", N: 1, life: time.Millisecond})
	eventually(t, "the row ends", func() bool { return !b.read(&brief{Name: "long"}) })
	if !b.read(&brief{Name: "stays"}) || len(b.list(briefs, fleet.Page{})) == 0 {
		t.Error("what stays has gone")
	}
	// A row that is put again without a life stays.
	b.put(&brief{Name: "turned", life: 100 * time.Millisecond})
	b.put(&brief{Name: "turned", Keep: true})
	time.Sleep(150 * time.Millisecond)
	if !b.read(&brief{Name: "turned"}) {
		t.Error("a row that stays was forgotten")
	}
}

// testMisuse asserts that rules which break Tx's contract change nothing.
func testMisuse(t *testing.T, b *bench) {
	boom := errors.New("boom")
	site := func() *fleet.Site { return &fleet.Site{URI: "misuse"} }
	for _, tt := range []struct {
		name string
		rule func(tx fleet.Tx) error
		text string
	}{
		{"its own error", func(tx fleet.Tx) error { tx.Get(site()); tx.Put(site()); return boom }, "boom"},
		{"put without get", func(tx fleet.Tx) error { tx.Put(site()); return nil }, "without having been got"},
		{"delete without get", func(tx fleet.Tx) error { tx.Delete(site()); return nil }, "without having been got"},
		{"another family", func(tx fleet.Tx) error { tx.Get(&fleet.Plan{ID: "x"}); return nil }, "not of family"},
		{"another family's index", func(tx fleet.Tx) error { tx.List(fleet.DigestsDue, fleet.Page{}); return nil }, "not of family"},
		{"a good put and a bad one", func(tx fleet.Tx) error {
			tx.Get(site())
			tx.Put(site())
			tx.Put(&fleet.Site{URI: "other"})
			return nil
		}, "without having been got"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := b.Update(t.Context(), fleet.Catalogue, tt.rule)
			if err == nil || !strings.Contains(err.Error(), tt.text) || b.read(site()) {
				t.Errorf("error %v", err)
			}
		})
	}
	for _, fam := range []fleet.Family{"", "h:a}b", "{c"} {
		if b.Update(t.Context(), fam, func(fleet.Tx) error { return nil }) == nil {
			t.Errorf("family %q was accepted", fam)
		}
	}
	err := b.Update(t.Context(), fleet.Catalogue, func(tx fleet.Tx) error {
		s := fullSite("own")
		tx.Get(shadow(s))
		tx.Put(s)
		got := &fleet.Site{URI: "own"}
		if found, err := tx.Get(got); err != nil || !found || got.Generation != s.Generation {
			t.Errorf("a rule does not see what it put: %v %v %+v", found, err, got)
		}
		tx.Delete(s)
		if found, _ := tx.Get(shadow(s)); found {
			t.Error("a rule sees what it dropped")
		}
		return nil
	})
	if err != nil || b.read(&fleet.Site{URI: "own"}) {
		t.Errorf("put and dropped: %v", err)
	}
}
