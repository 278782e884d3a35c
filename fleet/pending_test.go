package fleet_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/fleet"
)

func TestPending(t *testing.T) {
	type modules = map[string]fleet.ModuleSchema
	type at = map[string]int
	d8 := func(m modules) fleet.CodeSchema { return fleet.CodeSchema{Floor: 8000, Modules: m} }
	gone := map[string]string{"old": "10.0.0"}
	cases := []struct {
		name   string
		code   fleet.CodeSchema
		site   fleet.SiteSchema
		want   at
		blocks []string // part of each
	}{
		{name: "nothing is known", code: fleet.CodeSchema{}, site: fleet.SiteSchema{Installed: at{"a": 7000}}},
		{name: "numbers above the installed schema run", code: fleet.CodeSchema{Modules: modules{"system": {Updates: []int{7085, 7086, 7087, 7088}}}},
			site: fleet.SiteSchema{Installed: at{"system": 7086}}, want: at{"system": 2}},
		{name: "modules that are not enabled do not count", code: fleet.CodeSchema{Modules: modules{"a": {Updates: []int{7001}}, "b": {Updates: []int{7001}}}},
			site: fleet.SiteSchema{Installed: at{"a": 7000}}, want: at{"a": 1}},
		{name: "a missing module is not judged here", code: fleet.CodeSchema{Modules: modules{}}, site: fleet.SiteSchema{Installed: at{"a": 7005}}},
		{name: "a newer database", code: fleet.CodeSchema{Modules: modules{"system": {Updates: []int{7086}}}},
			site: fleet.SiteSchema{Installed: at{"system": 7088}}, blocks: []string{"system has schema 7088, newer than the target's 7086"}},
		{name: "what was removed counts as known", code: fleet.CodeSchema{Modules: modules{"a": {LastRemoved: 7010}}}, site: fleet.SiteSchema{Installed: at{"a": 7010}}},
		{name: "too old for what is left", code: fleet.CodeSchema{Modules: modules{"a": {LastRemoved: 7010, Updates: []int{7011}}}},
			site: fleet.SiteSchema{Installed: at{"a": 7009}}, blocks: []string{"begins at 7010: upgrade to a release in between"}},
		{name: "no schema, no updates", code: fleet.CodeSchema{Modules: modules{"a": {Updates: []int{7001}}}}, site: fleet.SiteSchema{Enabled: []string{"a"}}},
		{name: "a module without updates is at the floor", code: d8(modules{"a": {}}), site: fleet.SiteSchema{Installed: at{"a": 8000}}},
		{name: "below the floor", code: d8(modules{"a": {Updates: []int{8001}}}), site: fleet.SiteSchema{Installed: at{"a": 7003}},
			blocks: []string{"earlier major release"}},
		{name: "post updates run once, in themes too", code: d8(modules{"node": {Post: []string{"a", "b"}}, "olivero": {Post: []string{"colour"}}, "off": {Post: []string{"x"}}}),
			site: fleet.SiteSchema{PostUpdates: true, Enabled: []string{"node", "olivero"}, Ran: []string{"node_post_update_a", "off_post_update_x"}},
			want: at{"node": 1, "olivero": 1}},
		{name: "a site without post updates has none pending", code: d8(modules{"node": {Post: []string{"a"}}}), site: fleet.SiteSchema{Enabled: []string{"node"}}},
		{name: "removed post updates that ran", code: d8(modules{"node": {Post: []string{"old"}, Gone: gone}}),
			site: fleet.SiteSchema{PostUpdates: true, Enabled: []string{"node"}, Ran: []string{"node_post_update_old"}}},
		{name: "removed post updates that never ran", code: d8(modules{"node": {Gone: gone}}),
			site: fleet.SiteSchema{PostUpdates: true, Enabled: []string{"node"}}, blocks: []string{"a release before 10.0.0 first"}},
		{name: "they are only asked for when nothing else blocks", code: d8(modules{"a": {LastRemoved: 8005}, "node": {Gone: gone}}),
			site: fleet.SiteSchema{PostUpdates: true, Installed: at{"a": 8001}, Enabled: []string{"node"}}, blocks: []string{"begins at 8005"}},
		{name: "Backdrop counts from 1000 after Drupal's 7000", code: fleet.CodeSchema{Legacy: true, Modules: modules{"system": {LastRemoved: 7078, Updates: []int{1087, 1088, 1089}}}},
			site: fleet.SiteSchema{Installed: at{"system": 1087}}, want: at{"system": 2}},
		{name: "a Drupal 7 database that is new enough", code: fleet.CodeSchema{Legacy: true, Modules: modules{"date": {LastRemoved: 7004, Updates: []int{1000, 7005}}}},
			site: fleet.SiteSchema{Installed: at{"date": 7004}}, want: at{"date": 2}},
		{name: "one that is not", code: fleet.CodeSchema{Legacy: true, Modules: modules{"date": {LastRemoved: 7004, Updates: []int{1000}}}},
			site: fleet.SiteSchema{Installed: at{"date": 7003}}, blocks: []string{"begins at 7004"}},
		{name: "WordPress is brought up in one go", code: fleet.CodeSchema{Core: "wordpress", Number: 60717}, site: fleet.SiteSchema{Number: 51917}, want: at{"wordpress": 1}},
		{name: "WordPress that is up to date", code: fleet.CodeSchema{Core: "wordpress", Number: 60717}, site: fleet.SiteSchema{Number: 60717}},
		{name: "WordPress cannot go back", code: fleet.CodeSchema{Core: "wordpress", Number: 51917}, site: fleet.SiteSchema{Number: 60717},
			blocks: []string{"version 60717, newer than the 51917 of the target's wordpress"}},
	}
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			got := fleet.Pending(tt.code, tt.site)
			if tt.want == nil {
				tt.want = at{}
			}
			if d := cmp.Diff(tt.want, got.Pending); d != "" {
				t.Error(d)
			}
			if len(got.Blocks) != len(tt.blocks) {
				t.Fatalf("blocks %q, want %q", got.Blocks, tt.blocks)
			}
			for i, part := range tt.blocks {
				if !strings.Contains(got.Blocks[i], part) {
					t.Errorf("block %q does not say %q", got.Blocks[i], part)
				}
			}
			sum := 0
			for _, n := range tt.want {
				sum += n
			}
			if got.Total() != sum {
				t.Errorf("total %d, want %d", got.Total(), sum)
			}
		})
	}
}

func TestTop(t *testing.T) {
	c := fleet.CodeSchema{Legacy: true, Floor: 0, Modules: map[string]fleet.ModuleSchema{"system": {LastRemoved: 7078, Updates: []int{1000, 1094, 7079}}}}
	if got := c.Top("system"); got != 1094 {
		t.Errorf("top %d, want 1094: Drupal 7's numbers come before", got)
	}
	if got := (fleet.CodeSchema{Floor: 8000}).Top("none"); got != 8000 {
		t.Errorf("top %d, want the floor", got)
	}
}
