package commands_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// A digest of many distributions comes in pages: beneath one that everybody sees
// the next is for the person alone, and a page of theirs turns into the next.
func TestPagesOfADigest(t *testing.T) {
	w := newWorld(t)
	err := w.store.Update(t.Context(), fleet.Catalogue, func(tx fleet.Tx) error {
		for i := range 20 {
			d := fleet.Distribution{Name: fleet.DistName(fmt.Sprintf("family%02d", i))}
			old, target := fleet.Platform{Name: fleet.PlatformName(d.Name + "-1.0")}, fleet.Platform{Name: fleet.PlatformName(d.Name + "-1.1")}
			s := fleet.Site{URI: fleet.URI(fmt.Sprintf("s%02d.example.org", i))}
			for _, r := range []fleet.Record{&d, &old, &target, &s} {
				if _, err := tx.Get(r); err != nil {
					return err
				}
			}
			d.Target, old.Distribution, target.Distribution, s.Platform = target.Name, d.Name, d.Name, old.Name
			for _, r := range []fleet.Record{&d, &old, &target, &s} {
				tx.Put(r)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	m := w.ask(carol, "digest").Message
	for page := 0; ; page++ {
		for _, b := range buttonsOf(m) {
			if b.Action == fleet.ActUpgrade {
				seen[b.Value] = true
			}
		}
		if len(m.Buttons) == 0 {
			break
		}
		r := w.press(carol, "", m.Buttons[0].Action, m.Buttons[0].Value)
		if !r.None || r.Refresh == nil {
			t.Fatalf("page %d: %+v", page, r)
		}
		m = *r.Refresh
	}
	if len(seen) != 20 {
		t.Errorf("%d distributions have a button", len(seen))
	}
	w.says(commands.Reply{Message: m}, "Page 3 of 3")
	first := w.press(carol, fleet.SubjectOf(fleet.AboutDigest, "mondays/2026-11-23T09:00"), fleet.ActMore, "1")
	if first.Refresh != nil || first.Public {
		t.Errorf("a page for one person changed what all see: %+v", first)
	}
	w.says(first, "Page 2 of 3")
	w.says(commands.Reply{Message: *w.press(carol, "", fleet.ActMore, "99").Refresh}, "Page 3 of 3")
	w.says(w.press(carol, "", fleet.ActMore, "x"), "I do not know this message any more.")
}

// tampered is a store in which somebody changed records without the key.
type tampered struct {
	fleet.Store
	ids map[string]bool
}

func (s tampered) Read(ctx context.Context, recs ...fleet.Record) ([]bool, error) {
	for _, r := range recs {
		if k := r.Key(); (k.Noun == "dist" || k.Noun == "plat") && s.ids[k.ID] {
			return nil, fleet.Errorf(fleet.Tampered, "The record was changed.")
		}
	}
	return s.Store.Read(ctx, recs...)
}

// One record that cannot be trusted hides no other from people who look, and is
// named; nothing is proposed from a listing with it.
func TestTamperedRecordsAreNamed(t *testing.T) {
	w := newWorld(t)
	w.atrium()
	w.ask(bob, "add other --kind generic")
	s := tampered{w.store, map[string]bool{"other": true, "atrium-0.9.0": true}}
	w.ok(w.store.Update(t.Context(), fleet.Catalogue, func(tx fleet.Tx) error {
		p := fleet.Platform{Name: "atrium-0.9.0"}
		_, err := tx.Get(&p)
		p.Distribution = "atrium"
		tx.Put(&p)
		return err
	}))
	w.table.Catalog, w.table.Narrator, w.table.Store = &fleet.Catalog{Store: s}, &fleet.Narrator{Store: s}, s
	w.says(w.ask(carol, "list"), "atrium", "changed the record of other;", "distrobot audit verify")
	w.says(w.ask(bob, "hooks"), "atrium", "changed the record of other;")
	w.says(w.ask(carol, "platforms"), "atrium-1.0.0", "changed the record of atrium-0.9.0;")
	w.says(w.ask(carol, "platforms atrium"), "atrium-1.0.0", "changed the record of atrium-0.9.0;")
	w.says(w.ask(carol, "digest"), "changed the record of other and atrium-0.9.0;")
	if _, err := w.table.Catalog.Distributions(t.Context()); fleet.CodeOf(err) != fleet.Tampered {
		t.Errorf("what acts must be refused: %v", err)
	}
}
