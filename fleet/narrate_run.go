package fleet

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// running tells of a plan that was confirmed and has not ended.
func (v PlanView) running(m *Message) {
	p, w := v.Plan, v.Plan.Kind.words()
	all := len(moving(p))
	over := len(p.in(SiteDone, SiteBack, SiteBroken))
	m.Lines = append(m.Lines, planConfirmed(p))
	switch {
	case p.State == PlanPaused:
		m.Tone = Warn
		after := fmt.Sprintf("Paused after %d of %s", over, Plural(all, "site", "sites"))
		if who, ok := strings.CutPrefix(p.Reason, "Paused "); ok { // by a person
			m.Text, m.Lines = after+" "+tellSentence(who), append(m.Lines, Say(Bold("Paused "+tellSentence(who))))
		} else {
			m.Text, m.Lines = after+": "+tellSentence(p.Reason), append(m.Lines, Say(Bold("Paused. "), tellSentence(p.Reason)))
		}
		v.pauseButtons(m)
	case p.State == PlanApproved && v.idle():
		m.Text = fmt.Sprintf("The %s of %s is confirmed and begins when nothing holds it back.", w.noun, Plural(all, "site", "sites"))
		v.runButtons(m)
	case p.State == PlanApproved:
		m.Text = fmt.Sprintf("The %s of %s is confirmed and about to begin.", w.noun, Plural(all, "site", "sites"))
		m.Lines = append(m.Lines, Say("The first sites are about to begin."))
	default:
		m.Moving = !v.idle()
		v.runButtons(m)
		m.Text = fmt.Sprintf("%s: %d of %s finished.", upperFirst(w.doing), over, Plural(all, "site", "sites"))
	}
	m.Lines = append(m.Lines, Say(tellBar(over, all)+v.wave()+p.leftText()))
	m.Lines = append(m.Lines, v.holding()...)
	v.progress(m)
	v.heldButtons(m)
	if p.State == PlanPaused {
		v.failButtons(m)
	}
}

func (v PlanView) wave() string {
	if v.Plan.Waves < 2 || v.Plan.Wave == 0 {
		return ""
	}
	return fmt.Sprintf(", wave %d of %d", v.Plan.Wave, v.Plan.Waves)
}

// planConfirmed says who confirmed a plan, and when.
func planConfirmed(p Plan) Line {
	if len(p.Votes) == 0 {
		return Say("Started by policy, without a press.")
	}
	line := Say("Confirmed by ")
	for i, a := range p.Votes {
		if i > 0 {
			line.Spans = append(line.Spans, Span{Text: " and "})
		}
		line.Spans = append(line.Spans, By(a.Who))
	}
	line.Spans = append(line.Spans, Span{Text: ", "}, When(p.Votes[len(p.Votes)-1].At), Span{Text: "."})
	return line
}

// siteOrder is the order of the sites in a message: trouble first.
var siteOrder = []SiteProgress{SiteBroken, SiteHeld, SiteBack, SiteRunning, SiteDone, SiteWaiting, SiteUntested, SiteLeftOut}

// siteLines tells of the sites, trouble first: at most ten of a state and
// tellLines in all, so that the message stays one. The others are counted.
func (v PlanView) siteLines() []Line {
	var out []Line
	room := tellLines
	for _, state := range siteOrder {
		sites := v.Plan.in(state)
		named := min(len(sites), tellSites, room)
		if state == SiteWaiting && len(sites) > 3 {
			named = 0
		}
		room -= named
		for _, s := range sites[:named] {
			out = append(out, v.siteLine(s))
		}
		switch rest := len(sites) - named; {
		case rest > 0 && named > 0:
			out = append(out, Item(fmt.Sprintf("and %d more %s.", rest, stateWords(state, v.Plan.Kind))))
		case rest > 0:
			out = append(out, Item(fmt.Sprintf("%s %s.", Plural(rest, "site", "sites"), stateWords(state, v.Plan.Kind))))
		}
	}
	return out
}

// stateWords says the state of several sites, after their number.
func stateWords(s SiteProgress, k PlanKind) string {
	switch s {
	case SiteDone:
		return k.words().past
	case SiteBack:
		return "failed and on the old platform"
	case SiteRunning:
		return "under way"
	case SiteHeld:
		return "waiting for a person"
	case SiteWaiting:
		return "waiting for their turn"
	}
	return string(s)
}

// siteLine tells of one site: a mark, a name, and the same in words.
func (v PlanView) siteLine(s PlanSite) Line {
	name := Bold(Clean(string(s.URI), 80))
	note := ""
	if s.Note != "" {
		note = " " + tellSentence(clip(s.Note, 160))
	}
	switch s.Progress {
	case SiteBroken:
		return Item("❌ ", name, " failed and needs a person now.", note)
	case SiteBack:
		return Item("❌ ", name, " failed.", note, " ", v.backText(s))
	case SiteHeld:
		return Item("✋ ", name, " waits for a person.", note, v.heldText(s))
	case SiteRunning:
		return Item("⏳ ", name, ": ", v.stepText(s))
	case SiteDone:
		return Item("✅ ", name, " ", v.doneText(s))
	case SiteUntested:
		return Item("➖ ", name, " was not started.")
	case SiteLeftOut:
		return Item("➖ Left out: ", tellAbout(s))
	}
	if v.Plan.State.Final() {
		return Item("➖ ", name, " was not started.")
	}
	return Item("▫️ ", name, " waits for its turn.")
}

func (v PlanView) backText(s PlanSite) string {
	if !s.Pinned {
		return fmt.Sprintf("It stays on %s.", Clean(string(s.From), 80))
	}
	return fmt.Sprintf("It is back on %s, pinned until a person unpins it.", Clean(string(s.From), 80))
}

func (v PlanView) stepText(s PlanSite) string {
	if t, ok := v.Tasks[s.Task]; ok {
		if step := tellStep(t); step != "" {
			return step
		}
	}
	if s.Step != "" {
		return Clean(s.Step, 80)
	}
	return "starting"
}

func (v PlanView) heldText(s PlanSite) string {
	t, ok := v.Tasks[s.Task]
	if t.Looks() {
		return " Its pictures are in the thread."
	}
	if cur, has := t.Current(); ok && has {
		return fmt.Sprintf(" It is not certain whether the step %q was completed.", Clean(cur.Label(), 60))
	}
	return ""
}

func (v PlanView) doneText(s PlanSite) string {
	out := v.Plan.Kind.words().past
	if s.Took > 0 {
		out += " in " + tellDuration(s.Took.Std())
	}
	if s.Window > 0 {
		out += fmt.Sprintf(", answered 503 for %.1f s", s.Window.Std().Seconds())
	}
	if s.Note != "" {
		return out + ". " + tellSentence(s.Note)
	}
	return out
}

func (v PlanView) pauseButtons(m *Message) {
	value := PlanValue(v.Plan.ID, v.Plan.Revision)
	left := len(v.Plan.in(SiteWaiting))
	label := "Continue"
	if left > 0 {
		label += " with " + Plural(left, "site", "sites")
	}
	m.Buttons = append(m.Buttons,
		Button{Action: ActContinue, Label: label, Value: value, Style: Primary,
			Confirm: &Ask{Title: "Continue this plan?", Text: fmt.Sprintf("%s still to go, in the next wave first. Each answers 503 for a moment while it is moved.",
				upperFirst(Plural(left, "site is", "sites are"))), Yes: "Continue", No: "Not now"}},
		Button{Action: ActStop, Label: "Stop here", Value: value,
			Confirm: &Ask{Title: "Stop this plan?", Text: "Sites that are finished stay as they are; the others are not touched.", Yes: "Stop", No: "Not now"}})
}

// runButtons hold a plan under way back, or end it.
func (v PlanView) runButtons(m *Message) {
	left := len(v.Plan.in(SiteWaiting))
	if left == 0 || v.Plan.Stopped {
		return
	}
	value, rest := PlanValue(v.Plan.ID, v.Plan.Revision), Plural(left, "site has", "sites have")
	m.Buttons = append(m.Buttons,
		Button{Action: ActPause, Label: "Stop for now", Value: value,
			Confirm: &Ask{Title: "Stop for now?", Text: fmt.Sprintf("%s not begun and will wait until somebody presses Continue. Sites under way end.", upperFirst(rest)), Yes: "Stop for now", No: "Go on"}},
		Button{Action: ActStop, Label: "Stop here", Value: value,
			Confirm: &Ask{Title: "Stop this plan?", Text: fmt.Sprintf("%s not begun and will not be touched. Sites under way end, and finished ones stay as they are.", upperFirst(rest)), Yes: "Stop", No: "Go on"}})
}

// heldButtons offers the answers for the first held site; others have a
// message of their own.
func (v PlanView) heldButtons(m *Message) {
	for _, s := range v.Plan.in(SiteHeld) {
		if t, ok := v.Tasks[s.Task]; ok && t.State == TaskHeld {
			m.Buttons = append(m.Buttons, heldAnswers(t)...)
			return
		}
	}
}

// ended tells of a plan that ran to its end: the outcome first, failures
// before successes.
func (v PlanView) ended(m *Message) {
	p := v.Plan
	touched := len(p.in(SiteDone, SiteBack, SiteBroken)) > 0
	outcome := planOutcome(p)
	if !touched && p.Reason != "" {
		outcome = tellSentence(p.Reason) + " No site was touched."
	}
	m.Text = outcome
	m.Lines = append(m.Lines, Say(Bold(outcome)))
	if touched && p.Reason != "" && len(p.in(SiteUntested)) > 0 {
		m.Lines = append(m.Lines, Say(tellSentence(p.Reason)))
	}
	if len(p.Votes) > 0 || touched {
		m.Lines = append(m.Lines, planConfirmed(p))
	}
	if p.By.ID != "" {
		m.Lines = append(m.Lines, Say("Last decided by ", By(p.By), "."))
	}
	v.progress(m)
	failed, done := len(p.in(SiteBack, SiteBroken)), len(p.in(SiteDone))
	m.Tone = Good
	if failed > 0 || p.State == PlanFailed {
		m.Tone = Bad
	}
	v.failButtons(m)
	v.endButtons(m, done-len(v.Gone))
}

func (v PlanView) endButtons(m *Message, done int) {
	p := v.Plan
	value := PlanValue(p.ID, p.Revision)
	if done > 0 && p.Kind != Rollback {
		m.Buttons = append(m.Buttons, Button{Action: ActUndo, Label: "Roll back " + Plural(done, "site", "sites"), Value: value})
		if !v.Kept.IsZero() {
			m.More = append(m.More, Say("It can be rolled back until ", When(v.Kept), "; the old copies are kept so long."))
		}
	}
}

// planOutcome is the result of an ended plan in one sentence, failures first.
func planOutcome(p Plan) string {
	past, to := p.Kind.words().past, Clean(string(p.To), 110)
	was := func(n int, what string) string {
		if n == 1 {
			return "1 site was " + what
		}
		return fmt.Sprintf("%d sites were %s", n, what)
	}
	var parts []string
	if n := len(p.in(SiteBroken)); n > 0 {
		parts = append(parts, Plural(n, "site", "sites")+" failed and need"+third(n)+" a person")
	}
	if n := len(p.in(SiteBack)); n > 0 {
		parts = append(parts, Plural(n, "site", "sites")+" failed and "+isAre(n)+" back on the old platform")
	}
	if n := len(p.in(SiteDone)); n > 0 {
		parts = append(parts, was(n, past+" to "+to))
	}
	if n := len(p.in(SiteUntested, SiteWaiting)); n > 0 {
		parts = append(parts, was(n, "not started"))
	}
	if n := len(p.in(SiteLeftOut)); n > 0 {
		parts = append(parts, was(n, "left out"))
	}
	if len(parts) == 0 {
		return "This plan ended before any site was touched."
	}
	return upperFirst(strings.Join(parts, "; ")) + "."
}

func third(n int) string {
	if n == 1 {
		return "s"
	}
	return ""
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}

// TellPlanEvent is one line of a plan's thread.
func TellPlanEvent(e PlanEvent) Message {
	text := tellSentence(e.Text)
	return Message{Text: text, Lines: []Line{Say(text)}, Tone: e.Tone}
}
