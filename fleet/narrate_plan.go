package fleet

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A PlanView is what a plan's message is made of.
type PlanView struct {
	Plan   Plan
	Tasks  map[TaskID]Task // of the sites that are running or held, for the step they are at
	Frozen []Freeze        // of everything and of its distribution, also those that are over
	Now    time.Time       // when it is shown
	Gone   map[URI]bool    // sites it moved that cannot go back any more: moved on, or without their old copy
	Kept   time.Time       // until when every other one can; zero where that is not known
	Tried  []Rehearsal     // of the sites of an undecided plan, as far as they still say something
	Advice Advice          // what advisories say of the upgrade of an undecided plan
}

// planWords are the verbs of a kind of plan.
type planWords struct{ noun, past, doing string }

func (k PlanKind) words() planWords {
	switch k {
	case Migrate:
		return planWords{"migration", "moved", "moving"}
	case Rollback:
		return planWords{"rollback", "rolled back", "rolling back"}
	}
	return planWords{"upgrade", "upgraded", "upgrading"}
}

// TellPlan tells of a plan in any state. Only a proposed plan carries Confirm
// and Cancel; a final one carries at most a way to try again or go back.
func TellPlan(v PlanView) Message {
	p := v.Plan
	m := Message{Title: Clean(p.Title, 150)}
	switch p.State {
	case PlanReading:
		m.Text = fmt.Sprintf("Reading the facts of %s before the comparison is shown.", Plural(len(p.Sites), "site", "sites"))
		m.Lines = []Line{Say("⏳ " + m.Text)}
	case PlanProposed:
		v.proposed(&m)
	case PlanApproved, PlanRunning, PlanPaused:
		v.running(&m)
	case PlanDone, PlanFailed:
		v.ended(&m)
	default:
		v.dropped(&m)
	}
	m.Footer = v.footer()
	return m
}

// moving are the sites that the plan moves: all but those left out.
func moving(p Plan) []PlanSite {
	var out []PlanSite
	for _, s := range p.Sites {
		if s.Progress != SiteLeftOut {
			out = append(out, s)
		}
	}
	return out
}

// in gives the sites that stand at one of the states, in their order.
func (p Plan) in(states ...SiteProgress) []PlanSite {
	var out []PlanSite
	for _, s := range p.Sites {
		for _, x := range states {
			if s.Progress == x {
				out = append(out, s)
			}
		}
	}
	return out
}

func uris(sites []PlanSite) []URI {
	out := make([]URI, len(sites))
	for i, s := range sites {
		out[i] = s.URI
	}
	return out
}

func (v PlanView) proposed(m *Message) {
	p := v.Plan
	n := len(moving(p))
	sum := v.summary()
	m.Text = fmt.Sprintf("A decision is needed: %s%s. %s", lowerFirst(Clean(p.Title, 200)), planLeft(p, n), sum)
	m.Fields = []Field{
		{"From", Say(Mono(Clean(string(p.From), 110)))}, {"To", Say(Mono(Clean(string(p.To), 110)))},
		{"Asked by", Say(By(p.Requester))}, {"Expires", Say(When(p.Expires))},
	}
	if p.Reason != "" {
		m.Lines = append(m.Lines, Say(tellSentence(p.Reason)))
	}
	m.Lines = append(m.Lines, Say(Bold(sum)))
	m.Lines = append(m.Lines, v.Advice.dated()...)
	m.Lines = append(m.Lines, TellFindings(p.Notes, tellNotes)...)
	m.Lines = append(m.Lines, planSites(p)...)
	m.Lines = append(m.Lines, tellWaves(p)...)
	m.Lines = append(m.Lines, v.holding()...)
	m.Lines = append(m.Lines, tellTried(v.Tried, n)...)
	m.Table = TellRows(p.Rows, p.More, tellRows)
	if p.Quorum > 1 || !p.Rule.Plain() {
		m.More = append(m.More, planVotes(p))
	}
	v.decision(m, n)
}

// planLeft says how many sites of the scope do not move.
func planLeft(p Plan, n int) string {
	if out := len(p.Sites) - n; out > 0 {
		return fmt.Sprintf(" (%s left out)", Plural(out, "site", "sites"))
	}
	return ""
}

// planSites names the sites that move and, apart, those left out.
func planSites(p Plan) []Line {
	var out []Line
	if ss := moving(p); len(ss) > 0 {
		out = append(out, Say(Bold(Plural(len(ss), "site", "sites")+": "), tellList(uris(ss), tellSites)))
	}
	left := p.untold()
	for i, s := range left {
		if i == tellSites {
			out = append(out, Item(fmt.Sprintf("%d more are left out.", len(left)-tellSites)))
			break
		}
		out = append(out, Item("Left out: ", tellAbout(s)))
	}
	return out
}

// untold are the sites left out whose reason is not among the blocks that the
// message names.
func (p Plan) untold() []PlanSite {
	told := map[Finding]bool{}
	for _, f := range p.Notes[:min(len(p.Notes), tellNotes)] {
		told[f] = true
	}
	return slices.DeleteFunc(p.in(SiteLeftOut), func(s PlanSite) bool { return told[Finding{Block: true, Site: s.URI, Text: s.Note}] })
}

// tellAbout is the note of a site, which names the site if the note does not.
func tellAbout(s PlanSite) string {
	note := tellSentence(s.Note)
	if strings.Contains(note, string(s.URI)) {
		return note
	}
	return strings.TrimSpace(Clean(string(s.URI), 80) + ". " + note)
}

// TellFinding is a block or warning as a list item.
func TellFinding(f Finding) Line {
	word := "⚠️ Warning: "
	if f.Block {
		word = "⛔ Blocked: "
	}
	if f.Site != "" {
		return Item(word+Clean(string(f.Site), 80)+": ", tellSentence(f.Text))
	}
	return Item(word, tellSentence(f.Text))
}

func planVotes(p Plan) Line {
	line := Say(StillNeeded(p))
	for i, a := range p.Votes {
		sep := ", "
		if i == 0 {
			sep = " So far: "
		}
		line.Spans = append(line.Spans, Span{Text: sep}, By(a.Who))
	}
	return line
}

// decision adds the buttons of a proposed plan. Nothing can be confirmed when
// no site would move or a block holds for all.
func (v PlanView) decision(m *Message, n int) {
	p, w := v.Plan, v.Plan.Kind.words()
	value := PlanValue(p.ID, p.Revision)
	blocked := n == 0
	for _, f := range p.Notes {
		blocked = blocked || f.Block && f.Site == ""
	}
	if p.Kind != Rollback {
		m.Buttons = append(m.Buttons, Button{Action: ActCompare, Label: "Compare in full", Value: value})
	}
	if blocked {
		m.Tone = Warn
		m.More = append(m.More, Say("No site can be moved as things are, so there is nothing to confirm."))
	} else {
		m.Buttons = append(m.Buttons, v.vote(w, n))
		if p.Kind != Rollback {
			m.Buttons = append(m.Buttons, Button{Action: ActRehearse, Label: "Rehearse", Value: value})
		}
	}
	if len(p.Sites) > 1 && !blocked {
		m.Buttons = append(m.Buttons, Button{Action: ActWithout, Label: "Compare and choose sites", Value: value})
	}
	m.Buttons = append(m.Buttons, Button{Action: ActCancel, Label: "Cancel", Value: value})
}

// vote is the button that confirms a plan: Schedule where a freeze or closed
// windows put its beginning off.
func (v PlanView) vote(w planWords, n int) Button {
	p, sites := v.Plan, Plural(n, "site", "sites")
	verb, action := "Confirm", ActConfirm
	if len(v.holding()) > 0 {
		verb, action = "Schedule", ActSchedule
	}
	return Button{Action: action, Label: fmt.Sprintf("%s %s of %s", verb, w.noun, sites), Value: PlanValue(p.ID, p.Revision), Style: Primary,
		Confirm: &Ask{Title: fmt.Sprintf("%s %s of %s?", verb, w.noun, sites), Text: v.ask(n), Yes: verb, No: "Not now"}}
}

// dropped tells of a plan that ended before anything was done.
func (v PlanView) dropped(m *Message) {
	p := v.Plan
	switch p.State {
	case PlanCancelled:
		m.Text = fmt.Sprintf("%s was cancelled; nothing was changed.", Clean(p.Title, 200))
		m.Lines = []Line{Say("Cancelled by ", By(p.By), ", ", When(p.Ended), ". Nothing was changed.")}
	case PlanExpired:
		m.Text = fmt.Sprintf("%s expired; nothing was changed.", Clean(p.Title, 200))
		m.Lines = []Line{Say("Nobody decided before ", When(p.Expires), ", so this plan has expired. Nothing was changed.")}
		m.Buttons = []Button{{Action: ActRetry, Label: "Retry with a fresh plan", Value: PlanValue(p.ID, p.Revision)}}
	default:
		m.Text = fmt.Sprintf("%s was replaced; nothing was changed by it.", Clean(p.Title, 200))
		m.Lines = []Line{Say("This plan is no longer true. " + tellSentence(p.Reason))}
		if p.Replacement != "" {
			m.Lines = append(m.Lines, Say("A fresh plan was posted in its place: ", Mono(string(p.Replacement)), "."))
			m.Buttons = []Button{{Action: ActCompare, Label: "Compare by the fresh plan", Value: PlanValue(p.Replacement, 0)}}
		}
	}
}

// footer names the plan and who decided it.
func (v PlanView) footer() Line {
	p := v.Plan
	var took []Span
	if n := len(p.Votes); n > 0 && p.State != PlanProposed && !p.Ended.IsZero() {
		took = []Span{{Text: "Took " + tellDuration(p.Ended.Sub(p.Votes[n-1].At).Round(time.Millisecond))}}
	}
	return tellFooter([]Span{{Text: "Plan "}, Mono(string(p.ID)), {Text: fmt.Sprintf(", revision %d", p.Revision)}}, took)
}

// TellRows is the side-by-side table of a comparison, at most limit rows; nil
// when nothing differs. more counts rows that were not kept.
func TellRows(rows []Row, more, limit int) *Table {
	if len(rows) == 0 {
		return nil
	}
	t := &Table{Header: []string{"Package", "From", "To", "Change"}}
	for i, r := range rows {
		if i == limit {
			break
		}
		t.Rows = append(t.Rows, []string{tellCell(r.Package, 60), tellCell(r.From, 30), tellCell(r.To, 30), tellChange(r)})
	}
	if rest := len(rows) + more - len(t.Rows); rest > 0 {
		t.Rows = append(t.Rows, []string{Plural(rest, "more package", "more packages"), "…", "…", "…"})
	}
	return t
}

// tellCell is never empty: Slack refuses an empty cell.
func tellCell(s string, n int) string {
	if s = Clean(s, n); s == "" {
		return "—"
	}
	return s
}

func tellChange(r Row) string {
	s := tellCell(string(r.Change), 30)
	if r.Major() {
		s += " to another major version"
	}
	if r.Blocks {
		s += " (blocked)"
	}
	if r.Pending > 0 {
		s += ", " + Plural(r.Pending, "database update", "database updates")
	}
	return s
}
