package fleet_test

import (
	"fmt"
	"testing"

	"github.com/distrobot/distrobot/fleet"
)

// surplus lists what can go of atrium.
func (w *world) surplus() string {
	w.t.Helper()
	all, err := w.catalog.Surplus(w.ctx)
	w.ok(err)
	return fmt.Sprint(all["atrium"])
}

// TestSurplus asserts what can go, and everything that must stay.
func TestSurplus(t *testing.T) {
	w := newWorld(t)
	w.dist(func(d *fleet.Distribution) { d.Policy.Platforms = 2 })
	for _, v := range []string{"1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0"} {
		w.build(v)
	}
	if got := w.surplus(); got != "[atrium-1.0.0 atrium-1.1.0 atrium-1.2.0 atrium-1.3.0]" {
		t.Fatalf("all but the newest two: %s", got)
	}
	w.live("a.example.org", "atrium-1.0.0") // a site
	_, err := w.targets.Set(w.ctx, "atrium", "atrium-1.1.0", alice)
	w.ok(err)
	if got := w.surplus(); got != "[atrium-1.2.0 atrium-1.3.0]" {
		t.Fatalf("neither the target nor one with a site: %s", got)
	}
	plan := w.propose(fleet.Scope{Platform: "atrium-1.0.0"}) // towards the target
	_, err = w.targets.Set(w.ctx, "atrium", "atrium-1.5.0", alice)
	w.ok(err)
	if got := w.surplus(); plan.To != "atrium-1.1.0" || got != "[atrium-1.2.0 atrium-1.3.0]" {
		t.Fatalf("while a plan leads to 1.1.0: %s (plan to %s)", got, plan.To)
	}
	// A site that can be rolled back keeps its way back.
	s := fleet.Site{URI: "b.example.org", Platform: "atrium-1.5.0", Generation: 2, Previous: 1, From: "atrium-1.2.0", Host: fleet.LocalHost}
	w.ok(w.store.Update(w.ctx, fleet.Catalogue, func(tx fleet.Tx) error {
		if _, err := tx.Get(&fleet.Site{URI: s.URI}); err != nil {
			return err
		}
		tx.Put(&s)
		return nil
	}))
	if got := w.surplus(); got != "[atrium-1.3.0]" {
		t.Fatalf("one is kept for a rollback: %s", got)
	}
	retirer := &fleet.Retirer{Store: w.store, Builder: w.builder, Every: 1}
	if n, err := retirer.Sweep(w.ctx); n != 0 || err != nil {
		t.Errorf("%d removed though people are asked (%v)", n, err)
	}
	_, err = w.catalog.Edit(w.ctx, "atrium", alice, func(d *fleet.Distribution) error { d.Policy.Retire = fleet.Automatic; return nil })
	w.ok(err)
	if n, err := retirer.Sweep(w.ctx); n != 1 || err != nil {
		t.Errorf("%d removed (%v)", n, err)
	}
	gone, err := w.catalog.Platform(w.ctx, "atrium-1.3.0")
	if w.ok(err); gone.State != fleet.PlatformRetired {
		t.Errorf("%+v", gone)
	}
	if n, err := retirer.Sweep(w.ctx); n != 0 || err != nil || w.surplus() != "[]" {
		t.Errorf("%d more removed (%v), %s left", n, err, w.surplus())
	}
}

func TestSurplusKeepsThreeByDefault(t *testing.T) {
	w := newWorld(t)
	w.dist(nil)
	for _, v := range []string{"1.0.0", "1.1.0", "1.2.0", "1.3.0"} {
		w.build(v)
	}
	if got := w.surplus(); got != "[atrium-1.0.0]" {
		t.Error(got)
	}
}
