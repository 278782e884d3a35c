package commands

import (
	"context"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// A thing is what a name stands for: exactly one field is set.
type thing struct {
	Dist     *fleet.Distribution
	Platform *fleet.Platform
	Site     *fleet.Site
}

// Kinds of thing, as they are typed before a colon when a name is ambiguous.
const (
	aDist     = "dist"
	aPlatform = "platform"
	aSite     = "site"
)

// thing finds what a name stands for among the kinds that are asked for. A name
// that means several things is refused with the ways to say which.
func (t *Table) thing(ctx context.Context, name string, kinds ...string) (thing, error) {
	if kind, rest, found := strings.Cut(name, ":"); found && slices.Contains(kinds, strings.ToLower(kind)) {
		kinds, name = []string{strings.ToLower(kind)}, rest
	}
	var found []thing
	var ways []string
	for _, kind := range kinds {
		x, err := t.lookup(ctx, kind, name)
		if code := fleet.CodeOf(err); code == fleet.NotFound || code == fleet.Invalid {
			continue
		}
		if err != nil {
			return thing{}, err
		}
		found, ways = append(found, x), append(ways, kind+":"+name)
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return thing{}, t.unknown(ctx, name, kinds)
	}
	return thing{}, fleet.Errorf(fleet.Invalid, "%q is the name of several things.", fleet.Clean(name, 80)).
		WithHint("Say which: %s.", strings.Join(ways, " or "))
}

func (t *Table) lookup(ctx context.Context, kind, name string) (thing, error) {
	switch kind {
	case aDist:
		d, err := t.Catalog.Distribution(ctx, fleet.DistName(name))
		return thing{Dist: &d}, err
	case aPlatform:
		p, err := t.Catalog.Platform(ctx, fleet.PlatformName(name))
		return thing{Platform: &p}, err
	}
	uri, err := fleet.ParseURI(name)
	if err != nil {
		return thing{}, err
	}
	s, err := t.Catalog.Site(ctx, uri)
	return thing{Site: &s}, err
}

// unknown says that nothing has the name, and which name is near.
func (t *Table) unknown(ctx context.Context, name string, kinds []string) error {
	words := map[string]string{aDist: "distribution", aPlatform: "platform", aSite: "site"}
	var what, names []string
	for _, k := range kinds {
		what = append(what, words[k])
		names = append(names, t.names(ctx, k)...)
	}
	e := fleet.Errorf(fleet.NotFound, "There is no %s %q.", either(what), fleet.Clean(name, 80))
	if near := nearest(name, names); near != "" {
		return e.WithHint("Did you mean %q?", near)
	}
	lists := map[string]string{aDist: "list", aPlatform: "platforms", aSite: "sites"}
	return e.WithHint("See what there is: %s %s", fleet.Slash, lists[kinds[0]])
}

// names lists names of a kind for a suggestion; what cannot be read is left
// out, as it is only a help. Sites are many, so they are not searched.
func (t *Table) names(ctx context.Context, kind string) []string {
	ix := map[string]fleet.Index{aDist: fleet.AllDistributions, aPlatform: fleet.AllPlatforms}[kind]
	if ix.Name == "" {
		return nil
	}
	names, err := t.Store.List(ctx, ix, fleet.Page{Limit: 500})
	if err != nil {
		return nil
	}
	return names
}

// dist finds a distribution by its name.
func (t *Table) dist(ctx context.Context, name string) (fleet.Distribution, error) {
	x, err := t.thing(ctx, name, aDist)
	if err != nil {
		return fleet.Distribution{}, err
	}
	return *x.Dist, nil
}

// platform finds a platform by its name.
func (t *Table) platform(ctx context.Context, name string) (fleet.Platform, error) {
	x, err := t.thing(ctx, name, aPlatform)
	if err != nil {
		return fleet.Platform{}, err
	}
	return *x.Platform, nil
}

// site finds a site by its address; what is no address is told as such.
func (t *Table) site(ctx context.Context, name string) (fleet.Site, error) {
	if _, err := fleet.ParseURI(name); err != nil && !strings.HasPrefix(name, aSite+":") {
		return fleet.Site{}, err
	}
	x, err := t.thing(ctx, name, aSite)
	if err != nil {
		return fleet.Site{}, err
	}
	return *x.Site, nil
}
