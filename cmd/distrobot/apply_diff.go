package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// A deed is one thing apply would do: described first, done only with --yes.
type deed struct {
	kind  string // which of the apply functions does it
	name  string
	text  string
	dist  fleet.Distribution
	tree  fleet.TreeOrder
	site  fleet.NewSite
	care  fleet.Site // its priority, window and zone
	rules fleet.AccessPolicy
	add   []string
	minus []string
}

// A present is the fleet as it is, by name.
type present struct {
	distributions map[string]fleet.Distribution
	platforms     map[string]fleet.Platform
	sites         map[string]fleet.Site
	policies      map[string]fleet.AccessPolicy
}

// difference works out what brings the fleet to what a manifest says, in the
// order in which it can be done, and what stands in the way. It is pure:
// nothing is deleted, and no site is moved, since only a confirmed plan does.
func difference(m manifest, now present) (deeds []deed, refusals []string) {
	for _, name := range slices.Sorted(maps.Keys(m.Distributions)) {
		deeds = append(deeds, distributionDeeds(name, m.Distributions[name], now)...)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Platforms)) {
		d, refusal := platformDeeds(name, m.Platforms[name], now)
		deeds, refusals = append(deeds, d...), append(refusals, refusal...)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Distributions)) {
		if want := m.Distributions[name].Adopts; want != "" && string(now.distributions[name].Adopts) != want {
			deeds = append(deeds, deed{kind: "adopt", name: want, dist: fleet.Distribution{Name: fleet.DistName(name)},
				text: fmt.Sprintf("let platforms that match %s join %s, now and later", want, name)})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Distributions)) {
		if want := m.Distributions[name].Target; want != "" && string(now.distributions[name].Target) != want {
			deeds = append(deeds, deed{kind: "target", name: want, dist: fleet.Distribution{Name: fleet.DistName(name)},
				text: fmt.Sprintf("make %s the target of %s, which locks its other platforms", want, name)})
		}
	}
	for _, uri := range slices.Sorted(maps.Keys(m.Sites)) {
		d, refusal := siteDeeds(uri, m.Sites[uri], now)
		deeds, refusals = append(deeds, d...), append(refusals, refusal...)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Policies)) {
		deeds = append(deeds, policyDeeds(name, m.Policies[name], now)...)
	}
	return deeds, refusals
}

func distributionDeeds(name string, want manifestDistribution, now present) []deed {
	d, err := want.distribution(name)
	if err != nil {
		return nil // parseManifest has told
	}
	have, found := now.distributions[name]
	d.Adopts = "" // a deed of its own, after the platforms of the file
	if !found {
		return []deed{{kind: "add", name: name, dist: d, text: "add the distribution " + name}}
	}
	now1, want1 := described(have), described(d)
	now1.Target, want1.Target = "", ""
	now1.Adopts, want1.Adopts = "", ""
	if now1 == want1 {
		return nil
	}
	return []deed{{kind: "edit", name: name, dist: d, text: "change the distribution " + name}}
}

func platformDeeds(name string, want manifestPlatform, now present) ([]deed, []string) {
	have, found := now.platforms[name]
	if !found || have.State == fleet.PlatformFailed {
		o := fleet.TreeOrder{Name: fleet.PlatformName(name), Host: fleet.HostName(want.Host), Path: want.Path,
			Distribution: fleet.DistName(want.Distribution), Quiet: true}
		return []deed{{kind: "take", name: name, tree: o, text: fmt.Sprintf("take %s on %s as the platform %s", want.Path, want.Host, name)}}, nil
	}
	var refusals []string
	if have.Paths[fleet.HostName(want.Host)] != want.Path && have.Source.Path != want.Path {
		refusals = append(refusals, fmt.Sprintf("platform %s is not %s on %s; a platform never changes, so use another name", name, want.Path, want.Host))
	}
	if string(have.Distribution) == want.Distribution || want.Distribution == "" {
		return nil, refusals
	}
	return []deed{{kind: "assign", name: name, dist: fleet.Distribution{Name: fleet.DistName(want.Distribution)},
		text: fmt.Sprintf("let the platform %s join %s", name, want.Distribution)}}, refusals
}

func siteDeeds(uri string, want manifestSite, now present) ([]deed, []string) {
	have, found := now.sites[uri]
	care := careDeeds(uri, want, have)
	if !found {
		return append([]deed{{kind: "site", name: uri, text: fmt.Sprintf("create the site %s on %s", uri, want.Platform),
			site: fleet.NewSite{URI: fleet.URI(uri), Platform: fleet.PlatformName(want.Platform), Tags: want.Tags, Quiet: true}}}, care...), nil
	}
	var refusals []string
	if string(have.Platform) != want.Platform {
		refusals = append(refusals, fmt.Sprintf("site %s is on %s; only a confirmed plan moves it to %s (upgrade or migrate)", uri, have.Platform, want.Platform))
	}
	add := slices.DeleteFunc(slices.Clone(want.Tags), have.HasTag)
	if len(add) == 0 {
		return care, refusals
	}
	return append([]deed{{kind: "tag", name: uri, add: add, text: fmt.Sprintf("tag the site %s with %v", uri, add)}}, care...), refusals
}

// careDeeds say how early and when a site may be moved, where the file does.
func careDeeds(uri string, want manifestSite, have fleet.Site) []deed {
	var out []deed
	if want.Priority != 0 && want.Priority != have.Priority {
		out = append(out, deed{kind: "priority", name: uri, care: fleet.Site{Priority: want.Priority},
			text: fmt.Sprintf("give the site %s the priority %d", uri, want.Priority)})
	}
	care := fleet.Site{Window: or(want.Window, have.Window), Zone: or(want.Zone, have.Zone)}
	if care.Window != have.Window || care.Zone != have.Zone {
		out = append(out, deed{kind: "window", name: uri, care: care,
			text: fmt.Sprintf("let the site %s be moved %s", uri, strings.TrimSpace(or(care.Window, "as its distribution says")+" "+care.Zone))})
	}
	return out
}
