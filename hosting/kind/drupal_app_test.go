package kind_test

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/hosting"
)

func TestDrupalApps(t *testing.T) {
	for _, c := range []struct {
		name, code        string
		docroot           string
		shared, versioned []string
		engine            string
		runs              []string
	}{
		{"Drupal 7", small7, ".", []string{"sites/default/files", ".private"}, nil, "mysql", []string{"update the database"}},
		{"Drupal 10", small10, "web", []string{"web/sites/default/files", ".private"}, nil, "mysql", []string{"update the database", "rebuild the caches"}},
		{"Backdrop", smallBackdrop, ".", []string{"files", ".private"}, []string{".config"}, "mysql", []string{"update the database"}},
		{
			"with drush", small10 + "=== vendor/drush/drush/drush.php\n<?php\n", "web",
			[]string{"web/sites/default/files", ".private"}, nil, "mysql", []string{"drush updatedb", "drush cache:rebuild"},
		},
		{
			"Drupal 7 with drush", small7 + "=== vendor/drush/drush/drush.php\n<?php\n", ".",
			[]string{"sites/default/files", ".private"}, nil, "mysql", []string{"update the database"},
		},
		{
			"by its specification", small10 + "=== distrobot.yml\nversion: 1\nshared: [web/sites/default/files, web/maps]\nversioned: [data]\n" +
				"database: {engine: sqlite}\nupdate: [[vendor/bin/drush, config:import, --yes]]\n", "web",
			[]string{"web/sites/default/files", "web/maps", ".private"}, []string{"data"}, "sqlite",
			[]string{"update the database", "rebuild the caches", "vendor/bin/drush config:import --yes"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := layOut(t, lay(t, c.code))
			a := p.App
			if a.Docroot != c.docroot || !a.PHP || a.Database.Engine != c.engine {
				t.Errorf("docroot %s, PHP %v, engine %s", a.Docroot, a.PHP, a.Database.Engine)
			}
			if !slices.Equal(a.Shared, c.shared) || !slices.Equal(a.Versioned, c.versioned) || !slices.Equal(a.Runs, c.runs) {
				t.Errorf("shared %v, versioned %v, runs %v", a.Shared, a.Versioned, a.Runs)
			}
			if said := says(a.Update(p.Place)); !slices.Equal(said[:1], c.runs[:1]) || said[len(said)-1] != c.runs[len(c.runs)-1] && !strings.Contains(said[len(said)-1], "left") {
				t.Errorf("updates %v", said)
			}
		})
	}
}

func says(all []hosting.Program) []string {
	var out []string
	for _, x := range all {
		out = append(out, x.Says)
	}
	return out
}

// Tables that are not copied, and tables that do not count.
func TestDrupalTables(t *testing.T) {
	need := layOut(t, lay(t, small10+"=== distrobot.yml\nversion: 1\ndatabase: {engine: mysql, volatile: [tmp_*], ignored: [visits]}\n")).App.Database
	for table, want := range map[string]string{
		"cache": "volatile", "cache_render": "volatile", "semaphore": "volatile", "tmp_x": "volatile",
		"cachetags": "ignored", "sessions": "ignored", "watchdog": "ignored", "flood": "ignored", "history": "ignored",
		"key_value_expire": "ignored", "visits": "ignored",
		"queue": "counts", "key_value": "counts", "config": "counts", "users_field_data": "counts", "node": "counts", "cached_orders": "counts",
	} {
		is := "counts"
		if matches(need.Ignored, table) {
			is = "ignored"
		}
		if matches(need.Volatile, table) {
			is = "volatile"
			if !matches(need.Ignored, table) && table != "tmp_x" {
				t.Errorf("%s is not copied but counts", table)
			}
		}
		if is != want {
			t.Errorf("%s: %s, want %s", table, is, want)
		}
	}
}

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { ok, _ := path.Match(p, name); return ok })
}

// What a broken site answers is refused; a small page of a theme is not.
func TestDrupalCheck(t *testing.T) {
	check := layOut(t, lay(t, small7)).App.Check
	page := "<!DOCTYPE html><html><head><title>Shop</title></head><body>" + strings.Repeat("<p>wares</p>", 50) + "</body></html>"
	for name, c := range map[string]struct {
		answer hosting.Answer
		well   bool
	}{
		"page":           {hosting.Answer{Status: 200, Body: []byte(page)}, true},
		"nothing":        {hosting.Answer{Status: 200}, false},
		"maintenance":    {hosting.Answer{Status: 503, Body: []byte(page)}, false},
		"installer":      {hosting.Answer{Status: 302, Body: []byte(page)}, false},
		"cut off":        {hosting.Answer{Status: 200, Body: []byte(page[:len(page)-10])}, false},
		"a few words":    {hosting.Answer{Status: 200, Body: []byte("</html>")}, false},
		"internal error": {hosting.Answer{Status: 500, Body: []byte(page)}, false},
	} {
		c.answer.Bytes = int64(len(c.answer.Body))
		if err := check.Meets(c.answer); (err == nil) != c.well {
			t.Errorf("%s: %v", name, err)
		}
	}
	own := layOut(t, lay(t, small7+"=== distrobot.yml\nversion: 1\ncheck: {path: /user, marker: Log in}\n")).App.Check
	if want := (hosting.Check{Path: "/user", Status: 200, Marker: "Log in"}); own != want {
		t.Errorf("a check of the specification became %+v", own)
	}
}

func TestProfiles(t *testing.T) {
	for name, c := range map[string]struct{ code, want string }{
		"none":            {small7, "standard"},
		"exclusive":       {small7 + "=== profiles/atrium/atrium.info\nname = Atrium\nexclusive = TRUE\n=== profiles/other/other.info\nname = Other\n", "atrium"},
		"two of them":     {small7 + "=== profiles/a/a.info\nexclusive = 1\n=== profiles/b/b.info\nexclusive = 1\n", "standard"},
		"distribution":    {small10 + "=== web/profiles/contrib/thunder/thunder.info.yml\nname: Thunder\ntype: profile\ndistribution:\n  name: Thunder\n", "thunder"},
		"no distribution": {small10 + "=== web/profiles/custom/mine/mine.info.yml\nname: Mine\ntype: profile\n", "standard"},
		"by hand":         {small10 + "=== distrobot.yml\nversion: 1\nprofile: minimal\n", "minimal"},
	} {
		p := layOut(t, lay(t, c.code))
		env := p.App.Install(p.Place)[0].Env
		if !slices.Contains(env, "SITE_PROFILE="+c.want) {
			t.Errorf("%s: %v", name, env)
		}
	}
}
