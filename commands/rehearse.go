package commands

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// newRehearse tries a move on a copy of a site.
func newRehearse(t *Table) Command {
	return Command{
		Verb: "rehearse", Args: "SITE [PLATFORM]", Min: 1, Max: 2, Group: "Upgrades",
		Summary: "try an upgrade on a copy of a site; nobody notices",
		Help: []string{
			fleet.Slash + " rehearse shop.example.org", "The site's data is copied while it serves, updated with the new code and checked unseen; mail, cron and the network are off. The answer says whether it went well and how long visitors would wait.",
			"Without a platform it is the upgrade target of the site's distribution.",
		},
		Role: fleet.Maintainer,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			s, err := t.site(ctx, r.Args[0])
			if err != nil {
				return fleet.Message{}, err
			}
			to, dist, err := t.rehearsalOf(ctx, s, r.Args[1:])
			if err != nil {
				return fleet.Message{}, err
			}
			task, err := t.Sites.Order(ctx, fleet.SiteOrder{
				URI: s.URI, Kind: fleet.TaskRehearse, Urgent: true, Channel: t.where(r, dist),
				Params: map[string]string{fleet.ParamPlatform: string(to)},
			}, r.Who)
			if err != nil {
				return fleet.Message{}, err
			}
			return say(fmt.Sprintf("The move of %s to %s is being rehearsed by task %s; the outcome appears in %s.", s.URI, to, task.ID, here(r))), nil
		},
	}
}

// rehearsalOf gives the platform a rehearsal leads to, which must be ready.
func (t *Table) rehearsalOf(ctx context.Context, s fleet.Site, args []string) (fleet.PlatformName, fleet.Distribution, error) {
	is, err := t.platform(ctx, string(s.Platform))
	if err != nil {
		return "", fleet.Distribution{}, err
	}
	var dist fleet.Distribution
	if is.Distribution != "" {
		if dist, err = t.dist(ctx, string(is.Distribution)); err != nil {
			return "", dist, err
		}
	}
	to := dist.Target
	if len(args) > 0 {
		p, err := t.platform(ctx, args[0])
		if err != nil {
			return "", dist, err
		}
		to = p.Name
	}
	switch {
	case to == "":
		return "", dist, fleet.Errorf(fleet.Invalid, "Site %s has no upgrade target.", s.URI).WithHint("Name the platform: %s rehearse %s PLATFORM", fleet.Slash, s.URI)
	case to == s.Platform:
		return "", dist, fleet.Errorf(fleet.Refused, "Site %s is on %s already.", s.URI, to)
	}
	return to, dist, nil
}
