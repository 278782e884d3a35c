package commands

import (
	"context"
	"fmt"
	"strconv"

	"github.com/distrobot/distrobot/fleet"
)

// newPause holds back what of a plan has not begun.
func newPause(t *Table) Command {
	return Command{Verb: "pause", Args: "PLAN", Min: 1, Max: 1, Group: "Upgrades",
		Summary: "let no further site of a plan begin", Role: fleet.Maintainer,
		Help: []string{fleet.Slash + " pause 01jd0000000000000000000009", "Sites that are under way end. It may be used at any time; resume lets the plan go on, abort ends it."},
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			p, err := t.plan(ctx, r.Args[0])
			if err != nil {
				return fleet.Message{}, err
			}
			if p, err = t.Conductor.Pause(ctx, p.ID, r.Who); err != nil {
				return fleet.Message{}, err
			}
			return say(fmt.Sprintf("Plan %s is paused: %s under way, which end.", p.ID, areUnderWay(p)),
				fleet.Say("To go on: ", fleet.Mono(fmt.Sprintf("%s resume %s %d", fleet.Slash, p.ID, p.Revision)))), nil
		}}
}

// areUnderWay says "1 site is", "3 sites are"; sites whose tasks wait count until
// those are taken back.
func areUnderWay(p fleet.Plan) string {
	n := len(sitesIn(p, fleet.SiteRunning, fleet.SiteHeld))
	if n == 0 {
		return "no site is"
	}
	return fleet.Plural(n, "site is", "sites are")
}

func newResume(t *Table) Command {
	return Command{Verb: "resume", Args: "PLAN REVISION", Min: 1, Max: 2, Group: "Upgrades",
		Summary: "let a paused plan go on", Help: []string{fleet.Slash + " resume 01jd0000000000000000000009"}, Role: fleet.Maintainer, Run: t.resume(true)}
}

// newAbort ends a plan at any time.
func newAbort(t *Table) Command {
	return Command{Verb: "abort", Args: "PLAN", Min: 1, Max: 1, Group: "Upgrades",
		Summary: "end a plan at once: what is queued is cancelled, sites under way end", Help: []string{fleet.Slash + " abort 01jd0000000000000000000009"}, Role: fleet.Maintainer,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			p, err := t.plan(ctx, r.Args[0])
			if err != nil {
				return fleet.Message{}, err
			}
			if p, err = t.Conductor.Abort(ctx, p.ID, r.Who); err != nil {
				return fleet.Message{}, err
			}
			return say(fmt.Sprintf("Plan %s is stopped: %s under way, which end; finished sites stay as they are.", p.ID, areUnderWay(p))), nil
		}}
}

// failedPerPage is how many failures one answer lists.
const failedPerPage = 25

// failures lists the sites of a plan that failed, with the reason.
func failures(p fleet.Plan, page string) (fleet.Message, error) {
	var rows [][]string
	for _, s := range p.Sites {
		switch s.Progress {
		case fleet.SiteBack:
			rows = append(rows, []string{string(s.URI), orDash(string(s.Host)), "is on " + string(s.From), orDash(fleet.Clean(s.Note, 200))})
		case fleet.SiteBroken:
			rows = append(rows, []string{string(s.URI), orDash(string(s.Host)), "needs a person", orDash(fleet.Clean(s.Note, 200))})
		}
	}
	if len(rows) == 0 {
		return say(fmt.Sprintf("No site of plan %s failed.", p.ID)), nil
	}
	pages, at := (len(rows)+failedPerPage-1)/failedPerPage, 1
	if page != "" {
		n, err := strconv.Atoi(page)
		if err != nil || n < 1 || n > pages {
			return fleet.Message{}, fleet.Errorf(fleet.Invalid, "There %s.", areMany(pages, "page", "pages"))
		}
		at = n
	}
	m := fleet.Message{Title: "Failed sites", Text: fmt.Sprintf("In plan %s %s failed.", p.ID, fleet.Plural(len(rows), "site", "sites")),
		Table: &fleet.Table{Header: []string{"Site", "Host", "Now", "Reason"}, Rows: rows[(at-1)*failedPerPage : min(len(rows), at*failedPerPage)]}}
	m.Footer = fleet.Say(fmt.Sprintf("Page %d of %d", at, pages))
	if at < pages {
		m.Footer = fleet.Say(fmt.Sprintf("Page %d of %d; for the next: ", at, pages), fleet.Mono(fmt.Sprintf("%s plan %s --failed --page %d", fleet.Slash, p.ID, at+1)))
	}
	return m, nil
}
