package fleet

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// look tells what was seen of a site; the id is "HOST/TASK".
func (n *Narrator) look(ctx context.Context, id string) (Message, error) {
	host, task, _ := strings.Cut(id, "/")
	l := Look{Host: HostName(host), Task: TaskID(task)}
	if err := One(ctx, n.Store, &l, "look of task "+Clean(task, 40)); err != nil {
		return Message{}, err
	}
	pictures, err := Pictures(ctx, n.Store, l)
	return TellLook(l, pictures), err
}

// Pictures reads the pictures of a look. One that is not kept any more has its
// words, and no PNG.
func Pictures(ctx context.Context, s Store, l Look) ([]Picture, error) {
	var rows []*Picture
	var recs []Record
	for _, p := range l.Pages {
		if p.Picture > 0 {
			row := &Picture{Host: l.Host, Task: l.Task, N: p.Picture, Alt: TellSight(p)}
			rows, recs = append(rows, row), append(recs, row)
		}
	}
	if len(recs) == 0 {
		return nil, nil
	}
	if _, err := s.Read(ctx, recs...); err != nil {
		return nil, err
	}
	var out []Picture
	for _, row := range rows {
		out = append(out, *row)
	}
	return out, nil
}

// TellLook tells what was seen: every page by its numbers, and the pictures.
func TellLook(l Look, pictures []Picture) Message {
	site := Clean(string(l.Site), 110)
	over, unsure := l.Count()
	gone := !slices.ContainsFunc(pictures, func(p Picture) bool { return len(p.PNG) > 0 })
	m := Message{Title: clip("How "+site+" would look", 150)}
	if !gone {
		m.Pictures = pictures
	}
	pages := Plural(len(l.Pages), "picture", "pictures")
	switch {
	case over > 0:
		m.Tone = Warn
		m.Text = fmt.Sprintf("%s would look otherwise after its move: %d of %s differ by more than they may.", site, over, pages)
	case l.Unable != "":
		m.Tone = Warn
		m.Text = fmt.Sprintf("The pages of %s could not be looked at: %s", site, tellSentence(l.Unable))
	case unsure > 0:
		m.Tone = Warn
		m.Text = fmt.Sprintf("Of %d of %s of %s nothing can be told; the others look as before.", unsure, pages, site)
	default:
		m.Tone = Good
		m.Text = fmt.Sprintf("%s would look after its move as it does now: %s compared, none differs by more than it may.", site, pages)
	}
	m.Lines = []Line{Say(m.Text)}
	for _, p := range l.Pages {
		m.Lines = append(m.Lines, Item(p.mark()+" "+upperFirst(TellSight(p))+"."))
	}
	if unsure > 0 && l.Policy == LookOrSkip {
		m.Lines = append(m.Lines, Say("What cannot be looked at is skipped, as the policy says (look: skip)."))
	}
	if len(l.Blocked) > 0 {
		m.Lines = append(m.Lines, Say("The pages asked other hosts in vain, before and after: "+Clean(strings.Join(l.Blocked, ", "), 300)+"."))
	}
	if gone && slices.ContainsFunc(l.Pages, func(p Sight) bool { return p.Picture > 0 }) {
		m.Lines = append(m.Lines, Say("Its pictures are not kept any more."))
	}
	m.Footer = tellFooter([]Span{{Text: "Task "}, Mono(string(l.Task))}, []Span{When(l.At)})
	return m
}

// mark says by a sign what the words say too.
func (s Sight) mark() string {
	switch {
	case s.Over():
		return "❗"
	case s.Unsure() || s.Wrong != "":
		return "❔"
	}
	return "✅"
}

// Looks reports whether a held task waits for somebody to look at pictures, or
// where there are none, to say that it may go on without.
func (t Task) Looks() bool {
	cur, ok := t.Current()
	return ok && t.State == TaskHeld && (cur.Name == StepLookAfter || cur.Name == StepLookBefore)
}

// tellLooking explains a task that waits for somebody to look.
func tellLooking(m *Message, t Task) {
	m.Lines = []Line{
		Say("It waits for a person. " + tellSentence(t.Reason)),
		Item(Bold("Continue, it looks right"), ": the site is moved."),
		Item(Bold("Retry the pictures"), ": the pictures are taken anew."),
		Item(Bold("Roll back"), ": the copy is deleted; the site stays as it is."),
	}
}

// lookAnswers are the answers to a task that waits for somebody to look.
func lookAnswers(t Task) []Button {
	id := string(t.ID)
	return []Button{
		{Action: ActLooks, Label: "Continue, it looks right", Value: id, Style: Primary, Confirm: &Ask{Title: "Does it look right?",
			Text: "The site is moved now, whatever the pictures show.", Yes: "Go on", No: "Not now"}},
		{Action: ActAgain, Label: "Retry the pictures", Value: id},
		{Action: ActGiveUp, Label: "Roll back", Value: id, Style: Danger, Confirm: &Ask{Title: "Roll back?",
			Text: "The copy is deleted and the site stays as it is.", Yes: "Roll back", No: "Not now"}},
	}
}
