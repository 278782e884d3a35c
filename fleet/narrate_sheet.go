package fleet

import (
	"fmt"
	"strings"
)

// tellFound is how many findings a comparison's first page names.
const tellFound = 20

// SheetOf draws page (from 0) of a comparison; pages beyond the last are the
// last. value gives the value of the button that leads to a page.
func SheetOf(c Comparison, page int, action string, value func(page int) string) *Sheet {
	all := len(c.Rows)
	page = max(0, min(page, (all-1)/MaxSheetRows))
	from := page * MaxSheetRows
	to := min(from+MaxSheetRows, all)
	s := &Sheet{Title: "Compare", Lines: []Line{
		Say("From ", Mono(Clean(string(c.From), 110)), " to ", Mono(Clean(string(c.To), 110))), Say(Bold(SumUp(c))),
	}}
	if page == 0 {
		s.Lines = append(s.Lines, TellFindings(c.Findings, tellFound)...)
		s.Lines = append(s.Lines, c.Advice.Lines(tellFound)...)
	}
	for _, r := range c.Rows[from:to] {
		s.Rows = append(s.Rows, tellSheetRow(r))
	}
	if all > MaxSheetRows {
		s.More = append(s.More, Say(fmt.Sprintf("Rows %d to %d of %d.", from+1, to, all)))
	}
	turn := func(to int) {
		first := to * MaxSheetRows
		s.Buttons = append(s.Buttons, Button{Action: action, Value: value(to),
			Label: fmt.Sprintf("Compare rows %d to %d", first+1, min(first+MaxSheetRows, all))})
	}
	if page > 0 {
		turn(page - 1)
	}
	if to < all {
		turn(page + 1)
	}
	return s
}

// SumUp says in one sentence what a comparison found: "Drupal core 10.2.6 →
// 10.3.1, 14 packages change, 311 do not, 42 database updates, nothing blocked."
func SumUp(c Comparison) string {
	var parts []string
	if core := tellCore(c.Rows); core != "" {
		parts = append(parts, core)
	}
	parts = append(parts, tellChanges(len(c.Rows)))
	if c.Same > 0 && len(c.Rows) > 0 {
		parts = append(parts, fmt.Sprintf("%d %s not", c.Same, map[bool]string{true: "does", false: "do"}[c.Same == 1]))
	}
	if c.Pending > 0 {
		parts = append(parts, Plural(c.Pending, "database update", "database updates"))
	}
	blocks := 0
	for _, f := range c.Findings {
		blocks += bit(f.Block)
	}
	if blocks == 0 {
		parts = append(parts, "nothing blocked")
	} else {
		parts = append(parts, Plural(blocks, "block", "blocks"))
	}
	text := strings.Join(parts, ", ")
	if advice := c.Advice.sentence(); advice != "" {
		text += "; " + advice
	}
	return ownCase(c.Rows, text+".")
}

// ownCase begins a sentence with a capital, unless it begins with the name of a
// package, which is written as it is.
func ownCase(rows []Row, sentence string) string {
	for _, r := range rows {
		if r.Core() && coreNames[r.Package] == "" && strings.HasPrefix(sentence, Clean(r.Package, 60)) {
			return sentence
		}
	}
	return upperFirst(sentence)
}

// TellFindings lists at most n findings, and counts the others.
func TellFindings(fs []Finding, n int) []Line {
	var out []Line
	for i, f := range fs {
		if i == n {
			out = append(out, Say(fmt.Sprintf("and %s.", Plural(len(fs)-n, "more note", "more notes"))))
			break
		}
		out = append(out, TellFinding(f))
	}
	return out
}

// tellSheetRow puts a package beside how it changes.
func tellSheetRow(r Row) SheetRow {
	left := Say(Bold(tellCell(r.Package, 80)))
	if r.Type != "" {
		left.Spans = append(left.Spans, Span{Text: " " + Clean(r.Type, 20)})
	}
	return SheetRow{Left: left, Right: Say(fmt.Sprintf("%s → %s, %s", tellCell(r.From, 40), tellCell(r.To, 40), tellChange(r)))}
}
