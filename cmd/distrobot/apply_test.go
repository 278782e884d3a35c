package main

import (
	"reflect"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
)

// TestManifestKeepsEverything fills every field of a distribution that an
// operator sets and wants it back from a manifest: a new field that the
// manifest forgets fails here.
func TestManifestKeepsEverything(t *testing.T) {
	d := fleet.Distribution{Name: "shop", Kind: "drupal", URL: "https://example.org/shop.git", Source: fleet.Source{Type: "makefile", Path: "shop.make"}}
	fill(reflect.ValueOf(&d.Policy).Elem())
	d.Policy.Build, d.Policy.Target, d.Policy.Retire, d.Policy.Approval = fleet.Automatic, fleet.AskFirst, fleet.Automatic, "none"
	d.Policy.Look = fleet.LookOrSkip
	d.Policy.Waves, d.Policy.Window, d.Policy.Canary = "1, 10%, 50%, rest", "Mon-Fri 22:00-05:00 Europe/Zurich", "tag:canary"
	d.Track.Tags = `\d+\.\d+`
	d.Adopts = "shop-*"
	d.Hush = fleet.Hush{Hours: "22:00-07:00 Europe/Berlin", Ignored: "1.2 1.3"}
	for _, failures := range []int{0, 3} { // it is either a share or a number
		if d.Policy.Failures = failures; failures > 0 {
			d.Policy.FailShare = 0
		}
		back, err := described(d).distribution("shop")
		if err != nil {
			t.Fatal(err)
		}
		if back.Policy != d.Policy || back.Source != d.Source || back.URL != d.URL || back.Hush != d.Hush || back.Track != d.Track || back.Adopts != d.Adopts {
			t.Errorf("got  %+v\nwant %+v", back, d)
		}
	}
}

func fill(v reflect.Value) {
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString("x")
		case reflect.Int, reflect.Int64:
			f.SetInt(7)
		case reflect.Bool:
			f.SetBool(true)
		}
	}
}

// TestManifestKeepsPolicies writes policies and reads them back: applying an
// export does nothing.
func TestManifestKeepsPolicies(t *testing.T) {
	group := func(id, name string) fleet.Party { return fleet.Party{Kind: fleet.PartyGroup, ID: id, Name: name} }
	release, client := group("S0RELEASE", "release"), group("S0CLIENT", "client")
	p := fleet.AccessPolicy{Distribution: "atrium", Revision: 4, Reason: fleet.On, Second: fleet.Off, Alarm: "incidents", Glass: []fleet.Party{release},
		May: map[fleet.Right][]fleet.Party{fleet.MayFreeze: {release, {Kind: fleet.PartyUser, ID: "unix:1000"}}, fleet.MayBuild: {fleet.RoleParty(fleet.Maintainer)},
			fleet.MayTarget: {{Kind: fleet.PartyUser, ID: "U0ODD", Name: "odd (name)"}}},
		Confirm: fleet.Quorum{{Need: 2, Each: true, From: []fleet.Party{release, client}}, {Need: 2, From: []fleet.Party{release, client}}, {Need: 1, From: []fleet.Party{client}}}}
	written := describedPolicy(p)
	if want := "2 of S0RELEASE(release), S0CLIENT(client) + 2 of any S0RELEASE(release), S0CLIENT(client) + 1 of S0CLIENT(client)"; written.Confirm != want {
		t.Errorf("%q", written.Confirm)
	}
	read, err := written.policy("atrium")
	if err != nil || describedPolicy(read) != written || read.Confirm.String() != p.Confirm.String() || read.Distribution != "atrium" {
		t.Errorf("%v %+v", err, read)
	}
	now := present{policies: map[string]fleet.AccessPolicy{"atrium": p}}
	if deeds, _ := difference(manifest{Policies: map[string]manifestAccess{"atrium": written}}, now); len(deeds) != 0 {
		t.Errorf("an export is applied: %+v", deeds)
	}
	written.NeedReason = "no"
	if deeds, _ := difference(manifest{Policies: map[string]manifestAccess{"atrium": written, "*": {Freeze: "administrators"}}}, now); len(deeds) != 2 || deeds[0].name != "*" {
		t.Errorf("%+v", deeds)
	}
	for _, wrong := range []string{"policies: {atrium: {confirm: '2 of @release'}}", "policies: {atrium: {freeze: '@oncall'}}", "policies: {atrium: {need_reason: maybe}}",
		"policies: {'two words': {freeze: administrators}}", "policies: {atrium: {confirm: '9 of U0AB'}}", "policies: {atrium: {confirm: '0 of S0AB'}}"} {
		if _, err := parseManifest([]byte("version: 1\n" + wrong + "\n")); fleet.CodeOf(err) != fleet.Invalid {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

func TestDifference(t *testing.T) {
	ready := fleet.Platform{Name: "shop-1", State: fleet.PlatformReady, Distribution: "shop", Paths: map[fleet.HostName]string{"local": "/srv/shop-1"}}
	now := present{
		distributions: map[string]fleet.Distribution{
			"shop": {Name: "shop", Kind: "generic", Source: fleet.Source{Type: "git"}},
			"blog": {Name: "blog", Kind: "generic", Source: fleet.Source{Type: "git"}, Adopts: "blog-*"},
		},
		platforms: map[string]fleet.Platform{"shop-1": ready},
		sites:     map[string]fleet.Site{"a.example": {URI: "a.example", Platform: "shop-1", Tags: []string{"small"}}},
	}
	tests := []struct {
		name, yaml string
		deeds      []string // beginnings of their texts, in order
		refusals   []string
	}{
		{"as it is", "distributions: {shop: {kind: generic}}\nplatforms: {shop-1: {host: local, path: /srv/shop-1, distribution: shop}}\nsites: {a.example: {platform: shop-1, tags: [small]}}", nil, nil},
		{"absent is not deleted", "", nil, nil},
		{"a new distribution with its platform, target and site", "distributions: {news: {target: news-1}}\nplatforms: {news-1: {host: local, path: /srv/news, distribution: news}}\nsites: {b.example: {platform: news-1}}",
			[]string{"add the distribution news", "take /srv/news", "make news-1 the target", "create the site b.example"}, nil},
		{"a change of policy", "distributions: {shop: {policy: {target: auto}}}", []string{"change the distribution shop"}, nil},
		{"a site elsewhere stays", "sites: {a.example: {platform: shop-2}}", nil, []string{"site a.example is on shop-1; only a confirmed plan"}},
		{"a platform never changes", "platforms: {shop-1: {host: local, path: /other}}", nil, []string{"platform shop-1 is not /other"}},
		{"a pattern of platforms that join", "distributions: {shop: {kind: generic, adopts: 'shop-*', target: shop-2}}\nplatforms: {shop-2: {host: local, path: /srv/shop-2}}",
			[]string{"take /srv/shop-2", "let platforms that match shop-* join shop", "make shop-2 the target"}, nil},
		{"a pattern that is there", "distributions: {blog: {kind: generic, adopts: 'blog-*'}}", nil, nil},
		{"a pattern that the file leaves out", "distributions: {blog: {kind: generic}}", nil, nil},
		{"another pattern", "distributions: {blog: {kind: generic, adopts: 'b-*'}}", []string{"let platforms that match b-* join blog"}, nil},
		{"a tag", "sites: {a.example: {platform: shop-1, tags: [SMALL, big]}}", []string{"tag the site a.example with [big]"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := parseManifest([]byte("version: 1\n" + tt.yaml))
			if err != nil {
				t.Fatal(err)
			}
			deeds, refusals := difference(m, now)
			var texts []string
			for _, d := range deeds {
				texts = append(texts, d.text)
			}
			begin(t, "deeds", texts, tt.deeds)
			begin(t, "refusals", refusals, tt.refusals)
		})
	}
}

func begin(t *testing.T, what string, got, want []string) {
	t.Helper()
	ok := len(got) == len(want)
	for i := range min(len(got), len(want)) {
		ok = ok && strings.HasPrefix(got[i], want[i])
	}
	if !ok {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestParseManifestRefuses(t *testing.T) {
	for _, tt := range []struct{ yaml, want string }{
		{"", "version 0"},
		{"version: 2", "version 2"},
		{"version: 1\nplatform: {}", "platform"},
		{"version: 1\ndistributions: {'a b': {}}", "a b"},
		{"version: 1\ndistributions: {a: {tags: '('}}", "distribution a"},
		{"version: 1\ndistributions: {a: {adopts: 'a/*'}}", "distribution a: \"a/*\" is no pattern"},
		{"version: 1\ndistributions: {a: {adopts: atrium}}", "distribution a: \"atrium\" is no pattern"},
		{"version: 1\nplatforms: {a: {host: local}}", "needs host and path"},
		{"version: 1\nsites: {HTTP://x: {platform: a}}", "not the address"},
		{"version: 1\nsites: {x.example: {platform: a, path: /srv}}", "leave it out"},
	} {
		_, err := parseManifest([]byte(tt.yaml))
		if fleet.CodeOf(err) != fleet.Invalid || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %q", tt.yaml, err, tt.want)
		}
	}
}
