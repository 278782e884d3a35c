package commands

import (
	"context"
	"fmt"
	"slices"

	"github.com/distrobot/distrobot/fleet"
)

// newSiteCreate makes a new site on a platform, or on the target of a
// distribution. Typed bare it opens a form.
func newSiteCreate(t *Table) Command {
	return Command{
		Verb: "site", Sub: "create", Args: "URI DIST|PLATFORM", Min: 2, Max: 2, Group: "Sites",
		Options: []Option{{"host", "HOST", "the machine, if the platform is on several"}, {"tags", "TAG,TAG", "tags of the new site"},
			{fleet.InstallProfile, "NAME", "the installation profile, on hosts that know of it (Aegir)"}, {fleet.InstallClient, "NAME", "whose site it is, likewise"}, {fleet.InstallLanguage, "CODE", "its language, likewise"}},
		Summary: "make a new site; with a distribution it lands on the target",
		Help:    []string{fleet.Slash + " site create shop.example.org atrium"},
		Role:    fleet.Maintainer,
		Form:    t.createForm, Names: []string{"uri", "on"},
		Run: t.createSite,
	}
}

func (t *Table) createSite(ctx context.Context, r Request) (fleet.Message, error) {
	uri, err := fleet.ParseURI(r.Args[0])
	if err != nil {
		return fleet.Message{}, wrong("uri", err)
	}
	x, err := t.thing(ctx, r.Args[1], aDist, aPlatform)
	if err != nil {
		return fleet.Message{}, wrong("on", err)
	}
	tags := commas(r.Opts["tags"])
	if _, err := fleet.EditTags(nil, tags, nil); err != nil {
		return fleet.Message{}, wrong("tags", err)
	}
	n := fleet.NewSite{URI: uri, Install: fleet.InstallOf(uri, r.Opts), Host: fleet.HostName(r.Opts["host"]), Tags: tags, Channel: t.where(r, fleet.Distribution{})}
	if x.Dist != nil {
		n.Distribution = x.Dist.Name
	} else {
		n.Platform = x.Platform.Name
	}
	s, task, err := t.Sites.Create(ctx, n, r.Who)
	switch code := fleet.CodeOf(err); {
	case code == fleet.Exists:
		return fleet.Message{}, wrong("uri", err)
	case code != "" && code != fleet.Later:
		return fleet.Message{}, wrong("on", err)
	case err != nil:
		return fleet.Message{}, err
	}
	return say(fmt.Sprintf("Site %s is being created on %s by task %s; progress appears in %s.", s.URI, s.Platform, task.ID, here(r))), nil
}

// createForm asks for a new site. The machine is asked for only if the platform
// that was chosen is on several.
func (t *Table) createForm(ctx context.Context, r Request) (fleet.Form, error) {
	places, err := t.landings(ctx)
	if err != nil {
		return fleet.Form{}, err
	}
	if len(places) == 0 {
		return fleet.Form{}, fleet.Errorf(fleet.Refused, "There is no platform yet that a site could be made on.").
			WithHint("Add a distribution first: %s add", fleet.Slash)
	}
	on := fleet.Input{Name: "on", Label: "Platform", Placeholder: "Choose one", Initial: r.Opts["on"], Redraw: true,
		Hint: "With a distribution the site lands on its upgrade target."}
	if len(places) == 1 && on.Initial == "" {
		on.Initial = places[0].Value
	}
	f := fleet.Form{Command: "site create", Title: "Create a site", Submit: "Create", Inputs: []fleet.Input{
		{Name: "uri", Label: "Address", Placeholder: "shop.example.org", Hint: "The host name that visitors type, without https://."},
		picked(on, places),
	}}
	hosts, err := t.hostsFor(ctx, on.Initial)
	if err != nil {
		return f, err
	}
	if len(hosts) > 1 {
		f.Inputs = append(f.Inputs, fleet.Input{Name: "host", Label: "Machine", Placeholder: "Choose one", Choices: hosts,
			Hint: "The platform is on several."})
	}
	f.Inputs = append(f.Inputs, fleet.Input{Name: "tags", Label: "Tags", Placeholder: "staging, eu", Optional: true, Hint: "Divided by commas."})
	return f, nil
}

// hostsFor are the machines on which a place for a site is; none for no place.
func (t *Table) hostsFor(ctx context.Context, place string) ([]fleet.Choice, error) {
	if place == "" {
		return nil, nil
	}
	x, err := t.thing(ctx, place, aDist, aPlatform)
	if err != nil {
		return nil, wrong("on", err)
	}
	if x.Dist != nil {
		p, err := t.Catalog.Platform(ctx, x.Dist.Target)
		if err != nil {
			return nil, err
		}
		x.Platform = &p
	}
	var out []fleet.Choice
	for h := range x.Platform.Paths {
		out = append(out, fleet.Choice{Value: string(h), Label: string(h)})
	}
	slices.SortFunc(out, func(a, b fleet.Choice) int {
		if a.Value < b.Value {
			return -1
		}
		return 1
	})
	return out[:min(len(out), fleet.MaxChoices)], nil
}
