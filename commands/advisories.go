package commands

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// advisoriesPerPage is how many advisories one answer lists.
const advisoriesPerPage = 20

// newAdvisories tells which holes sites are exposed to.
func newAdvisories(t *Table) Command {
	return Command{
		Verb: "advisories", Args: "[SITE|PLATFORM|DISTRIBUTION] [--page N] [--export]", Max: 1, Group: "Sites",
		Options: []Option{{"page", "N", "the next page"}, {"export", "", "as JSON, in a shell"}},
		Summary: "security advisories that speak of what is installed, and how old this knowledge is",
		Help:    []string{fleet.Slash + " advisories", fleet.Slash + " advisories shop.example.org", fleet.Slash + " advisories atrium --page 2"},
		Role:    fleet.Reader, Run: t.advisories,
	}
}

// An advised is one advisory of a list, with where it was found.
type advised struct {
	fleet.Exposure
	Platform fleet.PlatformName `json:"platform"`
	Sites    int                `json:"sites"`
}

func (t *Table) advisories(ctx context.Context, r Request) (fleet.Message, error) {
	page, err := pageOf(r.Opts["page"])
	if err != nil {
		return fleet.Message{}, err
	}
	what, plats, err := t.advisedOn(ctx, r.Args)
	if err != nil {
		return fleet.Message{}, err
	}
	as := fleet.Advisories{Store: t.Store}
	feeds, err := as.Feeds(ctx)
	if err != nil {
		return fleet.Message{}, err
	}
	if len(feeds) == 0 {
		return fleet.Message{}, fleet.Errorf(fleet.Refused, "No source of security advisories is set, so nothing is known of holes.").
			WithHint("The operator sets DISTROBOT_ADVISORIES, for example to drupal,composer.")
	}
	rows, err := t.advisedIn(ctx, &as, plats)
	if err != nil {
		return fleet.Message{}, err
	}
	if r.Opts["export"] != "" {
		return exportAdvisories(r, rows, feeds)
	}
	return t.listed(rows, feeds, advisoriesPage{what: what, page: page})
}

// advisedOn gives the platforms that a request is about: all of them, or those of
// one distribution, platform or site.
func (t *Table) advisedOn(ctx context.Context, args []string) (string, []fleet.Platform, error) {
	if len(args) == 0 {
		plats, err := t.Catalog.Platforms(ctx, "")
		_, err = looked(err)
		return "", plats, err
	}
	x, err := t.thing(ctx, args[0], aDist, aPlatform, aSite)
	switch {
	case err != nil:
		return "", nil, err
	case x.Site != nil:
		p, err := t.Catalog.Platform(ctx, x.Site.Platform)
		return string(x.Site.URI), []fleet.Platform{p}, err
	case x.Platform != nil:
		return string(x.Platform.Name), []fleet.Platform{*x.Platform}, nil
	}
	plats, err := t.Catalog.Platforms(ctx, x.Dist.Name)
	_, err = looked(err)
	return string(x.Dist.Name), plats, err
}

// advisedIn reads what is known of platforms; of several only those with sites count.
func (t *Table) advisedIn(ctx context.Context, as *fleet.Advisories, plats []fleet.Platform) ([]advised, error) {
	ixs := make([]fleet.Index, len(plats))
	for i, p := range plats {
		ixs[i] = fleet.SitesOf(p.Name)
	}
	if len(plats) == 0 {
		return nil, nil
	}
	counts, err := t.Store.Count(ctx, ixs...)
	if err != nil {
		return nil, err
	}
	var out []advised
	for i, p := range plats {
		if counts[i] == 0 && len(plats) > 1 {
			continue
		}
		risk := fleet.Risk{Platform: p.Name}
		if _, err := t.Store.Read(ctx, &risk); err != nil {
			return nil, err
		}
		for _, e := range risk.Exposures {
			out = append(out, advised{e, p.Name, counts[i]})
		}
	}
	slices.SortStableFunc(out, func(a, b advised) int {
		return cmp.Or(fleet.WorseFirst(a.Exposure, b.Exposure), strings.Compare(string(a.Platform), string(b.Platform)))
	})
	return out, nil
}

// advisoriesPage says which part of what is listed.
type advisoriesPage struct {
	what string // "" for the fleet
	page int    // from 1
}

// listed shows a page of advisories.
func (t *Table) listed(rows []advised, feeds []fleet.Feed, at advisoriesPage) (fleet.Message, error) {
	holes := len(slices.DeleteFunc(slices.Clone(rows), func(a advised) bool { return !a.Known() }))
	name := cmp.Or(at.what, "the fleet")
	m := fleet.Message{Title: "Advisories", Text: fmt.Sprintf("%s what is installed on %s.",
		fleet.Plural(holes, "advisory speaks of a hole in", "advisories speak of holes in"), name)}
	if holes == 0 {
		m.Text = fmt.Sprintf("No advisory that is known speaks of a hole in what is installed on %s.", name)
	}
	m.Lines = append([]fleet.Line{fleet.Say(m.Text)}, fleet.TellFeeds(feeds)...)
	pages := max(1, (len(rows)+advisoriesPerPage-1)/advisoriesPerPage)
	if at.page > pages {
		return fleet.Message{}, fleet.Errorf(fleet.Invalid, "There %s.", areMany(pages, "page", "pages"))
	}
	if len(rows) == 0 {
		return m, nil
	}
	m.Table = &fleet.Table{Header: []string{"Severity", "Advisory", "Package", "Version", "Platform", "Sites"}, Right: []bool{false, false, false, false, false, true}}
	for _, a := range rows[(at.page-1)*advisoriesPerPage : min(len(rows), at.page*advisoriesPerPage)] {
		m.Table.Rows = append(m.Table.Rows, []string{fleet.SeverityWord(a.Exposure), fleet.Clean(a.Name()+" "+a.Title, 120), fleet.Clean(a.Package, 80),
			fleet.Clean(a.Version, 40), string(a.Platform), fmt.Sprint(a.Sites)})
	}
	if pages > 1 {
		m.Footer = fleet.Say(fmt.Sprintf("Page %d of %d", at.page, pages))
		if at.page < pages {
			m.Footer = fleet.Say(fmt.Sprintf("Page %d of %d; add ", at.page, pages), fleet.Mono(fmt.Sprintf("--page %d", at.page+1)), " for the next")
		}
	}
	return m, nil
}

// exportAdvisories gives everything as JSON, for other programs.
func exportAdvisories(r Request, rows []advised, feeds []fleet.Feed) (fleet.Message, error) {
	if !r.Shell {
		return fleet.Message{}, fleet.Errorf(fleet.Refused, "An export is too long for a message.").WithHint("In a shell: distrobot do \"advisories --export\"")
	}
	if rows == nil {
		rows = []advised{}
	}
	b, err := json.MarshalIndent(map[string]any{"version": 1, "sources": feeds, "exposures": rows}, "", "  ")
	return say(string(b)), err
}
