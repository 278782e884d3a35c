package fleet_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
)

func TestAddRefusals(t *testing.T) {
	ok := fleet.Distribution{Name: "atrium", Kind: "generic", URL: "https://git.example.org/a.git", Track: fleet.Track{Branch: "main"}}
	tests := map[string]struct {
		edit func(*fleet.Distribution)
		want string // "" is fine
	}{
		"fine":                   {func(*fleet.Distribution) {}, ""},
		"name and target only":   {func(d *fleet.Distribution) { d.URL, d.Track = "", fleet.Track{} }, ""},
		"empty name":             {func(d *fleet.Distribution) { d.Name = "" }, "cannot be the name of a distribution"},
		"name with a path":       {func(d *fleet.Distribution) { d.Name = "../etc" }, "cannot be the name of a distribution"},
		"no kind":                {func(d *fleet.Distribution) { d.Kind = "" }, "needs a kind"},
		"track without URL":      {func(d *fleet.Distribution) { d.URL = "" }, "nothing to track"},
		"branch and tags":        {func(d *fleet.Distribution) { d.Track.Tags = `1\.\d+` }, "not both"},
		"bad expression":         {func(d *fleet.Distribution) { d.Track = fleet.Track{Tags: "("} }, `"(" is not a regular expression`},
		"long expression":        {func(d *fleet.Distribution) { d.Track = fleet.Track{Tags: strings.Repeat("a", 201)} }, "longer than 200"},
		"branch like an option":  {func(d *fleet.Distribution) { d.Track.Branch = "-x" }, "cannot be the name of a branch"},
		"branch with a NUL":      {func(d *fleet.Distribution) { d.Track.Branch = "a\x00b" }, "cannot be the name of a branch"},
		"unknown source":         {func(d *fleet.Distribution) { d.Source.Type = "svn" }, `"svn" is not a kind of source`},
		"makefile without path":  {func(d *fleet.Distribution) { d.Source.Type = "makefile" }, "needs the path"},
		"makefile":               {func(d *fleet.Distribution) { d.Source = fleet.Source{Type: "makefile", Path: "build/site.make"} }, ""},
		"path goes up":           {func(d *fleet.Distribution) { d.Source.Path = "../x" }, "not a path inside"},
		"path goes up later":     {func(d *fleet.Distribution) { d.Source.Path = "a/../../x" }, "not a path inside"},
		"absolute path":          {func(d *fleet.Distribution) { d.Source.Path = "/etc" }, "not a path inside"},
		"path like an option":    {func(d *fleet.Distribution) { d.Source.Path = "-x" }, "not a path inside"},
		"unknown policy":         {func(d *fleet.Distribution) { d.Policy.Build = "maybe" }, "neither ask nor auto"},
		"unknown approval":       {func(d *fleet.Distribution) { d.Policy.Approval = "two" }, "not an approval rule"},
		"free for all":           {func(d *fleet.Distribution) { d.Policy.Approval = "none" }, "for tagged sites only"},
		"free for a strange tag": {func(d *fleet.Distribution) { d.Policy.Approval, d.Policy.Free = "none", "a b" }, "cannot be a tag"},
		"free for staging":       {func(d *fleet.Distribution) { d.Policy.Approval, d.Policy.Free = "none", "staging" }, ""},
		"budget":                 {func(d *fleet.Distribution) { d.Policy.Failures = -2 }, "failure budget"},
		"expiry":                 {func(d *fleet.Distribution) { d.Policy.Expiry = -1 }, "Plans expire"},
		"keep":                   {func(d *fleet.Distribution) { d.Policy.Keep = 9000 }, "Old copies"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d := ok
			tt.edit(&d)
			got, err := w.catalog.Add(w.ctx, d, alice)
			if tt.want == "" {
				w.ok(err)
				if got.Rules != 1 || got.By != alice || got.Created.IsZero() || w.audits("distribution.added") != 1 {
					t.Errorf("%+v", got)
				}
				return
			}
			if text := w.refused(err, fleet.Invalid); !strings.Contains(text, tt.want) {
				t.Errorf("got %q", text)
			}
		})
	}
}

func TestNamesThatDifferInCaseAreTheSame(t *testing.T) {
	w := newWorld(t)
	w.dist(nil)
	_, err := w.catalog.Add(w.ctx, fleet.Distribution{Name: "ATRIUM", Kind: "generic"}, alice)
	if text := w.refused(err, fleet.Exists); !strings.HasPrefix(text, "There is a distribution atrium already.") {
		t.Error(text)
	}
	d, err := w.catalog.Distribution(w.ctx, "Atrium")
	if w.ok(err); d.Name != "atrium" {
		t.Errorf("%q", d.Name)
	}
}

func TestEditRaisesRulesOnlyForWhatAuthorises(t *testing.T) {
	tests := map[string]struct {
		edit func(*fleet.Distribution)
		want int64
	}{
		"nothing":    {func(*fleet.Distribution) {}, 1},
		"channel":    {func(d *fleet.Distribution) { d.Policy.Channel = "C1" }, 1},
		"keep":       {func(d *fleet.Distribution) { d.Policy.Keep = 3 }, 1},
		"auto build": {func(d *fleet.Distribution) { d.Policy.Build = fleet.Automatic }, 1},
		"URL":        {func(d *fleet.Distribution) { d.URL = "https://git.example.org/b.git" }, 2},
		"track":      {func(d *fleet.Distribution) { d.Track = fleet.Track{Branch: "main"} }, 2},
		"source":     {func(d *fleet.Distribution) { d.Source.Path = "sub" }, 2},
		"self":       {func(d *fleet.Distribution) { d.Policy.Self = true }, 2},
		"failures":   {func(d *fleet.Distribution) { d.Policy.Failures = 2 }, 2},
		"counters":   {func(d *fleet.Distribution) { d.Rules, d.Target, d.Name, d.News = 99, "x", "y", 7 }, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			was := w.dist(nil)
			got, err := w.catalog.Edit(w.ctx, "atrium", bob, func(d *fleet.Distribution) error { tt.edit(d); return nil })
			w.ok(err)
			if got.Rules != tt.want || got.Name != was.Name || got.Target != was.Target || got.News != was.News {
				t.Errorf("%+v", got)
			}
		})
	}
	w := newWorld(t)
	w.dist(nil)
	w.build("1.0.0")
	_, err := w.catalog.Edit(w.ctx, "atrium", bob, func(d *fleet.Distribution) error { d.Kind = "drupal"; return nil })
	w.refused(err, fleet.Refused)
	_, err = w.catalog.Edit(w.ctx, "nothing", bob, func(*fleet.Distribution) error { return nil })
	w.refused(err, fleet.NotFound)
}

func TestRemoveKeepsPlatformsAndRefusesSites(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org")
	other := w.build("1.1.0")
	err := w.catalog.Remove(w.ctx, "atrium", alice)
	if text := w.refused(err, fleet.Refused); !strings.Contains(text, "atrium still has sites on atrium-1.0.0, for example a.example.org.") {
		t.Error(text)
	}
	s, err := w.sites.Claim(w.ctx, fleet.SiteClaim{URI: "a.example.org", Task: "t"})
	w.ok(err)
	w.ok(w.sites.Removed(w.ctx, "a.example.org", s.Lock.Fence))
	w.ok(w.catalog.Remove(w.ctx, "Atrium", alice))
	_, err = w.catalog.Distribution(w.ctx, "atrium")
	w.refused(err, fleet.NotFound)
	p, err := w.catalog.Platform(w.ctx, other.Name)
	if w.ok(err); p.Distribution != "" || p.Locked {
		t.Errorf("%+v", p)
	}
	if again := w.dist(nil); again.Target != "" || again.Rules != 1 {
		t.Errorf("%+v", again)
	}
}

func TestSitesAreSelected(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org", "b.example.org")
	next := w.build("1.1.0")
	w.live("c.example.org", next.Name, "Staging")
	w.live("d.example.org", next.Name)
	alone := w.build("1.2.0", "web7")
	_, err := w.targets.Assign(w.ctx, alone.Name, "", alice)
	w.ok(err)
	w.live("e.example.org", alone.Name, "staging")
	tests := map[string]struct {
		q     fleet.SiteQuery
		want  []fleet.URI
		total int
	}{
		"all":                {fleet.SiteQuery{}, []fleet.URI{"a.example.org", "b.example.org", "c.example.org", "d.example.org", "e.example.org"}, 5},
		"page":               {fleet.SiteQuery{Offset: 1, Limit: 2}, []fleet.URI{"b.example.org", "c.example.org"}, 5},
		"past the end":       {fleet.SiteQuery{Offset: 9}, nil, 5},
		"distribution":       {fleet.SiteQuery{Distribution: "ATRIUM"}, []fleet.URI{"a.example.org", "b.example.org", "c.example.org", "d.example.org"}, 4},
		"platform":           {fleet.SiteQuery{Platform: next.Name}, []fleet.URI{"c.example.org", "d.example.org"}, 2},
		"platform elsewhere": {fleet.SiteQuery{Platform: alone.Name, Distribution: "atrium"}, nil, 0},
		"tag":                {fleet.SiteQuery{Tag: "staging"}, []fleet.URI{"c.example.org", "e.example.org"}, 2},
		"tag and dist":       {fleet.SiteQuery{Tag: "STAGING", Distribution: "atrium"}, []fleet.URI{"c.example.org"}, 1},
		"out of date":        {fleet.SiteQuery{OutOfDate: true}, []fleet.URI{"c.example.org", "d.example.org"}, 2},
		"host":               {fleet.SiteQuery{Host: "web7"}, []fleet.URI{"e.example.org"}, 1},
		"host page":          {fleet.SiteQuery{Host: fleet.LocalHost, Limit: 1, Offset: 3}, []fleet.URI{"d.example.org"}, 4},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, total, err := w.catalog.Sites(w.ctx, tt.q)
			w.ok(err)
			var uris []fleet.URI
			for _, s := range got {
				uris = append(uris, s.URI)
			}
			if !slices.Equal(uris, tt.want) || total != tt.total {
				t.Errorf("got %v of %d", uris, total)
			}
		})
	}
	_, _, err = w.catalog.Sites(w.ctx, fleet.SiteQuery{Platform: "no"})
	w.refused(err, fleet.NotFound)
}

func TestStandingCountsByPlatform(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org")
	one, two := w.build("1.1.0"), w.build("1.2.0")
	w.live("b.example.org", one.Name)
	w.live("c.example.org", two.Name)
	w.live("d.example.org", two.Name)
	_, err := w.catalog.Add(w.ctx, fleet.Distribution{Name: "bare", Kind: "generic"}, alice)
	w.ok(err)
	all, err := w.catalog.Standing(w.ctx)
	w.ok(err)
	if len(all) != 1 || all[0].OnTarget != 1 || all[0].OutOfDate != 3 || len(all[0].Behind) != 2 || all[0].Behind[0].Sites != 2 || all[0].Behind[0].Platform.Name != two.Name {
		t.Errorf("%+v", all)
	}
}
