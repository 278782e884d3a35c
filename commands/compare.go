package commands

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// compareRows is how many rows a full comparison shows: Slack's table holds
// 100 with its header, and one row says how many more there are.
const compareRows = 98

// compareAdvisories is how many advisories a comparison details in a message.
const compareAdvisories = 10

// newCompare shows what differs between two platforms, or what an upgrade of a
// site would change.
func newCompare(t *Table) Command {
	return Command{
		Verb: "compare", Args: "PLATFORM PLATFORM | SITE", Min: 1, Max: 2, Group: "Upgrades",
		Options: []Option{{"page", "N", "the next page of a long comparison"}, {"link", "", "a link, for you alone, to all of it in a browser"}},
		Summary: "what differs between two platforms, or what an upgrade would change for a site",
		Help:    []string{fleet.Slash + " compare atrium-1.0.0 atrium-1.1.0", fleet.Slash + " compare shop.example.org"},
		Role:    fleet.Reader, Run: t.compare,
	}
}

func (t *Table) compare(ctx context.Context, r Request) (fleet.Message, error) {
	if len(r.Args) == 1 {
		return t.compareOne(ctx, r, r.Args[0])
	}
	from, err := t.platform(ctx, r.Args[0])
	if err != nil {
		return fleet.Message{}, err
	}
	to, err := t.platform(ctx, r.Args[1])
	if err != nil {
		return fleet.Message{}, err
	}
	return t.compared(ctx, r, comparing{From: from.Name, To: to.Name})
}

// compareOne compares a site's, or a platform's, present state with the
// upgrade target.
func (t *Table) compareOne(ctx context.Context, r Request, name string) (fleet.Message, error) {
	x, same, err := t.towards(ctx, name)
	switch {
	case err != nil:
		return fleet.Message{}, err
	case same:
		return say(fmt.Sprintf("%s is up to date; there is nothing to compare.", fleet.Clean(name, 80))), nil
	}
	return t.compared(ctx, r, x)
}

// towards says what leads a site, or a platform, to its upgrade target; same if
// it is there.
func (t *Table) towards(ctx context.Context, name string) (out comparing, same bool, err error) {
	x, err := t.thing(ctx, name, aSite, aPlatform)
	if err != nil {
		return out, false, err
	}
	p := fleet.Platform{}
	if x.Site != nil {
		out.Site = x.Site.URI
		if p, err = t.Catalog.Platform(ctx, x.Site.Platform); err != nil {
			return out, false, err
		}
	} else {
		p = *x.Platform
	}
	if p.Distribution == "" {
		return out, false, fleet.Errorf(fleet.Refused, "Platform %s belongs to no distribution, so it has no upgrade target.", p.Name).
			WithHint("Name two platforms instead: %s compare %s PLATFORM", fleet.Slash, p.Name)
	}
	d, err := t.Catalog.Distribution(ctx, p.Distribution)
	out.From, out.To = p.Name, d.Target
	return out, !fleet.OutOfDate(p, d), err
}

// comparing is what a comparison is of.
type comparing struct {
	From, To fleet.PlatformName
	Site     fleet.URI // "" for none
}

// value is what a button that leads to a page of it carries.
func (x comparing) value(page int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s %s %s", page, x.From, x.To, x.Site))
}

// compared shows one page of a comparison, all of it in a shell.
func (t *Table) compared(ctx context.Context, r Request, x comparing) (fleet.Message, error) {
	c, err := t.Planner.Compare(ctx, x.From, x.To, x.Site)
	if err != nil {
		return fleet.Message{}, err
	}
	page := 1
	if p := r.Opts["page"]; p != "" {
		if page, err = strconv.Atoi(p); err != nil || page < 1 || page > 1+(len(c.Rows)-1)/compareRows {
			return fleet.Message{}, fleet.Errorf(fleet.Invalid, "There is no page %q of this comparison.", fleet.Clean(p, 20))
		}
	}
	m := compared(c)
	switch {
	case r.Shell && r.Opts["page"] == "":
		m.Table = fleet.TellRows(c.Rows, 0, len(c.Rows))
	case len(c.Rows) > compareRows:
		rows := c.Rows[(page-1)*compareRows:]
		m.Table = fleet.TellRows(rows[:min(len(rows), compareRows)], 0, compareRows)
		m.More = append(m.More, fleet.Say(fmt.Sprintf("Page %d of %d.", page, 1+(len(c.Rows)-1)/compareRows)))
		m.Buttons = []fleet.Button{{Action: fleet.ActPages, Label: "Compare in full", Value: x.value(0)}}
	}
	err = t.linkCompared(&m, r, x)
	return m, err
}

// linkCompared adds the way to the page of a comparison: a button in a chat, and
// a line where it is asked for.
func (t *Table) linkCompared(m *fleet.Message, r Request, x comparing) error {
	if r.Opts["link"] == "" {
		if r.Shell {
			return nil
		}
		return t.linkPage(m, r.Who, x.page())
	}
	link, err := t.Pages.Link(r.Who, x.page())
	if err == nil {
		m.More = append(m.More, fleet.Say("For you alone, once: ", fleet.Link("Open the page", link)))
		m.Text += " " + link
	}
	return err
}

// compared shows a comparison in one message, the first rows of it.
func compared(c fleet.Comparison) fleet.Message {
	m := fleet.Message{
		Title: fmt.Sprintf("From %s to %s", fleet.Clean(string(c.From), 60), fleet.Clean(string(c.To), 60)),
		Text:  fmt.Sprintf("%s %s between %s and %s.", fleet.Plural(len(c.Rows), "package", "packages"), differ(len(c.Rows)), c.From, c.To),
	}
	m.Lines = append([]fleet.Line{fleet.Say(fleet.SumUp(c))}, fleet.TellFindings(c.Findings, len(c.Findings))...)
	m.Lines = append(m.Lines, c.Advice.Lines(compareAdvisories)...)
	m.Table = fleet.TellRows(c.Rows, 0, compareRows)
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
