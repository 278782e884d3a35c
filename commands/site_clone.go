package commands

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// newSiteClone makes a new site with the data of another.
func newSiteClone(t *Table) Command {
	return Command{
		Verb: "site", Sub: "clone", Args: "SITE NEW-URI [DIST|PLATFORM]", Min: 2, Max: 3, Group: "Sites",
		Options: []Option{{"tags", "TAG,TAG", "tags of the new site"}},
		Summary: "make a new site with the data of another, on its platform or a newer one",
		Help:    []string{fleet.Slash + " site clone shop.example.org staging.example.org", "Visitors of the first site notice nothing. " + fleet.Slash + " site clone shop.example.org test.example.org --tags staging"},
		Role:    fleet.Maintainer,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			from, err := t.site(ctx, r.Args[0])
			if err != nil {
				return fleet.Message{}, err
			}
			uri, err := fleet.ParseURI(r.Args[1])
			if err != nil {
				return fleet.Message{}, err
			}
			n := fleet.NewSite{URI: uri, Source: from.URI, Host: from.Host, Platform: from.Platform, Tags: commas(r.Opts["tags"]), Channel: t.where(r, fleet.Distribution{})}
			if len(r.Args) > 2 {
				x, err := t.thing(ctx, r.Args[2], aDist, aPlatform)
				if err != nil {
					return fleet.Message{}, err
				}
				n.Platform = ""
				if x.Dist != nil {
					n.Distribution = x.Dist.Name
				} else {
					n.Platform = x.Platform.Name
				}
			}
			s, task, err := t.Sites.Create(ctx, n, r.Who)
			if err != nil {
				return fleet.Message{}, err
			}
			return say(fmt.Sprintf("Site %s is being made on %s with the data of %s by task %s; progress appears in %s.", s.URI, s.Platform, from.URI, task.ID, here(r))), nil
		},
	}
}
