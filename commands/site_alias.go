package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// newSiteAlias says which other hosts lead to a site.
func newSiteAlias(t *Table) Command {
	return Command{
		Verb: "site", Sub: "alias", Args: "SITE [HOST...]", Min: 1, Max: 21, Group: "Sites",
		Options: []Option{{"remove", "", "take these away instead"}},
		Summary: "other hosts that redirect to a site",
		Help:    []string{fleet.Slash + " site alias example.org www.example.org"},
		Role:    fleet.Maintainer,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			s, err := t.site(ctx, r.Args[0])
			if err != nil {
				return fleet.Message{}, err
			}
			if len(r.Args) > 1 {
				add, drop := r.Args[1:], []string(nil)
				if r.Opts["remove"] != "" {
					add, drop = nil, r.Args[1:]
				}
				if s, err = t.Sites.Alias(ctx, s.URI, add, drop, r.Who); err != nil {
					return fleet.Message{}, err
				}
				// Its host checks the site again and tells the web server.
				if _, err := t.Sites.Order(ctx, fleet.SiteOrder{URI: s.URI, Kind: fleet.TaskVerify, Params: map[string]string{fleet.ParamWhat: fleet.WhatSite}}, r.Who); err != nil {
					return fleet.Message{}, err
				}
			}
			if len(s.Aliases) == 0 {
				return say(fmt.Sprintf("No other hosts redirect to %s.", s.URI)), nil
			}
			return say(fmt.Sprintf("To %s redirect: %s.", s.URI, strings.Join(s.Aliases, ", "))), nil
		},
	}
}
