package fleet

import (
	"context"
	"fmt"
	"strings"
)

// A RefreshView is what the message of offered newer packages is made of.
type RefreshView struct {
	Refresh      Refresh
	Distribution Distribution
	Platform     Platform // built, or being built, of it; zero if none
	Task         Task     // of the build under way; zero if none
	Log          []LogLine
	Counts       []PlatformCount
}

// tellMoves is how many moves a message names one by one.
const tellMoves = 12

// TellRefresh tells which packages have newer versions although nothing was
// committed, and what became of the offer.
func TellRefresh(v RefreshView) Message {
	r := v.Refresh
	m := Message{Title: clip(v.headline(), 150), Footer: tellFooter([]Span{{Text: "Looked at "}, When(r.At)})}
	switch {
	case r.State == RefreshSuperseded:
		m.Text = fmt.Sprintf("This offer of newer packages for %s is over: another look or build has replaced it.", r.Distribution)
		m.Lines = []Line{Say(m.Text)}
	case r.State == RefreshOpen:
		v.open(&m)
	case v.Platform.State == PlatformReady:
		m.Tone = Good
		m.Text = fmt.Sprintf("%s is built with %s.", r.Platform, v.count())
		m.Lines = append([]Line{Say("Built as ", Mono(Clean(string(r.Platform), 110)), ", ordered by ", By(r.By), "."),
			Say(tellTarget(v.Platform, v.Distribution, v.Counts)...)}, v.moves()...)
		m.Buttons = []Button{v.changesButton()}
	case v.Platform.State == PlatformRetired:
		m.Text = fmt.Sprintf("%s was built with %s and is retired.", r.Platform, v.count())
		m.Lines = []Line{Say(m.Text)}
	case v.Platform.State == PlatformFailed:
		v.failed(&m)
	default:
		v.building(&m)
	}
	return m
}

// count says "12 newer packages".
func (v RefreshView) count() string {
	return Plural(v.Refresh.Total, "newer package", "newer packages")
}

// headline says "atrium: 12 packages have newer versions, 2 major", or what became
// of them.
func (v RefreshView) headline() string {
	r := v.Refresh
	built := fmt.Sprintf("%s %s with %s", r.Distribution, tellVersion(r.Ref), v.count())
	switch {
	case r.State != RefreshOrdered:
	case v.Platform.State == PlatformReady, v.Platform.State == PlatformRetired:
		return built + " is built"
	case v.Platform.State == PlatformFailed:
		return built + " could not be built"
	default:
		return "Building " + built
	}
	text := fmt.Sprintf("%s: %s", r.Distribution, Plural(r.Total, "package has a newer version", "packages have newer versions"))
	if r.Majors > 0 {
		text += fmt.Sprintf(", %d major", r.Majors)
	}
	return text
}

func (v RefreshView) open(m *Message) {
	r := v.Refresh
	m.Text = v.headline() + ". " + tellCounts(r.Distribution, v.Counts)
	m.Lines = append(m.Lines, Say("Nothing was committed; ", Mono(Clean(string(r.Base), 110)), " would hold these if it were built today:"))
	m.Lines = append(m.Lines, v.moves()...)
	if r.Note != "" {
		m.Tone = Warn
		m.Lines = append(m.Lines, Say("⚠️ "+tellSentence(r.Note)))
	}
	m.Lines = append(m.Lines, Say(tellCounts(r.Distribution, v.Counts)))
	m.Buttons = []Button{v.buildButton("Build "), v.changesButton()}
}

func (v RefreshView) building(m *Message) {
	step := tellStep(v.Task)
	if step == "" {
		step = "waiting for a worker"
	}
	m.Text = fmt.Sprintf("%s is being built with %s: %s.", v.Refresh.Platform, v.count(), step)
	m.Lines = append(v.moves(), Say("⏳ Building as ", Mono(Clean(string(v.Refresh.Platform), 110)), ": "+step+"."), Say("Ordered by ", By(v.Refresh.By), "."))
	m.More = tellLog(v.Task, v.Log)
	m.Buttons = append([]Button{v.changesButton()}, cancelBuild(v.Task)...)
}

func (v RefreshView) failed(m *Message) {
	m.Tone = Bad
	reason := tellSentence(v.Platform.Reason)
	if reason == "" {
		reason = "The reason is in the log of the task."
	}
	m.Text = fmt.Sprintf("Building %s with %s failed: %s", v.Refresh.Distribution, v.count(), reason)
	m.Lines = []Line{Say("The build failed: " + reason), Say("No site was touched."), tellTaskLog(v.Platform.Task)}
	m.Buttons = []Button{v.buildButton("Build again: "), v.changesButton()}
}

func (v RefreshView) buildButton(verb string) Button {
	what := fmt.Sprintf("%s%s %s with them", verb, v.Refresh.Distribution, tellVersion(v.Refresh.Ref))
	return Button{Action: ActRefresh, Label: clip(what, 75), Value: v.Refresh.ID, Style: Primary}
}

func (v RefreshView) changesButton() Button {
	return Button{Action: ActMoves, Label: "Changes", Value: v.Refresh.ID}
}

// moves lists the first moves.
func (v RefreshView) moves() []Line {
	var out []Line
	for i, mv := range v.Refresh.Moves {
		if i == tellMoves {
			break
		}
		out = append(out, Item(TellMove(mv)))
	}
	if more := v.Refresh.Total - len(out); more > 0 {
		out = append(out, Item(fmt.Sprintf("and %d more", more)))
	}
	return out
}

// TellMove says what became of one package: "views 3.24 → 3.25",
// "panels 7.x-3.x-dev moved by 4 commits".
func TellMove(m Move) string {
	name, from, to := Clean(m.Package, 80), Clean(m.From, 60), Clean(m.To, 60)
	line, _, dev := strings.Cut(m.To, "#")
	was, _, _ := strings.Cut(m.From, "#")
	switch {
	case m.Change == Added:
		return fmt.Sprintf("%s %s is new", name, to)
	case m.Change == Removed:
		return fmt.Sprintf("%s %s is gone", name, from)
	case dev && line == was && m.Commits > 0:
		return fmt.Sprintf("%s %s moved by %s", name, Clean(line, 60), Plural(m.Commits, "commit", "commits"))
	case dev && line == was:
		return fmt.Sprintf("%s %s moved from %s to %s", name, Clean(line, 60), strings.TrimPrefix(from, line+"#"), strings.TrimPrefix(to, line+"#"))
	case m.From == m.To:
		return fmt.Sprintf("%s %s changed", name, to)
	case m.Major:
		return fmt.Sprintf("%s %s → %s (major)", name, from, to)
	}
	return fmt.Sprintf("%s %s → %s", name, from, to)
}

func (n *Narrator) refresh(ctx context.Context, id string) (Message, error) {
	v := RefreshView{Refresh: Refresh{ID: id}}
	if err := One(ctx, n.Store, &v.Refresh, "offer "+Clean(id, 60)); err != nil {
		return Message{}, err
	}
	v.Distribution = Distribution{Name: v.Refresh.Distribution}
	recs := []Record{&v.Distribution}
	if v.Refresh.Platform != "" {
		v.Platform.Name = v.Refresh.Platform
		recs = append(recs, &v.Platform)
	}
	if _, err := n.Store.Read(ctx, recs...); err != nil {
		return Message{}, err
	}
	var err error
	if v.Counts, err = n.counts(ctx, v.Refresh.Distribution); err != nil {
		return Message{}, err
	}
	v.Task, v.Log, err = n.building(ctx, v.Platform)
	return TellRefresh(v), err
}
