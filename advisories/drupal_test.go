package advisories_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
)

// historyOf writes a release history in the format of updates.drupal.org, newest
// first: entries "VERSION TERM…" with S for a security update, I for insecure, U
// for one that the policy does not cover.
func historyOf(status, supported string, releases ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<?xml version="1.0" encoding="utf-8"?>
<project xmlns:dc="http://purl.org/dc/elements/1.1/"><title>A project</title><short_name>x</short_name><dc:creator>someone</dc:creator>
<supported_branches>%s</supported_branches><project_status>%s</project_status><link>https://www.drupal.org/project/x</link><releases>`, supported, status)
	for _, r := range releases {
		words := strings.Fields(r)
		covered, terms := `<security covered="1">Covered</security>`, ""
		for _, w := range words[1:] {
			switch w {
			case "S":
				terms += "<term><name>Release type</name><value>Security update</value></term>"
			case "I":
				terms += "<term><name>Release type</name><value>Insecure</value></term>"
			case "U":
				covered = "<security>Not covered</security>"
			}
		}
		fmt.Fprintf(&b, `<release><name>x %[1]s</name><version>%[1]s</version><status>published</status><release_link>https://www.drupal.org/project/x/releases/%[1]s</release_link><date>1780000000</date><terms>%[2]s</terms>%[3]s</release>`,
			words[0], terms, covered)
	}
	return b.String() + "</releases></project>"
}

func TestDrupal(t *testing.T) {
	s := newScene(t, "drupal=SERVER/history")
	s.has("p1", "drupal", fleet.Package{Name: "drupal/core", Type: "core", Version: "10.3.1"}, fleet.Package{Name: "drupal/views_x", Type: "module", Version: "1.4.0"},
		fleet.Package{Name: "ours", Type: "module", Version: "1.0"})
	s.has("p2", "drupal", fleet.Package{Name: "drupal", Type: "core", Version: "7.98"}, fleet.Package{Name: "ctools", Type: "module", Version: "7.x-1.8"})
	s.says("/history/drupal/current", "", historyOf("published", "10.3.,10.4.", "10.4.0", "10.3.9 S", "10.3.8 I", "10.3.1 I", "10.2.5 I", "10.2.4", "9.5.11"))
	s.says("/history/drupal/7.x", "", historyOf("published", "7.", "7.103", "7.102 S", "7.98 I"))
	s.says("/history/views_x/current", "", historyOf("published", "8.x-1.,2.0.", "2.0.1", "8.x-1.5", "8.x-1.4 U"))
	s.says("/history/ctools/7.x", "", historyOf("insecure", "7.x-1.", "7.x-1.9"))
	s.says("/history/ours/current", "", `<?xml version="1.0"?><error>No release history was found for the requested project (ours).</error>`)
	s.turn(0)
	if f := s.feed(s.reader.Sources[0].Name); f.Failing != "" || f.Skipped != 0 {
		t.Fatalf("the source is %+v", f)
	}
	for _, tt := range []struct{ name, version, want string }{
		{"drupal/core", "10.3.1", "drupal 10.3.9"},
		{"drupal/core", "10.3.9", ""},
		{"drupal/core", "10.2.5", "drupal insecure"},
		{"drupal/core", "10.2.4", "drupal branch"},
		{"drupal/core", "10.4.0", ""},
		{"drupal", "7.98", "drupal 7.102"},
		{"drupal", "7.103", ""},
		{"drupal/views_x", "1.4.0", "views_x uncovered"},
		{"drupal/views_x", "1.5.0", ""},
		{"ctools", "7.x-1.8", "ctools insecure"},
		{"ours", "1.0", ""},
	} {
		kind := "module"
		if strings.HasPrefix(tt.name, "drupal/core") || tt.name == "drupal" {
			kind = "core"
		}
		if got := s.exposed("drupal", fleet.Package{Name: tt.name, Type: kind, Version: tt.version}); got != tt.want {
			t.Errorf("%s %s: %q, want %q", tt.name, tt.version, got, tt.want)
		}
	}
}
