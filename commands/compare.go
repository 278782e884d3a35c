package commands

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// compareRows is how many rows a full comparison shows: Slack's table holds
// 100 with its header, and one row says how many more there are.
const compareRows = 98

// newCompare shows what differs between two platforms, or what an upgrade of a
// site would change.
func newCompare(t *Table) Command {
	return Command{
		Verb: "compare", Args: "PLATFORM PLATFORM | SITE", Min: 1, Max: 2, Group: "Upgrades",
		Summary: "what differs between two platforms, or what an upgrade would change for a site",
		Help:    []string{fleet.Slash + " compare atrium-1.0.0 atrium-1.1.0", fleet.Slash + " compare shop.example.org"},
		Role:    fleet.Reader, Run: t.compare,
	}
}

func (t *Table) compare(ctx context.Context, r Request) (fleet.Message, error) {
	if len(r.Args) == 1 {
		return t.compareOne(ctx, r.Args[0])
	}
	from, err := t.platform(ctx, r.Args[0])
	if err != nil {
		return fleet.Message{}, err
	}
	to, err := t.platform(ctx, r.Args[1])
	if err != nil {
		return fleet.Message{}, err
	}
	c, err := t.Planner.Compare(ctx, from.Name, to.Name, "")
	if err != nil {
		return fleet.Message{}, err
	}
	return compared(c, 0), nil
}

// compareOne compares a site's, or a platform's, present state with the
// upgrade target.
func (t *Table) compareOne(ctx context.Context, name string) (fleet.Message, error) {
	x, err := t.thing(ctx, name, aSite, aPlatform)
	if err != nil {
		return fleet.Message{}, err
	}
	var uri fleet.URI
	p := fleet.Platform{}
	if x.Site != nil {
		uri = x.Site.URI
		if p, err = t.Catalog.Platform(ctx, x.Site.Platform); err != nil {
			return fleet.Message{}, err
		}
	} else {
		p = *x.Platform
	}
	if p.Distribution == "" {
		return fleet.Message{}, fleet.Errorf(fleet.Refused, "Platform %s belongs to no distribution, so it has no upgrade target.", p.Name).
			WithHint("Name two platforms instead: %s compare %s PLATFORM", fleet.Slash, p.Name)
	}
	d, err := t.Catalog.Distribution(ctx, p.Distribution)
	if err != nil {
		return fleet.Message{}, err
	}
	if !fleet.OutOfDate(p, d) {
		return say(fmt.Sprintf("%s is up to date; there is nothing to compare.", fleet.Clean(name, 80))), nil
	}
	c, err := t.Planner.Compare(ctx, p.Name, d.Target, uri)
	if err != nil {
		return fleet.Message{}, err
	}
	return compared(c, 0), nil
}

// compared shows a comparison in full; more counts rows that were not kept.
func compared(c fleet.Comparison, more int) fleet.Message {
	m := fleet.Message{
		Title: fmt.Sprintf("From %s to %s", fleet.Clean(string(c.From), 60), fleet.Clean(string(c.To), 60)),
		Text:  fmt.Sprintf("%s %s between %s and %s.", fleet.Plural(len(c.Rows)+more, "package", "packages"), differ(len(c.Rows)+more), c.From, c.To),
	}
	m.Lines = []fleet.Line{fleet.Say(m.Text)}
	if c.Same > 0 {
		m.Lines[0].Spans = append(m.Lines[0].Spans, fleet.Span{Text: fmt.Sprintf(" %s the same.", isAre(c.Same))})
	}
	m.Table = fleet.TellRows(c.Rows, more, compareRows)
	for _, f := range c.Findings {
		m.More = append(m.More, fleet.TellFinding(f))
	}
	if c.Blocked() {
		m.Tone = fleet.Warn
	}
	return m
}

func differ(n int) string {
	if n == 1 {
		return "differs"
	}
	return "differ"
}

func isAre(n int) string {
	if n == 1 {
		return "1 is"
	}
	return fmt.Sprintf("%d are", n)
}
