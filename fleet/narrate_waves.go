package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Bounds of what the message of a large plan names.
const (
	tellHosts  = 10 // hosts in the table of progress
	tellGroups = 6  // reasons for failures
	tellNames  = 4  // sites of one reason
)

// TellFreeze tells of a freeze: until when, by whom and why.
func TellFreeze(f Freeze) Line {
	return Say("❄️ ", Bold("Frozen"), ": no upgrade of "+f.Of()+" begins before ", When(f.Until), ". ", By(f.By), " says: "+tellSentence(f.Reason))
}

// large reports whether a plan's message counts sites instead of naming each.
func (p Plan) large() bool { return len(moving(p)) > successLines }

// tellWaves says how many sites move in which wave, and what bounds them; nil
// for a single site.
func tellWaves(p Plan) []Line {
	if p.Waves < 2 {
		return nil
	}
	count := make([]int, p.Waves+1)
	var first []URI
	for _, s := range p.Sites {
		if s.Progress == SiteLeftOut || s.Wave < 1 || s.Wave > p.Waves {
			continue
		}
		if count[s.Wave]++; s.Wave == 1 {
			first = append(first, s.URI)
		}
	}
	parts := []string{tellList(first, 3) + " first"}
	for i, n := range count[2:] {
		if i == 6 {
			parts = append(parts, fmt.Sprintf("and so on in %d waves", p.Waves))
			break
		}
		parts = append(parts, fmt.Sprintf("then %d", n))
	}
	text := strings.Join(parts, ", ")
	room := p.room()
	if limit := room.all; p.large() {
		text += fmt.Sprintf("; at most %d at once", limit)
		if p.PerHost > 0 {
			text += fmt.Sprintf(", %d on a host", p.PerHost)
		}
	}
	return []Line{Say(Bold("Waves: "), text+". ", p.tolerance())}
}

func (p Plan) tolerance() string {
	switch {
	case p.Failures < 0:
		return "Failures do not stop it."
	case p.Failures == 0:
		return "It pauses at the first failure."
	}
	return fmt.Sprintf("It pauses after more than %s.", Plural(p.Failures, "failure", "failures"))
}

// holding tells of freezes, and of windows that are closed.
func (v PlanView) holding() []Line {
	var out []Line
	if v.Plan.Kind == Rollback || v.Plan.Stopped || v.Plan.State.Final() {
		return nil
	}
	if f := longest(v.Frozen, v.Now); f != nil {
		out = append(out, TellFreeze(*f))
	}
	n, first := 0, time.Time{}
	for _, s := range v.Plan.Sites {
		if at := time.Unix(s.Opens, 0); s.unstarted() && at.After(v.Now) && s.Opens > 0 {
			if n++; first.IsZero() || at.Before(first) {
				first = at
			}
		}
	}
	if n > 0 {
		out = append(out, Say("🕙 "+Plural(n, "site waits for its maintenance window, which opens ", "sites wait for their maintenance windows; the first opens "), When(first), "."))
	}
	return out
}

// idle reports whether a plan only waits for a time.
func (v PlanView) idle() bool { return v.Plan.waveOver() && len(v.holding()) > 0 }

// left estimates how long the sites that are not finished will take: what one
// took so far, times those left, by how many are under way at once. It is zero
// while too little is known. Waiting for windows is no part of it.
func (p Plan) left() time.Duration {
	done, took, busy, open := 0, time.Duration(0), 0, 0
	for _, s := range p.Sites {
		switch {
		case s.Progress == SiteDone && s.Took > 0:
			done++
			took += s.Took.Std()
		case s.Progress == SiteRunning:
			busy++
			open++
		case s.Progress == SiteWaiting:
			open++
		}
	}
	if done < 3 || busy == 0 {
		return 0
	}
	rounds := (open + busy - 1) / busy
	return took / time.Duration(done) * time.Duration(rounds)
}

// leftText is left as people say it: ", about 12 min left".
func (p Plan) leftText() string {
	switch d := p.left(); {
	case d == 0:
		return ""
	case d < time.Minute:
		return ", less than a minute left"
	case d < 2*time.Hour:
		return fmt.Sprintf(", about %d min left", int((d+time.Minute/2)/time.Minute))
	default:
		return fmt.Sprintf(", about %d h left", int((d+time.Hour/2)/time.Hour))
	}
}

// hostTable counts the sites of a large plan by host and state, the hosts with
// the most to do first; nil for one host.
func (p Plan) hostTable() *Table {
	type row struct {
		host                     HostName
		done, busy, failed, left int
	}
	var rows []row
	at := map[HostName]int{}
	for _, s := range moving(p) {
		i, known := at[s.Host]
		if !known {
			i = len(rows)
			at[s.Host], rows = i, append(rows, row{host: s.Host})
		}
		r := &rows[i]
		r.done += bit(s.Progress == SiteDone)
		r.busy += bit(s.Progress == SiteRunning || s.Progress == SiteHeld)
		r.failed += bit(s.Progress == SiteBack || s.Progress == SiteBroken)
		r.left += bit(s.Progress == SiteWaiting || s.Progress == SiteUntested)
	}
	if len(rows) < 2 {
		return nil
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(b.left+b.busy, a.left+a.busy), cmp.Compare(a.host, b.host))
	})
	t := &Table{Header: []string{"Host", "Finished", "Under way", "Failed", "To go"}, Right: []bool{false, true, true, true, true}}
	rest := row{}
	for i, r := range rows {
		if i >= tellHosts {
			rest.done, rest.busy, rest.failed, rest.left = rest.done+r.done, rest.busy+r.busy, rest.failed+r.failed, rest.left+r.left
			continue
		}
		t.Rows = append(t.Rows, []string{tellCell(string(r.host), 60), fmt.Sprint(r.done), fmt.Sprint(r.busy), fmt.Sprint(r.failed), fmt.Sprint(r.left)})
	}
	if more := len(rows) - tellHosts; more > 0 {
		t.Rows = append(t.Rows, []string{Plural(more, "more host", "more hosts"), fmt.Sprint(rest.done), fmt.Sprint(rest.busy), fmt.Sprint(rest.failed), fmt.Sprint(rest.left)})
	}
	return t
}

// A failGroup is the sites that failed alike.
type failGroup struct {
	progress SiteProgress
	note     string
	sites    []PlanSite
}

// failGroups gathers failed sites by what became of them and why, the largest
// group first. A reason that names its site counts as that of the others.
func (p Plan) failGroups() []failGroup {
	var out []failGroup
	for _, s := range p.in(SiteBroken, SiteHeld, SiteBack) {
		note := strings.ReplaceAll(s.Note, string(s.URI), "the site")
		i := slices.IndexFunc(out, func(g failGroup) bool { return g.progress == s.Progress && g.note == note })
		if i < 0 {
			i, out = len(out), append(out, failGroup{progress: s.Progress, note: note})
		}
		out[i].sites = append(out[i].sites, s)
	}
	slices.SortStableFunc(out, func(a, b failGroup) int { return cmp.Compare(len(b.sites), len(a.sites)) })
	return out
}

// failLines tells of the failures of a large plan: by reason, with the first
// names of each.
func (v PlanView) failLines() []Line {
	groups := v.Plan.failGroups()
	var out []Line
	named := 0
	for i, g := range groups {
		if i == tellGroups {
			rest := 0
			for _, more := range groups[i:] {
				rest += len(more.sites)
			}
			out = append(out, Item(fmt.Sprintf("and %s for other reasons.", Plural(rest, "site", "sites"))))
			break
		}
		if len(g.sites) == 1 {
			out = append(out, v.siteLine(g.sites[0]))
			named++
			continue
		}
		named += min(len(g.sites), tellNames)
		out = append(out, Item(g.mark(), Bold(fmt.Sprintf("%d sites", len(g.sites))), " "+g.text(), " ", tellList(uris(g.sites), tellNames)+"."))
	}
	if all := len(v.Plan.in(SiteBroken, SiteBack)); all > named {
		out = append(out, Say("Each of them with its reason: ", Mono(fmt.Sprintf("%s plan %s --failed", Slash, v.Plan.ID))))
	}
	return out
}

func (g failGroup) mark() string {
	if g.progress == SiteHeld {
		return "✋ "
	}
	return "❌ "
}

func (g failGroup) text() string {
	note := upperFirst(tellSentence(clip(g.note, 160)))
	switch g.progress {
	case SiteHeld:
		return strings.TrimSpace("wait for a person. " + note)
	case SiteBroken:
		return strings.TrimSpace("failed and need a person now. " + note)
	}
	kept := "They stay on the old platform:"
	if g.sites[0].Pinned {
		kept = "They are back on the old platform, pinned:"
	}
	return strings.TrimSpace("failed. "+note) + " " + kept
}

// progress tells where the sites of a plan under way, or ended, stand.
func (v PlanView) progress(m *Message) {
	if !v.Plan.large() {
		m.Lines = append(m.Lines, v.siteLines()...)
		return
	}
	m.Lines = append(m.Lines, v.failLines()...)
	var counts []string
	for _, state := range []SiteProgress{SiteRunning, SiteDone, SiteWaiting, SiteUntested, SiteLeftOut} {
		if n := len(v.Plan.in(state)); n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, stateWords(state, v.Plan.Kind)))
		}
	}
	if len(counts) > 0 {
		m.Lines = append(m.Lines, Say(upperFirst(strings.Join(counts, ", "))+"."))
	}
	if now := v.Plan.in(SiteRunning); len(now) > 0 {
		m.Lines = append(m.Lines, Say("Now: ", tellList(uris(now), tellNames), "."))
	}
	m.Table = v.Plan.hostTable()
}

// these says "1 site", "these 3 sites".
func these(n int) string {
	if n == 1 {
		return "1 site"
	}
	return fmt.Sprintf("these %d sites", n)
}

// failButtons offers to try the failed sites again and to bring those back that
// failed after their switch.
func (v PlanView) failButtons(m *Message) {
	p, value := v.Plan, PlanValue(v.Plan.ID, v.Plan.Revision)
	failed, broken := p.in(SiteBack, SiteBroken), p.in(SiteBroken)
	if len(failed) == 0 || p.Kind == Rollback {
		return
	}
	pinned := 0
	for _, s := range failed {
		pinned += bit(s.Pinned)
	}
	text := fmt.Sprintf("A fresh plan is posted for just %s, and somebody has to confirm it.", these(len(failed)))
	switch {
	case pinned == 1 && len(failed) == 1:
		text += " It was pinned because it failed; your word unpins it."
	case pinned == 1:
		text += " 1 of them was pinned because it failed; your word unpins it."
	case pinned > 1:
		text += fmt.Sprintf(" %d of them were pinned because they failed; your word unpins them.", pinned)
	}
	m.Buttons = append(m.Buttons, Button{Action: ActRetry, Label: "Retry " + these(len(failed)), Value: value,
		Confirm: &Ask{Title: clip("Retry "+these(len(failed))+"?", 100), Text: text, Yes: "Retry", No: "Not now"}})
	if len(broken) > 0 {
		m.Buttons = append(m.Buttons, Button{Action: ActUnmoved, Label: "Roll back " + these(len(broken)) + " that need" + third(len(broken)) + " a person", Value: value})
	}
}
