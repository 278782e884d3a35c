package commands_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// holds makes a platform's facts those of n packages of a version.
func (w *world) holds(name fleet.PlatformName, n int, version string) {
	w.t.Helper()
	w.ok(w.store.Update(w.ctx, fleet.Catalogue, func(tx fleet.Tx) error {
		f := fleet.PlatformFacts{Platform: name}
		if _, err := tx.Get(&f); err != nil {
			return err
		}
		f.Packages = []fleet.Package{{Name: "example/guestbook", Type: "application", Version: version}}
		for i := range n {
			f.Packages = append(f.Packages, fleet.Package{Name: fmt.Sprintf("part_%03d", i), Type: "module", Version: version})
		}
		tx.Put(&f)
		return nil
	}))
}

// offered is a plan for the three sites of atrium, whose platforms differ in n
// packages and the application.
func (w *world) offered(n int) (fleet.Plan, fleet.Subject) {
	w.t.Helper()
	w.atrium()
	news := w.publish("1.1.0")
	w.press(bob, news, fleet.ActBuild, news.ID())
	w.built("atrium-1.1.0")
	w.holds("atrium-1.0.0", n, "1.0.0")
	w.holds("atrium-1.1.0", n, "1.1.0")
	w.work(fleet.TaskInspect, w.inspect)
	p := w.plans(fleet.PlanProposed)
	if len(p) != 1 {
		w.t.Fatalf("%d plans", len(p))
	}
	return p[0], fleet.SubjectOf(fleet.AboutPlan, string(p[0].ID))
}

// leaf walks a sheet to its end and gives the packages in their order.
func (w *world) leaf(r commands.Reply, who fleet.Actor) []string {
	w.t.Helper()
	var out []string
	for range 100 {
		s := r.Message.Sheet
		if s == nil {
			w.t.Fatalf("no sheet: %s", plainText(r.Message))
		}
		if len(s.Rows) > fleet.MaxSheetRows {
			w.t.Fatalf("%d rows on a page", len(s.Rows))
		}
		for _, row := range s.Rows {
			out = append(out, row.Left.Spans[0].Text)
		}
		next := -1
		for i, b := range s.Buttons {
			if strings.HasPrefix(b.Label, fmt.Sprintf("Compare rows %d ", len(out)+1)) {
				next = i
			}
		}
		if next < 0 {
			return out
		}
		r = w.press(who, "", s.Buttons[next].Action, s.Buttons[next].Value)
	}
	w.t.Fatal("the sheet has no end")
	return nil
}

// TestCompareShowsEveryRow: a plan keeps 200 rows, Compare shows all 341 of them
// once each, for the platform and for each site, to anybody who may read.
func TestCompareShowsEveryRow(t *testing.T) {
	w := newWorld(t)
	p, about := w.offered(340)
	if len(p.Rows) != fleet.MaxRows || p.More != 141 {
		t.Fatalf("the plan keeps %d rows and %d more", len(p.Rows), p.More)
	}
	compare := w.button(w.shown(about), fleet.ActCompare)
	first := w.press(carol, about, compare.Action, compare.Value)
	whole := func(r commands.Reply) {
		t.Helper()
		got, seen := w.leaf(r, carol), map[string]bool{}
		for _, name := range got {
			seen[name] = true
		}
		if len(got) != 341 || len(seen) != 341 || got[0] != "example/guestbook" {
			t.Fatalf("%d rows, %d packages, %s first", len(got), len(seen), got[0])
		}
	}
	whole(first)
	menu := first.Message.Sheet.Choose
	if menu == nil || len(menu.Choices) != 4 || menu.Choices[0].Label != "All sites of atrium-1.0.0" || menu.Choices[1].Label != "a.example.org" {
		t.Fatalf("%+v", menu)
	}
	for _, c := range menu.Choices {
		r := w.press(carol, "", menu.Action, c.Value)
		if r.Message.Sheet == nil || r.Message.Sheet.Choose.Initial != c.Value {
			t.Fatalf("%+v", r)
		}
		whole(r)
	}
	w.says(first, "243 more packages", "All of it: ", "/distro compare atrium-1.0.0 atrium-1.1.0 --page 2")
	w.says(w.press(stranger, about, compare.Action, compare.Value), "You are not among the people")
}

// TestCompareInPages is the same by typing.
func TestCompareInPages(t *testing.T) {
	w := newWorld(t)
	w.offered(340)
	seen := map[string]bool{}
	for page := 1; page <= 4; page++ {
		r := w.ask(carol, fmt.Sprintf("compare atrium-1.0.0 atrium-1.1.0 --page %d", page))
		w.says(r, fmt.Sprintf("Page %d of 4.", page))
		for _, row := range r.Message.Table.Rows {
			seen[row[0]] = true
		}
	}
	if len(seen) != 341 {
		t.Errorf("%d packages on four pages", len(seen))
	}
	w.says(w.ask(carol, "compare atrium-1.0.0 atrium-1.1.0 --page 5"), "There is no page")
	r := w.ask(carol, "compare a.example.org")
	open := w.button(r.Message, fleet.ActPages)
	if got := w.leaf(w.press(carol, "", open.Action, open.Value), carol); len(got) != 341 {
		t.Errorf("%d rows", len(got))
	}
	shell, err := w.table.Run(w.ctx, commands.Ask{ID: "shell", Text: "compare a.example.org", Who: bob, Shell: true})
	w.ok(err)
	if n := len(shell.Message.Table.Rows); n != 341 {
		t.Errorf("a shell shows %d rows", n)
	}
}

// TestCompareOutlivesItsRevision: pages of a plan that was drawn again, or whose
// site is no more, begin anew or say so.
func TestCompareOutlivesItsRevision(t *testing.T) {
	w := newWorld(t)
	p, _ := w.offered(40)
	at := func(what string, rev int) string { return fmt.Sprintf("%s.%s|%d", p.ID, what, rev) }
	r := w.press(carol, "", fleet.ActSheet, at("s2.1", p.Revision-1))
	if s := r.Message.Sheet; s == nil || len(s.Rows) != 30 || !strings.HasSuffix(s.Choose.Initial, fmt.Sprintf("p0.0|%d", p.Revision)) {
		t.Fatalf("%+v", r.Message.Sheet)
	}
	for _, bad := range []string{"s3.0", "s-1.0", "p9.0", "x0.0", "s.0", ".0", "s0", "s0.x", "s0.0.0"} {
		w.says(w.press(carol, "", fleet.ActSheet, at(bad, p.Revision)), "I do not know this message any more")
	}
	if s := w.press(carol, "", fleet.ActSheet, at("p0.99", p.Revision)).Message.Sheet; s == nil || len(s.Rows) != 11 {
		t.Errorf("beyond the last page: %+v", s)
	}
}
