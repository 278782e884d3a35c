package fleet_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/fleet"
)

func TestCompareRows(t *testing.T) {
	from := facts("a", "core/drupal 10.2.0, module/views 3.9, module/old 1.0, module/same 2.0, module/back 2.0, module/line 1.x-dev, theme/views 1.0")
	to := facts("b", "theme/views 1.0, module/views 3.24, core/drupal 10.3.1, module/same 2.0, module/back 1.9, module/line 1.4, module/new 1.0")
	got := fleet.Compare(from, to, &fleet.SiteFacts{Pending: map[string]int{"drupal": 3, "same": 1}})
	want := []fleet.Row{
		{Package: "drupal", Type: "core", From: "10.2.0", To: "10.3.1", Change: fleet.Upgraded, Pending: 3},
		{Package: "back", Type: "module", From: "2.0", To: "1.9", Change: fleet.Downgraded},
		{Package: "old", Type: "module", From: "1.0", Change: fleet.Removed},
		{Package: "line", Type: "module", From: "1.x-dev", To: "1.4", Change: fleet.Changed},
		{Package: "views", Type: "module", From: "3.9", To: "3.24", Change: fleet.Upgraded},
		{Package: "new", Type: "module", To: "1.0", Change: fleet.Added},
	}
	if d := cmp.Diff(want, got.Rows); d != "" {
		t.Error(d)
	}
	if got.From != "a" || got.To != "b" || got.Same != 2 || got.Pending != 4 || got.Blocked() {
		t.Errorf("from %s to %s, same %d, pending %d, blocked %v", got.From, got.To, got.Same, got.Pending, got.Blocked())
	}
}

// TestCompareOrder: what blocks comes first, then core, then what a person must
// look at; a part that blocks lifts the package it came with.
func TestCompareOrder(t *testing.T) {
	from := facts("a", "module/gone 1.0, module/used 1.0, core/drupal 10.2.0, module/jump 1.0, module/step 1.0, module/back 2.0, module/suite 1.0")
	to := facts("b", "core/drupal 10.3.1, module/jump 2.0, module/step 1.1, module/back 1.0, module/suite 1.1, module/fresh 1.0")
	for i, p := range from.Packages {
		if p.Name == "suite" {
			from.Packages[i].Parts = []string{"suite_ui"}
		}
	}
	got := fleet.Compare(from, to, &fleet.SiteFacts{URI: "s", Enabled: []string{"used", "suite_ui"}})
	var names []string
	for _, r := range got.Rows {
		name := r.Package
		if r.Blocks {
			name += "!"
		}
		names = append(names, name)
	}
	if got := strings.Join(names, " "); got != "used! suite! drupal back gone jump step fresh" {
		t.Errorf("the order is %s", got)
	}
}

func TestCompareFindings(t *testing.T) {
	site := func(enabled string) *fleet.SiteFacts {
		return &fleet.SiteFacts{URI: "shop.example.org", Enabled: strings.Fields(enabled)}
	}
	schema := func(s string) *fleet.SiteFacts { return &fleet.SiteFacts{URI: "shop.example.org", Schema: s} }
	cases := []struct {
		name     string
		from, to string // packages
		php      [2]string
		schema   string // of the target
		site     *fleet.SiteFacts
		want     []string // "block: part of the text"
	}{
		{name: "nothing", from: "module/a 1.0", to: "module/a 1.0", site: site("a")},
		{name: "core goes back", from: "core/drupal 10.2", to: "core/drupal 10.1", want: []string{"block: drupal would go back from 10.2 to 10.1"}},
		{name: "the application goes back", from: "application/shop 1.2.0", to: "application/shop 1.1.0", site: schema(""), want: []string{"block: shop would go back"}},
		{name: "a package in use goes back", from: "module/a 2.0", to: "module/a 1.0", site: site("a"), want: []string{"block: and the site uses it"}},
		{name: "one not in use goes back", from: "module/a 2.0", to: "module/a 1.0", site: site("b"),
			want: []string{"warn: a would go back", "warn: The site uses b, which neither"}},
		{name: "nobody knows what is in use", from: "module/a 2.0, module/b 1", to: "module/a 1.0", site: schema(""),
			want: []string{"warn: a would go back", "warn: 1 package is not on the target: b."}},
		{name: "in use and missing", from: "module/a 1.0", to: "", site: site("a"), want: []string{"block: The site uses the module a, which the target does not have."}},
		{name: "a theme in use and missing", from: "theme/a 1.0", to: "", site: site("a"), want: []string{"block: The site uses the theme a, which the target does not have."}},
		{name: "what runs by itself", from: "mu-plugin/a 1.0, drop-in/db 1.0", to: "", site: site(""),
			want: []string{"warn: The mu-plugin a is not on the target", "warn: The drop-in db is not on the target"}},
		{name: "in use and replaced", from: "module/a 1.0", to: "module/b 1.0 =a", site: site("a"), want: []string{"warn: a is replaced by b."}},
		{name: "in use as another type", from: "module/a 1.0", to: "library/a 1.0", site: site("a")},
		{name: "removed, not in use", from: "module/a 1.0, module/b 1.0", to: "", site: site("z"),
			want: []string{"warn: 2 packages are not on the target: a, b; the site uses none of them.", "warn: neither platform"}},
		{name: "many removed", from: "m/a 1, m/b 1, m/c 1, m/d 1, m/e 1, m/f 1, m/g 1, m/h 1, m/i 1, m/j 1, m/k 1, m/l 1", to: "",
			want: []string{"warn: 12 packages are not on the target: a, b, c, d, e, f, g, h, i, j and 2 more."}},
		{name: "blocks first", from: "module/z 1, module/a 2", to: "module/a 1", site: site("z"),
			want: []string{"block: uses the module z", "warn: a would go back"}},
		{name: "development lines have no order", from: "module/z dev-main#abcdef9", to: "module/z dev-main#0bcdef1", site: site("z")},
		{name: "PHP raised", php: [2]string{">=7.4", "^8.1 || ^8.3"}, want: []string{"warn: needs PHP 8.1 or later; 7.4 was enough"}},
		{name: "PHP raised by a space", php: [2]string{">= 7.4 < 8.3", "< 9, >= 8.0.2"}, want: []string{"warn: needs PHP 8.0.2 or later"}},
		{name: "PHP as before", php: [2]string{"^8.1", "~8.1.0 || 8.2.*"}},
		{name: "PHP lowered", php: [2]string{"^8.1", "8.0 - 8.4"}},
		{name: "PHP named anew", php: [2]string{"", "^8.2"}, want: []string{"warn: The target needs PHP 8.2 or later."}},
		{name: "PHP open", php: [2]string{"^8.1", "*"}},
		{name: "data too new", schema: "2", site: schema("3"), want: []string{"block: schema 3, newer than the target's 2"}},
		{name: "data older", schema: "10", site: schema("9")},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			from, to := facts("a", c.from), facts("b", c.to)
			from.PHP, to.PHP, to.Schema = c.php[0], c.php[1], c.schema
			got := fleet.Compare(from, to, c.site).Findings
			if len(got) != len(c.want) {
				t.Fatalf("got %+v, want %q", got, c.want)
			}
			for i, f := range got {
				sort, part, _ := strings.Cut(c.want[i], ": ")
				if f.Block != (sort == "block") || !strings.Contains(f.Text, part) {
					t.Errorf("got %+v, want %q", f, c.want[i])
				}
			}
		})
	}
}

// Facts may come unsorted and with doubles; both must stay as they were.
func TestCompareLeavesFactsAlone(t *testing.T) {
	from, to := facts("a", "module/b 1, module/a 1, module/b 9"), facts("b", "module/b 2, module/a 1")
	before := append([]fleet.Package(nil), from.Packages...)
	got := fleet.Compare(from, to, nil)
	if d := cmp.Diff(before, from.Packages); d != "" {
		t.Error(d)
	}
	if len(got.Rows) != 1 || got.Rows[0].From != "1" || got.Same != 1 {
		t.Errorf("got %+v", got)
	}
}

// Two code bases of 5,000 packages, half of which differ: read at build time,
// so comparing is a matter of milliseconds (measured: 5 ms unsorted; the bound leaves
// room for a busy machine under the race detector).
func TestCompareIsQuick(t *testing.T) {
	from, to := large(0), large(1)
	begun := time.Now()
	got := fleet.Compare(from, to, &fleet.SiteFacts{Enabled: []string{"module1", "module2"}})
	if took := time.Since(begun); took > time.Second {
		t.Errorf("took %v", took)
	}
	if len(got.Rows) != 2500 {
		t.Errorf("%d rows", len(got.Rows))
	}
}

func BenchmarkCompare(b *testing.B) {
	from, to := large(0), large(1)
	site := &fleet.SiteFacts{Enabled: []string{"module1", "module2"}}
	for b.Loop() {
		fleet.Compare(from, to, site)
	}
}

func large(minor int) fleet.PlatformFacts {
	f := fleet.PlatformFacts{}
	for i := range 5000 {
		f.Packages = append(f.Packages, fleet.Package{Name: fmt.Sprintf("module%d", i), Type: "module", Version: fmt.Sprintf("8.x-1.%d-rc2", i+minor*(i%2))})
	}
	return f
}

// facts reads "type/name version =replaced, …".
func facts(name fleet.PlatformName, list string) fleet.PlatformFacts {
	f := fleet.PlatformFacts{Platform: name}
	for _, one := range strings.Split(list, ",") {
		words := strings.Fields(one)
		if len(words) == 0 {
			continue
		}
		p := fleet.Package{}
		p.Type, p.Name, _ = strings.Cut(words[0], "/")
		for _, w := range words[1:] {
			if old, ok := strings.CutPrefix(w, "="); ok {
				p.Replace = append(p.Replace, old)
			} else {
				p.Version = w
			}
		}
		f.Packages = append(f.Packages, p)
	}
	return f
}
