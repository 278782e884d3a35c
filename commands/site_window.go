package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// newSiteWindow says when a site may be moved.
func newSiteWindow(t *Table) Command {
	return Command{
		Verb: "site", Sub: "window", Args: `URI ["[DAYS] HH:MM-HH:MM [ZONE]"|always|none] [--zone ZONE]`, Min: 1, Max: -1, Group: "Sites",
		Options: []Option{{"zone", "ZONE", "the time zone of the site, such as Europe/Zurich; none for that of the window"}},
		Summary: "when a site may be moved; always, or none for what its distribution says", Role: fleet.Maintainer,
		Help: []string{
			fleet.Slash + ` site window shop.example.org "Mon-Fri 22:00-05:00 Europe/Zurich"`,
			fleet.Slash + ` site window shop.example.org "Sat,Sun 00:00-24:00; Mon-Fri 01:00-04:00"`,
		},
		Run: t.siteWindow,
	}
}

func (t *Table) siteWindow(ctx context.Context, r Request) (fleet.Message, error) {
	s, err := t.site(ctx, r.Args[0])
	if err != nil {
		return fleet.Message{}, err
	}
	window, zone := s.Window, s.Zone
	if len(r.Args) > 1 {
		window = noneIs(strings.Join(r.Args[1:], " "))
	}
	if z, given := r.Opts["zone"]; given {
		zone = noneIs(strings.TrimSpace(z))
	}
	if len(r.Args) > 1 || zone != s.Zone {
		if s, err = t.Sites.Window(ctx, s.URI, window, zone, r.Who); err != nil {
			return fleet.Message{}, err
		}
	}
	return t.tellWindow(ctx, s)
}

// noneIs is empty for "none".
func noneIs(s string) string {
	if strings.EqualFold(s, "none") {
		return ""
	}
	return s
}

// tellWindow says when a site may be moved, and whether that is now.
func (t *Table) tellWindow(ctx context.Context, s fleet.Site) (fleet.Message, error) {
	p, err := t.Catalog.Platform(ctx, s.Platform)
	if err != nil && fleet.CodeOf(err) != fleet.NotFound {
		return fleet.Message{}, err
	}
	d := fleet.Distribution{}
	if p.Distribution != "" {
		if d, err = t.Catalog.Distribution(ctx, p.Distribution); err != nil {
			return fleet.Message{}, err
		}
	}
	text, from := s.Window, ""
	if text == "" {
		text, from = d.Policy.Window, ", as "+string(d.Name)+" says"
	}
	if text == "" || strings.EqualFold(text, fleet.Always) {
		return say(fmt.Sprintf("Site %s may be moved at any time.", s.URI)), nil
	}
	if s.Zone != "" {
		from = " by the clocks of " + s.Zone + from
	}
	lines := []fleet.Line{}
	w, err := fleet.ParseWindow(text, s.Zone)
	if err != nil {
		return fleet.Message{}, err
	}
	switch open, at := w.Open(t.now()); {
	case open && at.IsZero():
	case open:
		lines = append(lines, fleet.Say("It is open now, until ", fleet.When(at), "."))
	default:
		lines = append(lines, fleet.Say("It opens next ", fleet.When(at), "."))
	}
	return say(fmt.Sprintf("Site %s may be moved %s%s.", s.URI, fleet.Clean(text, 200), from), lines...), nil
}
