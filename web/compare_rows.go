package web

import (
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// marks are the classes of changes, short as each row has one.
var marks = map[fleet.Change]string{fleet.Added: "a", fleet.Removed: "r", fleet.Upgraded: "u", fleet.Downgraded: "d", fleet.Changed: "c"}

// line makes what is drawn of a row.
func (c *comparison) line(r *fleet.DetailRow) line {
	out := line{Name: r.Package, From: r.From, To: r.To, Change: string(r.Change), Mark: marks[r.Change], Updates: r.Pending}
	if r.Step != "" && (r.Change == fleet.Upgraded || r.Change == fleet.Downgraded) {
		out.Change = map[fleet.Change]string{fleet.Upgraded: "+", fleet.Downgraded: "−"}[r.Change] + r.Step
		if r.Major() {
			out.Mark = "m"
		}
	}
	switch {
	case r.UsedBy == 0 || r.Asked == 0:
	case c.site != "" || r.Asked == 1:
		out.Used = "yes"
	default:
		out.Used = fmt.Sprintf("%d of %d", r.UsedBy, r.Asked)
	}
	if r.Blocks {
		out.Notes = append(out.Notes, note{Tone: "bad", Text: "blocked"})
	}
	for _, a := range c.advised[r.Package] {
		out.Notes = append(out.Notes, advisedNote(a))
	}
	if r.Change == fleet.Downgraded {
		out.Notes = append(out.Notes, note{Tone: "bad", Text: "goes back"})
	}
	if r.Licences != nil {
		out.Notes = append(out.Notes, note{Tone: "warn", Text: "licence: " + r.Licences[0] + " → " + r.Licences[1]})
	}
	for _, p := range r.Lost {
		out.Notes = append(out.Notes, note{Tone: "warn", Text: "patch lost: " + p})
	}
	for _, p := range r.Gained {
		out.Notes = append(out.Notes, note{Text: "patch added: " + p})
	}
	return out
}

// advisedNote says what the upgrade does about an advisory.
func advisedNote(a fleet.Advised) note {
	tone, what := "warn", "unclear: "
	switch {
	case a.Unsupported:
		what = "not maintained any more: "
	case a.Outcome == fleet.Mends:
		tone, what = "sec", "fixes "
	case a.Outcome == fleet.Leaves:
		tone, what = "bad", "still has "
	case a.Outcome == fleet.Brings:
		tone, what = "bad", "brings "
	}
	if a.Severity != "" {
		what += string(a.Severity) + " "
	}
	return note{Tone: tone, Text: what + a.Name(), URL: a.URL}
}

// tiles are the figures that people look at first.
func tiles(c *comparison) []tile {
	blocks, differ, lost, licences := 0, 0, 0, 0
	for _, f := range c.detail.Findings {
		if f.Block {
			blocks++
		}
	}
	for i := range c.detail.Packages {
		r := &c.detail.Packages[i]
		lost += len(r.Lost)
		if r.Licences != nil {
			licences++
		}
	}
	out := []tile{{Number: fmt.Sprint(len(c.detail.Rows)), Word: word(len(c.detail.Rows), "package changes", "packages change"), At: "#packages"}}
	add := func(n int, one, many, at string, tone fleet.Tone) {
		if n > 0 {
			out = append(out, tile{Number: fmt.Sprint(n), Word: word(n, one, many), At: at, Tone: tone})
		}
	}
	add(blocks, "block", "blocks", "#findings", fleet.Bad)
	advice := c.detail.Advice
	add(len(advice.Of(fleet.Mends)), "advisory fixed", "advisories fixed", "#packages", fleet.Good)
	add(len(advice.Of(fleet.Leaves))+len(advice.Of(fleet.Brings)), "advisory not fixed", "advisories not fixed", "#packages", fleet.Bad)
	add(advice.Exposed, "site is exposed", "sites are exposed", "#sites", fleet.Bad)
	add(c.detail.Pending, "database update", "database updates", "#packages", "")
	if c.plan != nil {
		for _, d := range c.sites {
			if d.Class > 0 {
				differ++
			}
		}
		add(len(c.plan.Sites), "site", "sites", "#sites", "")
		add(differ, "site differs", "sites differ", "#sites", fleet.Warn)
	}
	add(lost, "patch lost", "patches lost", "#packages", fleet.Warn)
	add(licences, "licence changes", "licences change", "#packages", fleet.Warn)
	add(c.between.Total, "commit", "commits", "#commits", "")
	add(c.between.Added+c.between.Modified+c.between.Deleted, "file changes", "files change", "#files", "")
	return out
}

func word(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
