package commands

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// pageRows is how many rows one page of a list has: what fits on a screen.
const pageRows = 25

// turnValue bounds the line that a button of a list repeats. Longer ones are
// typed with the next page's number, which the list says.
const turnValue = 180

// newest stands on buttons for the end of a list that is read backwards.
const newest = math.MaxInt32

// A leaf is where a page stands in its list.
type leaf struct {
	command    string // "sites"
	first      int    // what the buttons turn to; 0 for none
	prev, next int
}

// leafOf is the leaf of a page by its number, from 1, of so many.
func leafOf(command string, page, pages int) leaf {
	l := leaf{command: command}
	if page > 1 {
		l.prev = min(page-1, pages)
	}
	if page < pages {
		l.next = page + 1
	}
	return l
}

// pagesOf is how many pages n rows take.
func pagesOf(n int) int { return (n + pageRows - 1) / pageRows }

// turns adds the buttons that turn a list to another page, in place. Each carries
// the line that was asked, so that it is answered anew, for whoever presses.
func (t *Table) turns(m *fleet.Message, r Request, l leaf) {
	cmd, _, err := find(t.List(), words(l.command))
	line, ok := cmd.line(r)
	if err != nil || !ok || r.Shell {
		return
	}
	for _, b := range []struct {
		label string
		to    int
	}{{"Previous: the newest entries", l.first}, {"Previous page", l.prev}, {"Next page", l.next}} {
		if b.to > 0 {
			m.Buttons = append(m.Buttons, fleet.Button{Action: fleet.ActTurn, Label: b.label, Value: fmt.Sprintf("%s|%d", line, b.to)})
		}
	}
}

// line writes a request as it could be typed, without its page; false if it cannot
// be on a button.
func (c Command) line(r Request) (string, bool) {
	out := append([]string{c.Name()}, r.Args...)
	for _, o := range c.Options {
		v, given := r.Opts[o.Name]
		switch {
		case !given || o.Name == "page" || o.Name == "before":
		case o.Value == "":
			out = append(out, "--"+o.Name)
		default:
			out = append(out, "--"+o.Name+"="+v)
		}
	}
	line := strings.Join(out, " ")
	return line, len(line) <= turnValue && len(strings.Fields(line)) == len(out)+strings.Count(c.Name(), " ") && !strings.ContainsAny(line, "|<>&")
}

// pressTurn shows another page of a list in place of the one that was pressed: as
// it is now, and the last one where the list has become shorter.
func (t *Table) pressTurn(ctx context.Context, p Press, r Request) (Reply, error) {
	line, page, err := divide(p.Value)
	if err != nil || page < 1 {
		return Reply{}, forgotten()
	}
	cmd, rest, err := find(t.List(), words(line))
	if err != nil || !cmd.has("page") && !cmd.has("before") {
		return Reply{}, forgotten()
	}
	args, opts, err := cmd.split(rest)
	if err != nil {
		return Reply{}, forgotten()
	}
	switch {
	case cmd.has("page"):
		opts["page"] = fmt.Sprint(page)
	case page != newest:
		opts["before"] = fmt.Sprint(page)
	}
	out, err := t.run(ctx, cmd, Request{ID: p.ID, Who: p.Who, Channel: p.Channel, Args: args, Opts: opts, turned: true})
	if err != nil || out.Code != "" {
		return out, err
	}
	return Reply{None: true, Refresh: &out.Message}, nil
}

// page gives the bounds of the page of n rows that is asked for, and its number. A
// page that is not there is refused; of a list that is turned, the last is shown.
func (r Request) page(n int) (from, to, at int, err error) {
	at, err = pageOf(r.Opts["page"])
	pages := max(pagesOf(n), 1)
	if err == nil && at > pages && !r.turned {
		err = noPage(pages)
	}
	at = min(max(at, 1), pages)
	return (at - 1) * pageRows, min(at*pageRows, n), at, err
}

// paged says on a list of n rows which page this is and adds the buttons; a list
// of one page has neither.
func (t *Table) paged(m *fleet.Message, r Request, command string, at, n int) {
	if pages := pagesOf(n); pages > 1 {
		m.Footer = pageNote(at, pages)
		t.turns(m, r, leafOf(command, at, pages))
	}
}

// noPage refuses a page beyond the last.
func noPage(pages int) error {
	return fleet.Errorf(fleet.Invalid, "There %s.", areMany(pages, "page", "pages"))
}

// pageNote says which page this is, and how the next is typed.
func pageNote(page, pages int) fleet.Line {
	if page < pages {
		return fleet.Say(fmt.Sprintf("Page %d of %d; add ", page, pages), fleet.Mono(fmt.Sprintf("--page %d", page+1)), " for the next")
	}
	return fleet.Say(fmt.Sprintf("Page %d of %d", page, pages))
}
