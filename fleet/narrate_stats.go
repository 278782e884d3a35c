package fleet

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// statsRollouts is how many versions an answer lists.
const statsRollouts = 5

// TellStats draws the figures of upgrades, with over which time they are.
func TellStats(s Stats, now Trend) Message {
	m := Message{Title: "Upgrades of the whole fleet", Text: s.text(), Lines: []Line{Say(s.text())}}
	if s.Distribution != "" {
		m.Title = "Upgrades of " + Clean(string(s.Distribution), 60)
	}
	if line := TellTrend(now); line != "" {
		m.Lines = append(m.Lines, Say(line))
	}
	m.Fields = append(s.lastSite(), s.rates()...)
	m.Fields = append(m.Fields, s.window()...)
	m.Table = s.versions()
	m.Footer = Say(s.period())
	return m
}

// text is the outcome in a sentence.
func (s Stats) text() string {
	if s.Moves() == 0 {
		return "No site was moved in " + lastDays(s.Asked) + "."
	}
	return fmt.Sprintf("Of %s in %s, %s.", Plural(s.Moves(), "move", "moves"), lastDays(s.Asked), Plural(s.Done, "went well", "went well"))
}

func lastDays(d time.Duration) string {
	return "the last " + Plural(int(d/(24*time.Hour)), "day", "days")
}

// share is a part of a whole: "97.5 % (39 of 40)".
func share(part, whole int) string {
	if whole == 0 {
		return "—"
	}
	return fmt.Sprintf("%.1f %% (%d of %d)", 100*float64(part)/float64(whole), part, whole)
}

func (s Stats) rates() []Field {
	return []Field{
		{"Success", Say(share(s.Done, s.Moves()))},
		{"Rolled back", Say(share(s.Back, s.Moves()))},
		{"Left for a person", Say(share(s.Broken, s.Moves()))},
		{"Brought back by people", Say(Plural(s.Returned, "site", "sites"))},
	}
}

// lastSite says how long versions took to reach the last site.
func (s Stats) lastSite() []Field {
	took := s.took()
	if len(took) == 0 {
		return []Field{{"From tag to last site", Say("—")}}
	}
	return []Field{{"From tag to last site", Say(fmt.Sprintf("median %s, of %s", tellLong(Quantile(took, 0.5)), Plural(len(took), "version", "versions")))}}
}

// took gives the times of the rollouts that reached the last site, sorted.
func (s Stats) took() []time.Duration {
	var out []time.Duration
	for _, r := range s.Rollouts {
		if !r.Done.IsZero() {
			out = append(out, r.Took())
		}
	}
	slices.Sort(out)
	return out
}

// window says how long sites answered 503, where that was measured.
func (s Stats) window() []Field {
	if len(s.Windows) == 0 {
		return []Field{{"Window", Say("—")}}
	}
	return []Field{{"Window", Say(fmt.Sprintf("median %s, 95 %% within %s, longest %s; measured at %s",
		tellSeconds(Quantile(s.Windows, 0.5)), tellSeconds(Quantile(s.Windows, 0.95)), tellSeconds(s.Windows[len(s.Windows)-1]), Plural(len(s.Windows), "move", "moves")))}}
}

// versions lists the newest rollouts.
func (s Stats) versions() *Table {
	if len(s.Rollouts) == 0 {
		return nil
	}
	t := &Table{Header: []string{"Upgrade target", "Announced", "Sites", "Last site", "Took"}, Right: []bool{false, false, true}}
	for _, r := range s.Rollouts[:min(len(s.Rollouts), statsRollouts)] {
		last, took := "under way", "—"
		switch {
		case !r.Done.IsZero():
			last, took = Moment(r.Done), tellLong(r.Took())
		case !r.Over.IsZero():
			last = "another target came first"
		case r.Sites == 0:
			last = "no site had to move"
		}
		t.Rows = append(t.Rows, []string{Clean(string(r.Platform), 110), Moment(r.Announced), fmt.Sprint(r.Sites), last, took})
	}
	return t
}

// period says over which time the figures are, and what they leave out.
func (s Stats) period() string {
	out := fmt.Sprintf("Counted: moves of %s since %s", Plural(s.Plans, "plan", "plans"), Moment(s.From))
	if s.Left > 0 {
		out += fmt.Sprintf(", without %s before them", Plural(s.Left, "plan", "plans"))
	}
	if s.Keep > 0 && s.Keep < s.Asked {
		out += fmt.Sprintf("; of what ended more than %s ago nothing is kept", Plural(int(s.Keep/(24*time.Hour)), "day", "days"))
	}
	return out + fmt.Sprintf(". Versions: the last %d upgrade targets of a distribution.", MaxRollouts)
}

// tellLong is a time of minutes to months: "34 days", "2 days 3 h", "5 min 10 s".
func tellLong(d time.Duration) string {
	day := 24 * time.Hour
	switch {
	case d >= 10*day:
		return Plural(int(d/day), "day", "days")
	case d >= day:
		return strings.TrimSuffix(fmt.Sprintf("%s %d h", Plural(int(d/day), "day", "days"), int(d%day/time.Hour)), " 0 h")
	}
	return tellDuration(d)
}

// tellSeconds is a short time to the tenth of a second.
func tellSeconds(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return tellDuration(d)
}
