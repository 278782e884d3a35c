package commands

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// newSiteCreate makes a new site on a platform, or on the target of a
// distribution.
func newSiteCreate(t *Table) Command {
	return Command{
		Verb: "site", Sub: "create", Args: "URI DIST|PLATFORM", Min: 2, Max: 2, Group: "Sites",
		Options: []Option{{"host", "HOST", "the machine, if the platform is on several"}, {"tags", "TAG,TAG", "tags of the new site"},
			{fleet.InstallProfile, "NAME", "the installation profile, on hosts that know of it (Aegir)"}, {fleet.InstallClient, "NAME", "whose site it is, likewise"}, {fleet.InstallLanguage, "CODE", "its language, likewise"}},
		Summary: "make a new site; with a distribution it lands on the target",
		Help:    []string{fleet.Slash + " site create shop.example.org atrium"},
		Role:    fleet.Maintainer,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			uri, err := fleet.ParseURI(r.Args[0])
			if err != nil {
				return fleet.Message{}, err
			}
			x, err := t.thing(ctx, r.Args[1], aDist, aPlatform)
			if err != nil {
				return fleet.Message{}, err
			}
			n := fleet.NewSite{URI: uri, Install: fleet.InstallOf(uri, r.Opts), Host: fleet.HostName(r.Opts["host"]), Tags: commas(r.Opts["tags"]), Channel: t.where(r, fleet.Distribution{})}
			if x.Dist != nil {
				n.Distribution = x.Dist.Name
			} else {
				n.Platform = x.Platform.Name
			}
			s, task, err := t.Sites.Create(ctx, n, r.Who)
			if err != nil {
				return fleet.Message{}, err
			}
			return say(fmt.Sprintf("Site %s is being created on %s by task %s; progress appears in %s.", s.URI, s.Platform, task.ID, here(r))), nil
		},
	}
}
