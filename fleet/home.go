package fleet

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A HomeView is what one person's page is made of. Everything in it was read for
// that person: what they may not see is not there.
type HomeView struct {
	Who       Actor
	Role      Role
	Unsure    bool // Slack could not tell the role: it counts as Reader until it can
	Now       time.Time
	Plans     []Plan          // not final, newest first
	Mine      map[PlanID]bool // those of them that a Confirm of this person would count for
	May       map[Offer]bool  // of Offers, the buttons that this person could press now
	Tasks     []Task          // not ended, newest first
	Standings []Standing
	Muted     []Distribution         // that announce nothing for now
	Own       map[DistName]time.Time // what this person left out of the page, and until when; see Mutes
	Snoozed   []Announcement         // put away for a while
	Perils    map[DistName]Peril     // whose sites are exposed
	Sources   Library                // of advisories: its Feeds alone
	Trend     Trend                  // of the whole fleet, up to now
}

// homeItems is how many things each part of a page names. Slack shows at most
// 100 blocks, and nobody reads them.
const homeItems = 8

// TellHome draws a person's page, a message for each part: what waits for them,
// what they wait for, what is under way, what is out of date, what is muted, and
// how to ask.
func TellHome(v HomeView) []Message {
	if v.Role == Nobody {
		return []Message{{Text: "You are not among the people who may use distrobot here.",
			Lines: []Line{Say("You are not among the people who may use distrobot here. Whoever set it up can add you.")}}}
	}
	out := []Message{v.waiting()}
	if m := v.asked(); len(m.Lines) > 0 {
		out = append(out, m)
	}
	out = append(out, v.moving(), v.outOfDate())
	if m := v.exposed(); len(m.Lines) > 0 {
		out = append(out, m)
	}
	for _, m := range []Message{v.mutes(), v.quiet()} {
		if len(m.Lines) > 0 {
			out = append(out, m)
		}
	}
	return append(out, v.help())
}

// decides reports whether a plan waits for this person: for their vote, or, if it
// is paused, for the Continue or Stop of somebody who may.
func (v HomeView) decides(p Plan) bool {
	return v.Mine[p.ID] || p.State == PlanPaused && v.mayAny(pausedOffers(p))
}

// waiting lists what this person can decide or answer.
func (v HomeView) waiting() Message {
	var lines []Line
	for _, t := range v.Tasks {
		if t.State == TaskHeld && v.mayAny(heldOffers(t)) {
			cur, _ := t.Current()
			lines = append(lines, openable(subjectOfTask(t), Bold(t.title()), fmt.Sprintf(" waits for a person at the step “%s” on host %s.",
				Clean(cur.Label(), 60), Clean(string(t.Host), 60))))
		}
	}
	for _, p := range v.Plans {
		switch {
		case !v.decides(p):
		case p.State == PlanPaused:
			lines = append(lines, openable(SubjectOf(AboutPlan, string(p.ID)), Bold(planTitle(p)), " is paused. "+upperFirst(tellSentence(p.Reason))+" Continue or stop it."))
		default:
			lines = append(lines, openable(SubjectOf(AboutPlan, string(p.ID)), Bold(planTitle(p)), " waits for your decision", votesText(p), ". Asked by ",
				By(p.Requester), ", ", When(p.Created), "; it expires ", When(p.Expires), "."))
		}
	}
	m := Message{Title: "Waits for you", Text: "Nothing waits for you."}
	if n := len(lines); n > 0 {
		m.Title = "Waits for you: " + Plural(n, "decision", "decisions")
		m.Text = Plural(n, "decision waits", "decisions wait") + " for you."
	}
	m.Lines = atMost(lines, "plans", "Nothing waits for you.")
	if v.Unsure {
		m.Lines = append([]Line{Say("Slack cannot tell your role at the moment, so this is what everybody sees.")}, m.Lines...)
	}
	return m
}

// asked lists this person's own requests that wait for others.
func (v HomeView) asked() Message {
	m := Message{Title: "You asked for", Text: "Your requests that wait for others."}
	var lines []Line
	for _, p := range v.Plans {
		if p.Requester.ID != v.Who.ID || v.decides(p) {
			continue
		}
		switch p.State {
		case PlanReading:
			lines = append(lines, openable(SubjectOf(AboutPlan, string(p.ID)), Bold(planTitle(p)), " is being compared."))
		case PlanProposed:
			lines = append(lines, openable(SubjectOf(AboutPlan, string(p.ID)), Bold(planTitle(p)), " waits for somebody else's decision", votesText(p),
				"; it expires ", When(p.Expires), "."))
		}
	}
	if len(lines) > 0 {
		m.Lines = atMost(lines, "plans", "")
	}
	return m
}

// moving lists plans and tasks under way, with how far they are.
func (v HomeView) moving() Message {
	var lines []Line
	for _, p := range v.Plans {
		if v.leftOut(p.Distribution) && p.Requester.ID != v.Who.ID {
			continue
		}
		if p.State == PlanApproved || p.State == PlanRunning || p.State == PlanPaused {
			lines = append(lines, openable(SubjectOf(AboutPlan, string(p.ID)), append([]any{Bold(planTitle(p)), ": "}, planProgress(p)...)...))
		}
	}
	for _, t := range v.Tasks {
		if t.Plan != "" || t.State != TaskRunning && t.State != TaskQueued {
			continue
		}
		at := "waits for the worker of host " + Clean(string(t.Host), 60)
		if t.State == TaskRunning {
			at = tellStep(t)
		}
		lines = append(lines, openable(subjectOfTask(t), Bold(t.title()), ": "+at+". Asked by ", By(t.By), ", ", When(t.Created), "."))
	}
	m := Message{Title: "Under way", Text: "Nothing is under way.", Lines: atMost(lines, "tasks --open", "Nothing is under way.")}
	if n := len(lines); n > 0 {
		m.Text = Plural(n, "thing is", "things are") + " under way."
	}
	return m
}

// planProgress says how far a plan is: a bar, the number of sites, the time left
// and the site it is at.
func planProgress(p Plan) []any {
	all := len(moving(p))
	over := all - len(p.in(SiteWaiting, SiteRunning, SiteHeld))
	out := []any{tellBar(over, all) + PlanView{Plan: p}.wave() + p.leftText()}
	switch now := p.in(SiteRunning); {
	case p.State == PlanPaused:
		out = append(out, "; paused.")
	case p.State == PlanApproved:
		out = append(out, "; about to begin.")
	case len(now) == 1:
		out = append(out, "; now ", Mono(Clean(string(now[0].URI), 80)), ".")
	case len(now) > 1:
		out = append(out, "; now ", Mono(Clean(string(now[0].URI), 80)), fmt.Sprintf(" and %d more.", len(now)-1))
	default:
		out = append(out, ".")
	}
	return out
}

// outOfDate counts the sites that are behind, by distribution, the most first.
func (v HomeView) outOfDate() Message {
	behind := v.behind()
	total := 0
	var lines []Line
	for _, s := range behind {
		total += s.OutOfDate
		name := Clean(string(s.Distribution.Name), 60)
		l := Say(Bold(name), ": ", fmt.Sprintf("%d of %s", s.OutOfDate, Plural(s.OutOfDate+s.OnTarget, "site is", "sites are"))+
			" not on "+Clean(string(s.Distribution.Target), 110)+" yet.")
		if v.May[upgradeOffer(s)] {
			l.Button = &Button{Action: ActUpgrade, Label: clip("Compare and upgrade "+name, 75), Value: string(s.Distribution.Name)}
		}
		lines = append(lines, l)
	}
	none := "Every site is on its upgrade target."
	if len(v.Own) > 0 {
		none = "Of what you have not muted, every site is on its upgrade target."
	}
	m := Message{Title: "Out of date", Text: none, Lines: atMost(lines, "sites --out-of-date", none)}
	if total > 0 {
		m.Title = "Out of date: " + Plural(total, "site", "sites")
		m.Text = Plural(total, "site is", "sites are") + " out of date."
	}
	if line := TellHistory(v.Trend); line != "" {
		m.Lines = append(m.Lines, Say(line))
	}
	return m
}

// openable is a line with a button to the message of a subject.
func openable(s Subject, parts ...any) Line {
	l := Say(parts...)
	l.Button = &Button{Action: ActOpen, Label: "Open", Value: string(s)}
	return l
}

// subjectOfTask is whose message shows a task.
func subjectOfTask(t Task) Subject {
	if t.Shows != "" {
		return t.Shows
	}
	return SubjectOf(AboutTask, string(t.ID))
}

func planTitle(p Plan) string { return Clean(p.Title, 150) }

// votesText says how many of several approvals a plan has: " (1 of 2 approvals; one
// more is needed, from @client)".
func votesText(p Plan) string {
	if p.Rule.Terms().Total() < 2 {
		return ""
	}
	return " (" + strings.TrimSuffix(StillNeeded(p), ".") + ")"
}

// atMost cuts a part of the page; what is left out is counted, with the command
// that lists all. none stands for an empty part.
func atMost(lines []Line, command, none string) []Line {
	if len(lines) == 0 {
		return []Line{Say(none)}
	}
	if len(lines) <= homeItems {
		return lines
	}
	rest := len(lines) - homeItems
	return append(slices.Clip(lines[:homeItems]), Say("and "+Plural(rest, "more", "more")+". All of them: ", Mono(Slash+" "+command)))
}
