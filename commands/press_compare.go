package commands

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// pressCompare opens the whole comparison of a plan, for the person alone.
func (t *Table) pressCompare(ctx context.Context, p Press, r Request) (Reply, error) {
	id, _, err := divide(p.Value)
	if err != nil {
		return Reply{}, err
	}
	plan, err := t.plan(ctx, id)
	if err != nil {
		return Reply{}, err
	}
	return t.sheet(ctx, r, plan, sheetAt{what: "p0"})
}

// sheetAt is a place in the comparison of a plan.
type sheetAt struct {
	what string // "p0", "p1" … of a platform, "s0" … of a site
	page int
}

// pressSheet turns to another page of a plan's comparison, or to another of its
// sites. A plan that was drawn again is shown from the beginning.
func (t *Table) pressSheet(ctx context.Context, p Press, r Request) (Reply, error) {
	at, rev, err := divide(p.Value)
	if err != nil {
		return Reply{}, err
	}
	parts := strings.Split(at, ".")
	if len(parts) != 3 {
		return Reply{}, forgotten()
	}
	plan, err := t.plan(ctx, parts[0])
	if err != nil {
		return Reply{}, err
	}
	page, err := strconv.Atoi(parts[2])
	if err != nil {
		return Reply{}, forgotten()
	}
	if plan.Revision != rev {
		return t.sheet(ctx, r, plan, sheetAt{what: "p0"})
	}
	return t.sheet(ctx, r, plan, sheetAt{what: parts[1], page: page})
}

// pressPages opens, or turns, a comparison that belongs to no plan.
func (t *Table) pressPages(ctx context.Context, p Press, r Request) (Reply, error) {
	words := strings.Fields(p.Value)
	if len(words) < 3 || len(words) > 4 {
		return Reply{}, forgotten()
	}
	page, err := strconv.Atoi(words[0])
	if err != nil {
		return Reply{}, forgotten()
	}
	x := comparing{From: fleet.PlatformName(words[1]), To: fleet.PlatformName(words[2])}
	if len(words) == 4 {
		x.Site = fleet.URI(words[3])
	}
	c, err := t.Planner.Compare(ctx, x.From, x.To, x.Site)
	if err != nil {
		return Reply{}, err
	}
	m := compared(c)
	m.Sheet = fleet.SheetOf(c, page, fleet.ActPages, x.value)
	if err := t.linkPage(&m, r.Who, x.page()); err != nil {
		return Reply{}, err
	}
	return Reply{Message: m}, nil
}

// sheet shows one page of a plan's comparison: of the platforms that its sites
// come from with the one they go to ("p0", "p1" …), or of a site ("s0" …). Where
// no sheet can be opened, the first rows are shown with how to see the others.
func (t *Table) sheet(ctx context.Context, r Request, p fleet.Plan, place sheetAt) (Reply, error) {
	if p.State == fleet.PlanReading {
		return tell("The facts are still being read; press again when the comparison is shown."), nil
	}
	x, known := comparingIn(p, place.what)
	if !known {
		return Reply{}, forgotten()
	}
	c, err := t.compareFor(ctx, p, x)
	if err != nil {
		return Reply{}, err
	}
	at := func(what string, page int) string {
		return fleet.PlanValue(fleet.PlanID(fmt.Sprintf("%s.%s.%d", p.ID, what, page)), p.Revision)
	}
	m := compared(c)
	if len(c.Rows) > compareRows {
		m.More = append(m.More, fleet.Say("All of it: ", fleet.Mono(fmt.Sprintf("%s compare %s %s --page 2", fleet.Slash, x.From, x.To))))
	}
	m.Sheet = fleet.SheetOf(c, place.page, fleet.ActSheet, func(n int) string { return at(place.what, n) })
	m.Sheet.Choose = sheetChoices(p, at, place.what)
	if err := t.linkPage(&m, r.Who, planPage(p.ID, x.Site)); err != nil {
		return Reply{}, err
	}
	return Reply{Message: m}, nil
}

// origins are the platforms that a plan's sites come from, the plan's own first.
func origins(p fleet.Plan) []fleet.PlatformName {
	out := []fleet.PlatformName{p.From}
	for _, s := range p.Sites {
		if !slices.Contains(out, s.From) && s.Progress != fleet.SiteLeftOut {
			out = append(out, s.From)
		}
	}
	return out
}

// comparingIn reads "p1" or "s17".
func comparingIn(p fleet.Plan, what string) (comparing, bool) {
	if what == "" {
		return comparing{}, false
	}
	n, err := strconv.Atoi(what[1:])
	if err != nil || n < 0 {
		return comparing{}, false
	}
	switch from := origins(p); {
	case what[0] == 'p' && n < len(from):
		return comparing{From: from[n], To: p.To}, true
	case what[0] == 's' && n < len(p.Sites):
		return comparing{From: p.Sites[n].From, To: p.To, Site: p.Sites[n].URI}, true
	}
	return comparing{}, false
}

// compareFor compares anew, since a plan keeps the first rows only. What the plan
// found about all of its sites belongs to the comparison of the platforms. If
// the facts of a platform are gone with it, what the plan kept has to do.
func (t *Table) compareFor(ctx context.Context, p fleet.Plan, x comparing) (fleet.Comparison, error) {
	c, err := t.Planner.Compare(ctx, x.From, x.To, x.Site)
	kept := x.Site == "" && x.From == p.From
	if code := fleet.CodeOf(err); kept && (code == fleet.Refused || code == fleet.NotFound) {
		return fleet.Comparison{From: p.From, To: p.To, Rows: p.Rows, Findings: p.Notes}, nil
	}
	if err != nil || !kept {
		return c, err
	}
	c.Findings = p.Notes
	stops := map[string]bool{}
	for _, r := range p.Rows {
		stops[r.Package] = r.Blocks
	}
	for i, r := range c.Rows {
		c.Rows[i].Blocks = stops[r.Package]
	}
	slices.SortStableFunc(c.Rows, func(a, b fleet.Row) int {
		switch {
		case a.Blocks == b.Blocks:
			return 0
		case a.Blocks:
			return -1
		}
		return 1
	})
	return c, nil
}

// sheetChoices lists what the comparison of a plan can be shown of: the
// platforms, then the sites, those that are left out first.
func sheetChoices(p fleet.Plan, at func(string, int) string, now string) *fleet.Select {
	s := &fleet.Select{Action: fleet.ActSheet, Label: "Compare for", Initial: at(now, 0)}
	for i, from := range origins(p) {
		s.Choices = append(s.Choices, fleet.Choice{Value: at(fmt.Sprintf("p%d", i), 0), Label: "All sites of " + fleet.Clean(string(from), 60)})
	}
	for _, out := range []bool{true, false} {
		for i, x := range p.Sites {
			if out == (x.Progress == fleet.SiteLeftOut) {
				s.Choices = append(s.Choices, fleet.Choice{Value: at(fmt.Sprintf("s%d", i), 0), Label: siteChoice(x)})
			}
		}
	}
	if len(s.Choices) < 2 {
		return nil
	}
	chosen := slices.IndexFunc(s.Choices, func(c fleet.Choice) bool { return c.Value == s.Initial })
	if chosen >= fleet.MaxChoices { // what is shown stays among the choices
		s.Choices[fleet.MaxChoices-1] = s.Choices[chosen]
	}
	s.Choices = s.Choices[:min(len(s.Choices), fleet.MaxChoices)]
	return s
}

// siteChoice is a site as an option: its name, and what waits for it.
func siteChoice(s fleet.PlanSite) string {
	note := ""
	switch {
	case s.Progress == fleet.SiteLeftOut:
		note = " (left out)"
	case s.Pending > 0:
		note = fmt.Sprintf(" (%s)", fleet.Plural(s.Pending, "update", "updates"))
	}
	return fleet.Clean(string(s.URI), 75-len(note)) + note
}
