package fleet

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// tellDists is how many distributions a page of a digest details.
const tellDists = 8

// behind lists the standings with out-of-date sites: those with exposed sites
// first, the worst hole before others, then those whose target says that it mends
// a security hole, then the most sites.
func (v DigestView) behind() []Standing {
	out := slices.DeleteFunc(slices.Clone(v.Standings), func(s Standing) bool { return s.OutOfDate == 0 })
	slices.SortStableFunc(out, func(a, b Standing) int {
		if n := exposedFirst(v.Perils[a.Distribution.Name], v.Perils[b.Distribution.Name]); n != 0 {
			return n
		}
		if n := bit(v.Details[b.Distribution.Name].Security) - bit(v.Details[a.Distribution.Name].Security); n != 0 {
			return n
		}
		return b.OutOfDate - a.OutOfDate
	})
	return out
}

// onPage is the part of the standings that the page shows, and how many pages
// there are. A page beyond the last is the last.
func (v DigestView) onPage() (shown []Standing, page, pages int) {
	all := v.behind()
	pages = max(1, (len(all)+tellDists-1)/tellDists)
	page = min(max(v.Page, 0), pages-1)
	return all[page*tellDists : min(len(all), (page+1)*tellDists)], page, pages
}

// TellDigest lists what is out of date, worst first, and what else needs a
// person; one line when nothing does. What is not about versions stands on the
// first page.
func TellDigest(v DigestView) Message {
	total := 0
	for _, s := range v.Standings {
		total += s.OutOfDate
	}
	m := Message{Text: digestText(v, total)}
	if v.nothing() {
		m.Tone = Good
		m.Lines = append(append([]Line{Say(m.Text)}, v.frozen()...), v.heartbeat()...)
		m.Footer, m.Buttons = v.footer(""), v.retire()
		return m
	}
	m.Title = "Out of date: " + Plural(total, "site", "sites")
	if total == 0 {
		m.Title = "Sites are up to date; other things need a person"
	}
	shown, page, pages := v.onPage()
	if page == 0 {
		m.Lines = append(v.frozen(), v.exposed()...)
	}
	for _, s := range shown {
		m.Lines = append(m.Lines, v.dist(s, namesEach(len(shown)))...)
	}
	if page == 0 {
		m.More = append(v.trouble(), titled("Besides", v.heartbeat())...)
		if line := TellHistory(v.Trend); line != "" {
			m.More = append(m.More, Say(line))
		}
	}
	small := ""
	if pages > 1 {
		small = fmt.Sprintf("Page %d of %d", page+1, pages)
	}
	if page+1 < pages {
		m.Buttons = []Button{v.nextPage(page + 1)}
	}
	if page == 0 {
		m.Buttons = append(m.Buttons, v.retire()...)
	}
	m.Footer = v.footer(small)
	return m
}

// frozen tells of the freezes that hold.
func (v DigestView) frozen() []Line {
	var out []Line
	for i, f := range v.Frozen {
		if i == tellSites {
			out = append(out, Say(fmt.Sprintf("❄️ and %s.", Plural(len(v.Frozen)-i, "more freeze", "more freezes"))))
			break
		}
		out = append(out, TellFreeze(f))
	}
	return out
}

// retire is the button that removes the platforms that can go.
func (v DigestView) retire() []Button {
	if len(v.Idle) == 0 {
		return nil
	}
	what := Plural(len(v.Idle), "old platform", "old platforms")
	return []Button{{Action: ActRetire, Label: "Confirm removal of " + what, Value: "platforms", Style: Danger,
		Confirm: &Ask{Title: "Remove old platforms?", Text: clip("No site is on them, and none can be rolled back to them: "+tellList(v.Idle, 8)+".", 290), Yes: "Remove", No: "Not now"}}}
}

// nextPage is the button to the distributions that follow.
func (v DigestView) nextPage(page int) Button {
	left := len(v.behind()) - page*tellDists
	label := "Continue with the next " + Plural(min(left, tellDists), "distribution", "distributions")
	if left == 1 {
		label = "Continue with the last distribution"
	}
	return Button{Action: ActMore, Label: label, Value: strconv.Itoa(page)}
}

func digestText(v DigestView, total int) string {
	switch {
	case total > 0:
		return strings.TrimSpace(Plural(total, "site is", "sites are") + " out of date. " + v.exposedText())
	case len(v.Perils) > 0:
		return "Every site is on its target, and some are exposed: " + v.exposedText()
	case len(v.Held) > 0:
		return "Every site is up to date; " + Plural(len(v.Held), "task waits", "tasks wait") + " for a person."
	case len(v.Failing) > 0:
		return "Every site is up to date; " + Plural(len(v.Failing), "repository", "repositories") + " cannot be read."
	case len(v.Distrusted) > 0:
		return "Every site is up to date; " + Plural(len(v.Distrusted), "record", "records") + " cannot be trusted."
	case len(v.Silent) > 0:
		return "Every site is up to date; " + Plural(len(v.Silent), "host is", "hosts are") + " silent."
	case len(v.Pinned) > 0:
		return "Every site is up to date; " + Plural(len(v.Pinned), "site is", "sites are") + " pinned."
	}
	return "Everything is up to date."
}

// dist tells of one distribution: how many sites are not on its target and
// where, how far behind, and the first few of them by name. Its button offers
// the upgrade.
func (v DigestView) dist(s Standing, names int) []Line {
	d := s.Distribution
	pinned := pinnedOn(v.Pinned, s.Behind...)
	are := "are"
	if s.OutOfDate == 1 {
		are = "is"
	}
	head := Say(Bold(string(d.Name)), ": ", Bold(fmt.Sprint(s.OutOfDate)), fmt.Sprintf(" of %s %s out of date%s. The target is ",
		Plural(s.OutOfDate+s.OnTarget, "site", "sites"), are, tellBehind(s.Behind)), Mono(string(d.Target)), v.ready(d.Name)+"."+pinnedText(pinned, s.OutOfDate), v.lag(s))
	if peril := v.Perils[d.Name].sentence("the target"); peril != "" {
		head.Spans = append(head.Spans, Span{Text: " ⚠️ "}, Bold(upperFirst(peril)))
	}
	if s.OutOfDate > pinned {
		head.Button = &Button{Action: ActUpgrade, Label: clip("Compare and upgrade "+string(d.Name), 75), Value: string(d.Name)}
	}
	uris := v.Sites[d.Name]
	uris = uris[:min(len(uris), names)]
	if len(uris) == 0 {
		return []Line{head}
	}
	line := Item(strings.Join(cleanAll(uris), ", "))
	if more := s.OutOfDate - pinned - len(uris); more > 0 {
		line.Spans = append(line.Spans, Span{Text: fmt.Sprintf(" and %d more. Show all: ", more)},
			Mono(fmt.Sprintf("%s sites --dist %s --out-of-date", Slash, d.Name)))
	}
	return []Line{head, line}
}

// namesEach is how many sites are named of each distribution, so that a page of
// many of them stays readable.
func namesEach(dists int) int {
	switch {
	case dists <= 2:
		return tellSites
	case dists <= 4:
		return tellSites / 2
	}
	return 3
}

// tellBehind says where out-of-date sites are: ", on atrium-1.0.0", ": 3 on
// atrium-1.0.0, 2 on atrium-1.1.0".
func tellBehind(behind []PlatformCount) string {
	if len(behind) == 1 {
		return ", on " + string(behind[0].Platform.Name)
	}
	var on []string
	for i, b := range behind {
		if i == 3 {
			on = append(on, "the rest on "+Plural(len(behind)-3, "other platform", "other platforms"))
			break
		}
		on = append(on, fmt.Sprintf("%d on %s", b.Sites, b.Platform.Name))
	}
	return ": " + strings.Join(on, ", ")
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

func cleanAll[S ~string](in []S) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = Clean(string(s), 80)
	}
	return out
}

func (v DigestView) footer(page string) Line {
	var name, when, where []Span
	if v.Name != "" {
		name = []Span{{Text: "Digest " + Clean(v.Name, 40)}}
	}
	if !v.At.IsZero() {
		when = []Span{When(v.At)}
	}
	if page != "" {
		where = []Span{{Text: page}}
	}
	return tellFooter(name, when, where)
}
