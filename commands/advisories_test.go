package commands_test

import (
	"encoding/json"
	"testing"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// The command lists what is known, says how old it is and which sources fail,
// and gives all of it to programs as JSON.
func TestAdvisories(t *testing.T) {
	w := newWorld(t)
	w.says(w.ask(bob, "advisories"), "No source of security advisories is set")
	as := &fleet.Advisories{Store: w.store}
	w.ok(as.Watch(w.ctx, []string{"composer", "file:/etc/a.yml"}))
	w.ok(as.Keep(w.ctx, fleet.FeedPage{ID: "composer|1", Advisories: []fleet.Advisory{{ID: "PKSA-1", Source: "composer", Ware: "composer:acme/blog",
		CVE: "CVE-2026-1", Title: "Say <!channel> & *boo*", Severity: fleet.Critical, Affected: "<1.1", URL: "https://example.org/1"}}}))
	w.ok(as.Settle(w.ctx, "composer", fleet.Reading{Pages: []string{"composer|1"}, Count: 1, Changed: true}))
	w.ok(as.Settle(w.ctx, "file:/etc/a.yml", fleet.Reading{Failure: "the file cannot be opened"}))
	w.says(w.ask(bob, "advisories"), "No advisory that is known speaks of a hole", "file:/etc/a.yml cannot be read, and nothing is known from it")
	w.ok(w.store.Update(w.ctx, fleet.Catalogue, func(tx fleet.Tx) error {
		p, f := fleet.Platform{Name: "blog-1"}, fleet.PlatformFacts{Platform: "blog-1"}
		s := fleet.Site{URI: "blog.example.org"}
		for _, r := range []fleet.Record{&p, &f, &s} {
			if _, err := tx.Get(r); err != nil {
				return err
			}
		}
		p.Kind, p.State, s.Platform, s.State = "generic", fleet.PlatformReady, "blog-1", fleet.SiteLive
		f.Packages = []fleet.Package{{Name: "acme/blog", Type: "library", Version: "1.0.4"}}
		tx.Put(&p)
		tx.Put(&f)
		tx.Put(&s)
		return nil
	}))
	_, err := as.Assess(w.ctx)
	w.ok(err)
	for _, text := range []string{"advisories", "advisories blog.example.org", "advisories blog-1"} {
		w.says(w.ask(bob, text), "1 advisory speaks of a hole", "Critical", "CVE-2026-1", "acme/blog", "1.0.4")
	}
	w.says(w.ask(bob, "advisories --page 2"), "There is 1 page.")
	w.says(w.ask(bob, "advisories nowhere.example.org"), "nowhere.example.org")
	w.says(w.ask(bob, "advisories --export"), "too long for a message")
	r, err := w.table.Run(w.ctx, commands.Ask{ID: "export", Text: "advisories --export", Who: bob, Shell: true})
	w.ok(err)
	var out struct {
		Version   int
		Exposures []struct{ Package, Version, Platform, Severity string }
	}
	text := r.Message.Text
	if err := json.Unmarshal([]byte(text), &out); err != nil || len(out.Exposures) != 1 || out.Exposures[0].Platform != "blog-1" || out.Version != 1 {
		t.Errorf("%.300s: %v", text, err)
	}
}
