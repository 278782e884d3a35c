package commands

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// tagName is what a tag may be: it stands in the names of indexes.
var tagName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$`)

// newSiteTag adds and removes tags.
func newSiteTag(t *Table) Command {
	return Command{
		Verb: "site", Sub: "tag", Args: "URI [TAG …] [--remove TAG,TAG]", Min: 1, Max: -1, Group: "Sites",
		Options: []Option{{"remove", "TAG,TAG", "tags to take away"}},
		Summary: "give a site tags, or take them away", Help: []string{fleet.Slash + " site tag shop.example.org staging eu"}, Role: fleet.Maintainer,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			s, err := t.site(ctx, r.Args[0])
			if err != nil {
				return fleet.Message{}, err
			}
			add, drop := commas(strings.Join(r.Args[1:], ",")), commas(r.Opts["remove"])
			for _, tag := range append(append([]string{}, add...), drop...) {
				if !tagName.MatchString(tag) {
					return fleet.Message{}, fleet.Errorf(fleet.Invalid, "%q cannot be a tag.", fleet.Clean(tag, 60)).
						WithHint("Use up to 40 letters, digits, dots, dashes and underscores.")
				}
			}
			if len(add)+len(drop) > 0 {
				if s, err = t.Sites.Tag(ctx, s.URI, add, drop, r.Who); err != nil {
					return fleet.Message{}, err
				}
			}
			if len(s.Tags) == 0 {
				return say(fmt.Sprintf("Site %s has no tags.", s.URI)), nil
			}
			return say(fmt.Sprintf("Site %s has the tags %s.", s.URI, strings.Join(s.Tags, ", "))), nil
		},
	}
}
