package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/distrobot/distrobot/fleet"
)

// printMessage writes a message for a terminal: the same content as in chat,
// without markup. Control characters of foreign text do not reach the
// terminal.
func printMessage(w io.Writer, m fleet.Message) {
	if m.Title != "" {
		fmt.Fprintln(w, plain(m.Title))
	}
	if m.Title == "" && len(m.Lines) == 0 && m.Table == nil {
		fmt.Fprintln(w, plain(m.Text))
	}
	printLines(w, m.Lines)
	for _, f := range m.Fields {
		fmt.Fprintf(w, "%s: %s\n", plain(f.Label), lineText(f.Value))
	}
	if m.Table != nil {
		printTable(w, *m.Table)
	}
	printLines(w, m.More)
	if t := lineText(m.Footer); t != "" {
		fmt.Fprintln(w, t)
	}
}

// column is where the explanation of a listed command begins.
const column = 46

func printLines(w io.Writer, lines []fleet.Line) {
	for _, l := range lines {
		term, rest := "", lineText(l)
		if l.Item && len(l.Spans) > 1 && l.Spans[0].Code {
			term, rest = plain(l.Spans[0].Text), lineText(fleet.Line{Spans: l.Spans[1:]})
		}
		switch {
		case term != "" && len(term) > column-3:
			fmt.Fprintf(w, "  %s\n%s%s\n", term, strings.Repeat(" ", column), rest)
		case term != "":
			fmt.Fprintf(w, "  %-*s%s\n", column-2, term, rest)
		case l.Item:
			fmt.Fprintln(w, "  - "+rest)
		case l.Quote:
			fmt.Fprintln(w, "  > "+rest)
		default:
			fmt.Fprintln(w, rest)
		}
	}
}

func lineText(l fleet.Line) string {
	var b strings.Builder
	links := false
	for _, s := range l.Spans {
		links = links || s.URL != ""
	}
	for _, s := range l.Spans {
		if !links { // a secret may reach over spans
			b.WriteString(s.Text)
			continue
		}
		b.WriteString(fleet.Redact(s.Text))
		if s.URL != "" && s.URL != s.Text {
			b.WriteString(" <" + s.URL + ">") // as it is: one that lets somebody in is for that person's eyes
		}
	}
	if links {
		return fleet.Clean(b.String(), 4000)
	}
	return plain(b.String())
}

func printTable(w io.Writer, t fleet.Table) {
	if t.Caption != "" {
		fmt.Fprintln(w, plain(t.Caption))
	}
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, row := range append([][]string{t.Header}, t.Rows...) {
		cells := make([]string, len(row))
		for i, c := range row {
			cells[i] = plain(c)
		}
		fmt.Fprintln(tw, "  "+strings.Join(cells, "\t"))
	}
	tw.Flush()
}

// plain drops what could move a terminal's cursor or reverse its text, and
// secrets.
func plain(s string) string { return fleet.Clean(fleet.Redact(s), 4000) }
