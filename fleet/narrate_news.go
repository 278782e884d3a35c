package fleet

import (
	"fmt"
	"strings"
)

// A NewsView is what an announcement's message is made of.
type NewsView struct {
	News         Announcement
	Distribution Distribution
	Platform     Platform        // built, or being built, from it; zero if none
	Task         Task            // of the build under way; zero if none
	Log          []LogLine       // the end of its log
	Counts       []PlatformCount // where the distribution's sites are now
	Peril        Peril           // how exposed they are, and what was built would mend
}

// what names the version on offer: "atrium 1.1.0", "atrium at 1a2b3c4".
func (v NewsView) what() string {
	if v.News.To.IsTag() {
		return fmt.Sprintf("%s %s", v.News.Distribution, tellVersion(v.News.To))
	}
	return fmt.Sprintf("%s at %s", v.News.Distribution, tellVersion(v.News.To))
}

// headline says what is new in a few words.
func (v NewsView) headline() string {
	a := v.News
	switch {
	case a.Rewritten && a.To.IsTag():
		return fmt.Sprintf("%s: tag %s was moved", a.Distribution, tellVersion(a.To))
	case a.Rewritten:
		return fmt.Sprintf("%s: the history of %s was rewritten", a.Distribution, Clean(a.To.Short(), 60))
	case a.State == NewsBuilding:
		return "Building " + v.what()
	case a.State == NewsBuilt:
		return v.what() + " is built"
	case a.State == NewsFailed:
		return v.what() + " could not be built"
	case a.To.IsTag():
		return v.what() + " is available"
	case a.Total > 0:
		return fmt.Sprintf("%s: %s on %s", a.Distribution, Plural(a.Total, "new commit", "new commits"), Clean(a.To.Short(), 60))
	}
	return fmt.Sprintf("%s: %s has moved", a.Distribution, Clean(a.To.Short(), 60))
}

// TellNews tells what a tracked repository newly offers, and what became of it.
func TellNews(v NewsView) Message {
	a := v.News
	m := Message{Title: v.headline(), Footer: tellFooter([]Span{{Text: "Seen "}, When(a.At)}, v.links())}
	switch a.State {
	case NewsBuilding:
		v.building(&m)
	case NewsBuilt:
		v.built(&m)
	case NewsFailed:
		v.failed(&m)
	case NewsIgnored:
		m.Text = fmt.Sprintf("%s is ignored.", upperFirst(v.what()))
		m.Lines = append(m.Lines, Say("Ignored by ", By(a.By), ". To have it offered again: ",
			Mono(fmt.Sprintf("%s ignore %s %s --off", Slash, a.Distribution, Clean(a.To.Short(), 60)))))
	case NewsSuperseded:
		m.Text = fmt.Sprintf("A newer version of %s has replaced this announcement.", a.Distribution)
		m.Lines = append(m.Lines, Say(m.Text))
	default:
		v.open(&m)
	}
	return m
}

func (v NewsView) open(m *Message) {
	a := v.News
	means := tellCounts(a.Distribution, v.Counts)
	m.Text = v.headline() + ". " + means
	if a.Rewritten {
		m.Tone = Warn
		m.Lines = append(m.Lines, Say(v.warning()))
	}
	m.Lines = append(m.Lines, v.security()...)
	m.Lines = append(m.Lines, v.peril()...)
	m.Lines = append(m.Lines, v.note()...)
	m.Lines = append(m.Lines, v.changes()...)
	m.Lines = append(m.Lines, Say(means))
	m.Lines = append(m.Lines, v.waits()...)
	if a.State == NewsSnoozed {
		m.Text = fmt.Sprintf("The announcement of %s is snoozed.", v.what())
		m.Lines = append(m.Lines, Say("Snoozed by ", By(a.By), " until ", When(a.Until), "."))
		m.Buttons = []Button{v.changesButton()}
		return
	}
	m.Buttons = []Button{v.buildButton("Build " + v.what()), v.changesButton(),
		{Action: ActSnooze, Label: "Snooze for a day", Value: a.ID}}
}

// security says that the announced version says so of itself; nobody checked it.
func (v NewsView) security() []Line {
	if !v.News.Security {
		return nil
	}
	return []Line{Say("🔒 ", Bold("Security release"), ": its own notes say that it mends a security hole.")}
}

// peril says how exposed the sites are that this is for. Until it is built nobody
// knows what it would mend.
func (v NewsView) peril() []Line {
	text := v.Peril.sentence("this version")
	if text == "" {
		return nil
	}
	return []Line{Say("⚠️ ", Bold(upperFirst(text)), " ", Mono(Slash+" advisories "+Clean(string(v.News.Distribution), 60)))}
}

// note quotes what the tag or its release says.
func (v NewsView) note() []Line {
	var out []Line
	for line := range strings.SplitSeq(v.News.Note, "\n") {
		if line != "" {
			out = append(out, Line{Quote: true, Spans: []Span{{Text: line}}})
		}
	}
	return out
}

// waits says from when on a version counts as ready, if that is a matter of
// hours; a burst that is waited for is over in a moment.
func (v NewsView) waits() []Line {
	a := v.News
	if v.Distribution.Policy.Wait == 0 || a.Ripe.IsZero() || a.Security && v.Distribution.Policy.Hurry {
		return nil
	}
	what := "It counts as ready from "
	if v.Distribution.Policy.Build == Automatic {
		what = "It is built by itself from "
	}
	return []Line{Say(what, When(a.Ripe), " on. To have it sooner, press Build.")}
}

// warning says why a rewritten ref is not a plain upgrade.
func (v NewsView) warning() string {
	a := v.News
	from := ""
	if a.From.Commit != "" {
		from = fmt.Sprintf(" It pointed to %s before and points to %s now.", ShortCommit(a.From.Commit), ShortCommit(a.To.Commit))
	}
	if a.To.IsTag() {
		return "A published tag should not change." + from + " Ask its authors before you build it."
	}
	return "The commits known before are not part of the new history, so this is not a plain upgrade." + from + " Look at the changes before you build it."
}

// changes lists the newest commits and what else is new.
func (v NewsView) changes() []Line {
	a := v.News
	var out []Line
	if a.To.IsTag() && a.Total > 0 && a.From.Commit != "" && !a.Rewritten {
		out = append(out, Say(fmt.Sprintf("%s since %s:", Plural(a.Total, "commit", "commits"), tellVersion(a.From))))
	}
	for i, c := range a.Commits {
		if i == tellCommits {
			break
		}
		out = append(out, TellCommit(c))
	}
	if more := max(a.Total, len(a.Commits)) - min(len(a.Commits), tellCommits); more > 0 && len(a.Commits) > 0 {
		out = append(out, Say(fmt.Sprintf("and %s.", Plural(more, "more commit", "more commits"))))
	}
	for _, c := range a.Locks {
		out = append(out, TellLock(c, tellLockRows))
	}
	if len(a.Others) > 0 {
		out = append(out, Say("Other new versions: "+tellList(a.Others, 5)+"."))
	}
	return out
}

// TellCommit is one commit as a list item.
func TellCommit(c Commit) Line {
	line := Item(Mono(ShortCommit(Clean(c.Hash, 64))), " "+Clean(c.Subject, 120))
	if c.Author != "" {
		line.Spans = append(line.Spans, Span{Text: " (" + Clean(c.Author, 40) + ")"})
	}
	return line
}

func (v NewsView) building(m *Message) {
	step := tellStep(v.Task)
	if step == "" {
		step = "waiting for a worker"
	}
	m.Text = fmt.Sprintf("%s is being built: %s.", v.what(), step)
	m.Lines = append(v.changes(), Say("⏳ Building as ", Mono(Clean(string(v.News.Platform), 110)), ": "+step+"."))
	if v.News.By.ID != "" {
		m.Lines = append(m.Lines, Say("Ordered by ", By(v.News.By), "."))
	}
	m.More = tellLog(v.Task, v.Log)
	m.Buttons = append([]Button{v.changesButton()}, cancelBuild(v.Task)...)
}

func (v NewsView) built(m *Message) {
	m.Tone = Good
	took := ""
	if d := tellTook(v.Platform); d != "" {
		took = " in " + d
	}
	m.Text = fmt.Sprintf("%s is built as %s%s.", v.what(), Clean(string(v.News.Platform), 110), took)
	done := Say("Built as ", Mono(Clean(string(v.News.Platform), 110)), took)
	if v.News.By.ID != "" {
		done.Spans = append(done.Spans, Span{Text: ", ordered by "}, By(v.News.By))
	}
	done.Spans = append(done.Spans, Span{Text: "."})
	m.Lines = append(append([]Line{done, Say(tellTarget(v.Platform, v.Distribution, v.Counts)...)}, v.peril()...), v.changes()...)
	m.Buttons = []Button{v.changesButton()}
}

func (v NewsView) failed(m *Message) {
	m.Tone = Bad
	reason := tellSentence(v.Platform.Reason)
	if reason == "" {
		reason = "The reason is in the log of the task."
	}
	m.Text = fmt.Sprintf("Building %s failed: %s", v.what(), reason)
	m.Lines = []Line{Say("The build failed: " + reason), Say("No site was touched.")}
	m.Buttons = []Button{v.buildButton("Build " + v.what() + " again"), v.changesButton()}
}

func (v NewsView) buildButton(label string) Button {
	b := Button{Action: ActBuild, Label: clip(label, 75), Value: v.News.ID, Style: Primary}
	if v.News.Rewritten {
		b.Style = Danger
		title := "Build rewritten history?"
		if v.News.To.IsTag() {
			title = "Build the moved tag?"
		}
		b.Confirm = &Ask{Title: title, Text: clip(v.warning(), 290), Yes: "Build", No: "Not now"}
	}
	return b
}

func (v NewsView) changesButton() Button {
	return Button{Action: ActChanges, Label: "Changes", Value: v.News.ID}
}

func (v NewsView) links() []Span {
	var out []Span
	for _, l := range []Span{Link("Compare on the web", v.News.Web), Link("Release notes", v.News.Page)} {
		if l.URL == "" {
			continue
		}
		if len(out) > 0 {
			out = append(out, Span{Text: " · "})
		}
		out = append(out, l)
	}
	return out
}
