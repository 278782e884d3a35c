package fleet_test

import (
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
)

// hole is an advisory in few words: "ID severity ware range".
func hole(t *testing.T, id string, severity fleet.Severity, ware fleet.Ware, affected string) fleet.Advisory {
	t.Helper()
	a, ok := fleet.Advisory{ID: id, Source: "test", Severity: severity, Ware: ware, Affected: affected}.Checked()
	if !ok {
		t.Fatalf("%s cannot be matched", id)
	}
	return a
}

func TestWeigh(t *testing.T) {
	lib := fleet.NewLibrary(nil, []fleet.Advisory{
		hole(t, "A-1", fleet.Critical, "drupal:views", ">=7.x-3,<=7.x-3.24"),
		hole(t, "A-2", fleet.Low, "drupal:views", ">=7.x-3,<=7.x-3.26"),
		hole(t, "A-3", fleet.High, "drupal:ctools", "7.x-1.9"),
		hole(t, "A-4", "", "composer:drupal/views", "*"),
		hole(t, "A-5", fleet.Critical, "composer:acme/other", "*"),
	})
	from := []fleet.Package{{Name: "views", Type: "module", Version: "7.x-3.20"}, {Name: "ctools", Type: "module", Version: "7.x-1.8"},
		{Name: "token", Type: "module", Version: "7.x-1.x-dev"}}
	to := []fleet.Package{{Name: "views", Type: "module", Version: "7.x-3.25"}, {Name: "ctools", Type: "module", Version: "7.x-1.9"}}
	d7 := fleet.Platform{Kind: "drupal"}
	got := map[string]fleet.Outcomed{}
	for _, a := range fleet.Weigh(lib, d7, d7, from, to).All {
		got[a.ID] = a.Outcome
	}
	want := map[string]fleet.Outcomed{"A-1": fleet.Mends, "A-2": fleet.Leaves, "A-3": fleet.Brings, "A-4": fleet.Leaves}
	if len(got) != len(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for id, o := range want {
		if got[id] != o {
			t.Errorf("%s: %q, want %q", id, got[id], o)
		}
	}
	// A package that goes takes its holes with it, and a development line says nothing.
	advice := fleet.Weigh(lib, d7, d7, from, nil)
	if n := len(advice.Of(fleet.Mends)); n != 3 {
		t.Errorf("%d are fixed by removing all, want 3", n)
	}
	advice = fleet.Weigh(lib, d7, d7, from, []fleet.Package{{Name: "views", Type: "module", Version: "7.x-3.x-dev"}})
	if n := len(advice.Of(fleet.Mends)); n != 0 {
		t.Errorf("%d are fixed by a development line, which nobody can tell", n)
	}
}

// One hole that several sources tell of counts once, with the word of the one
// that says how bad it is.
func TestOneHoleOnce(t *testing.T) {
	cve := hole(t, "PKSA-1", fleet.High, "composer:drupal/core", ">=10,<10.3.9")
	cve.CVE, cve.Fix = "CVE-2026-0001", "10.3.9"
	same := cve
	same.ID, same.Source, same.Severity = "GHSA-1", "other", ""
	release := hole(t, "drupal 10.3.9", "", "drupal:drupal", ">=10.3,<=10.3.8")
	release.Fix = "10.3.9"
	later := hole(t, "drupal 10.3.11", "", "drupal:drupal", ">=10.3,<=10.3.10")
	later.Fix = "10.3.11"
	lib := fleet.NewLibrary(nil, []fleet.Advisory{release, same}, []fleet.Advisory{cve, later})
	got := lib.Match("drupal", fleet.Package{Name: "drupal/core", Type: "core", Version: "10.3.1"})
	var names []string
	for _, e := range got {
		names = append(names, e.ID)
	}
	if strings.Join(names, " ") != "PKSA-1 drupal 10.3.11" {
		t.Errorf("exposed to %q", names)
	}
}

func TestCheckedAdvisory(t *testing.T) {
	for _, a := range []fleet.Advisory{
		{Ware: "drupal:views", Affected: "*"},
		{ID: "x", Affected: "*"},
		{ID: "x", Ware: "nowhere:views", Affected: "*"},
		{ID: "x", Ware: "drupal:", Affected: "*"},
		{ID: "x", Ware: "drupal:a\nb", Affected: "*"},
		{ID: "x", Ware: "drupal:views", Affected: "soon"},
	} {
		if _, ok := a.Checked(); ok {
			t.Errorf("%+v was taken", a)
		}
	}
	a, ok := fleet.Advisory{ID: "x\x00\u202ey", Ware: "drupal:views", Affected: "<2", Title: strings.Repeat("<!channel> ", 100),
		URL: "javascript:alert(1)", Severity: "apocalyptic"}.Checked()
	if !ok || a.ID != "xy" || a.URL != "" || a.Severity != "" || len([]rune(a.Title)) > 160 {
		t.Errorf("%+v, %v", a, ok)
	}
	for _, u := range []string{"http://example.org/", "https://example.org/<x>", "https://example.org/a b", "https://" + strings.Repeat("x", 500)} {
		if a, _ := (fleet.Advisory{ID: "x", Ware: "drupal:views", Affected: "*", URL: u}).Checked(); a.URL != "" {
			t.Errorf("the link %.60s was kept", u)
		}
	}
}
