package fleet

import (
	"fmt"
	"slices"
	"strings"
)

// tellDists is how many distributions a digest details.
const tellDists = 8

// TellDigest lists what is out of date, worst first, and what else needs a
// person; one line when nothing does.
func TellDigest(v DigestView) Message {
	behind := slices.DeleteFunc(slices.Clone(v.Standings), func(s Standing) bool { return s.OutOfDate == 0 })
	slices.SortStableFunc(behind, func(a, b Standing) int { return b.OutOfDate - a.OutOfDate })
	total := 0
	for _, s := range behind {
		total += s.OutOfDate
	}
	m := Message{Text: digestText(v, total)}
	if v.nothing() {
		m.Tone = Good
		m.Lines = append([]Line{Say(m.Text)}, v.heartbeat()...)
		m.Footer = v.footer()
		return m
	}
	m.Title = "Out of date: " + Plural(total, "site", "sites")
	if total == 0 {
		m.Title = "Sites are up to date; other things need a person"
	}
	for i, s := range behind {
		if i == tellDists {
			m.Lines = append(m.Lines, Say(fmt.Sprintf("and %s with out-of-date sites.", Plural(len(behind)-i, "more distribution", "more distributions"))))
			break
		}
		m.Lines = append(m.Lines, v.dist(s)...)
		if len(m.Buttons) < 5 && s.OutOfDate > pinnedOn(v.Pinned, s.Behind...) {
			m.Buttons = append(m.Buttons, Button{Action: ActUpgrade, Label: clip("Compare and upgrade "+string(s.Distribution.Name), 75), Value: string(s.Distribution.Name)})
		}
	}
	m.More = append(v.trouble(), v.heartbeat()...)
	m.Footer = v.footer()
	return m
}

func digestText(v DigestView, total int) string {
	switch {
	case total == 1:
		return "1 site is out of date."
	case total > 1:
		return fmt.Sprintf("%d sites are out of date.", total)
	case len(v.Held) > 0:
		return "Every site is up to date; " + Plural(len(v.Held), "task waits", "tasks wait") + " for a person."
	case len(v.Failing) > 0:
		return "Every site is up to date; " + Plural(len(v.Failing), "repository", "repositories") + " cannot be read."
	case len(v.Pinned) > 0:
		return "Every site is up to date; " + Plural(len(v.Pinned), "site is", "sites are") + " pinned."
	}
	return "Everything is up to date."
}

// dist tells of one distribution: its target, how many sites are elsewhere and
// where, and the first of them by name.
func (v DigestView) dist(s Standing) []Line {
	d := s.Distribution
	var on []string
	for i, b := range s.Behind {
		if i == 3 {
			on = append(on, "the rest on "+Plural(len(s.Behind)-3, "other platform", "other platforms"))
			break
		}
		on = append(on, fmt.Sprintf("%d on %s", b.Sites, b.Platform.Name))
	}
	pinned := pinnedOn(v.Pinned, s.Behind...)
	out := []Line{Say(Bold(string(d.Name)), ": the target is ", Mono(string(d.Target)), fmt.Sprintf(". %s on it; %s out of date: %s.%s",
		upperFirst(areOn(s.OnTarget)), areOn(s.OutOfDate), strings.Join(on, ", "), pinnedText(pinned, s.OutOfDate)), v.lag(s))}
	uris := v.Sites[d.Name]
	if len(uris) > tellSites {
		uris = uris[:tellSites]
	}
	if len(uris) == 0 {
		return out
	}
	line := Item(strings.Join(cleanAll(uris), ", "))
	if more := s.OutOfDate - pinned - len(uris); more > 0 {
		line.Spans = append(line.Spans, Span{Text: fmt.Sprintf(" and %d more. Show all: ", more)},
			Mono(fmt.Sprintf("%s sites --dist %s --out-of-date", Slash, d.Name)))
	}
	return append(out, line)
}

// pinnedText says how many of the out-of-date sites are listed apart, and why.
func pinnedText(pinned, out int) string {
	switch {
	case pinned == 0:
		return ""
	case pinned == out && out == 1:
		return " It is pinned, so no upgrade is offered."
	case pinned == out:
		return " All of them are pinned, so no upgrade is offered."
	case pinned == 1:
		return " 1 of them is pinned; it is listed below."
	}
	return fmt.Sprintf(" %d of them are pinned; they are listed below.", pinned)
}

// areOn says "1 site is" and "3 sites are".
func areOn(n int) string { return Plural(n, "site is", "sites are") }

func cleanAll[S ~string](in []S) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = Clean(string(s), 80)
	}
	return out
}

// trouble tells of what is not about versions but needs a person.
func (v DigestView) trouble() []Line {
	var out []Line
	for i, s := range v.Pinned {
		if i == tellSites {
			out = append(out, Item(fmt.Sprintf("and %d more pinned.", len(v.Pinned)-i)))
			break
		}
		out = append(out, Item("📌 Pinned: ", Clean(string(s.URI), 80), " on ", Clean(string(s.Platform), 80), ". ", upperFirst(tellSentence(s.Pinned))))
	}
	for i, c := range v.Failing {
		if i == tellSites {
			break
		}
		out = append(out, Item("⚠️ The repository of ", string(c.Distribution), " cannot be read. ", tellSentence(c.Failing)))
	}
	for i, t := range v.Held {
		if i == tellSites {
			break
		}
		out = append(out, Item("✋ ", Clean(taskTitles[t.Kind]+" "+t.About, 120), " waits for a person: ", Mono(fmt.Sprintf("%s task %s", Slash, t.ID))))
	}
	return out
}

func (v DigestView) footer() Line {
	var name []Span
	if v.Name != "" {
		name = []Span{{Text: "Digest " + Clean(v.Name, 40)}}
	}
	if v.At.IsZero() {
		return tellFooter(name)
	}
	return tellFooter(name, []Span{When(v.At)})
}
