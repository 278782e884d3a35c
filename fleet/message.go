package fleet

import "time"

// A Message is what a person is shown, without any chat program's markup. All
// strings are plain text and may be foreign: whoever renders a Message escapes
// and bounds them. Order on the page: Title, Lines, Fields, Table, More,
// Buttons, Footer.
type Message struct {
	Text   string  // one full sentence with the outcome, for notifications and screen readers; required
	Title  string  // heading, up to 150 characters
	Lines  []Line  // paragraphs and list items
	Fields []Field // label and value pairs, shown in two columns
	Table  *Table  // at most one
	More   []Line  // after the table: risks, notes
	// Pictures are shown below the words, which say the same; see Picture.Alt.
	Pictures []Picture `json:",omitempty"`
	Buttons  []Button
	Footer   Line    // small print: who asked, when, which plan
	Tone     Tone    // success, warning …; shown by words as well, never by colour alone
	Sheet    *Sheet  `json:",omitempty"` // where one can be opened, it is shown instead of everything else
	Form     *Form   // instead of everything else: open this form (needs a trigger)
	Subject  Subject // set on messages that are kept up to date; empty on plain replies
	Moving   bool    // shows progress: more of the same follows soon, so edits may be spaced out; false once at rest
}

// A Tone is the mood of a message.
type Tone string

// The tones.
const (
	Neutral Tone = ""
	Good    Tone = "good"
	Warn    Tone = "warn"
	Bad     Tone = "bad"
)

// A Line is one paragraph or list item: spans beside each other.
type Line struct {
	Item   bool // a list item
	Quote  bool // foreign words, set apart
	Spans  []Span
	Button *Button `json:",omitempty"` // stands beside a paragraph, for what is said there; nil for none
}

// A Span is a run of text with one look. Text is always plain; User, Time and
// URL replace or dress it.
type Span struct {
	Text string
	Bold bool
	Code bool
	URL  string    // a link with Text as its label; http and https only
	User string    // a Slack user id to mention, with Text as fall-back
	Room string    // a Slack channel id to link to, with Text as fall-back
	Time time.Time // shown in the reader's time zone, with Text as fall-back
}

// Say makes a paragraph of strings and Spans; strings are plain text.
func Say(parts ...any) Line { return Line{Spans: spans(parts)} }

// Item makes a list item of strings and Spans.
func Item(parts ...any) Line { return Line{Item: true, Spans: spans(parts)} }

func spans(parts []any) []Span {
	out := make([]Span, 0, len(parts))
	for _, p := range parts {
		switch v := p.(type) {
		case string:
			out = append(out, Span{Text: v})
		case Span:
			out = append(out, v)
		case []Span:
			out = append(out, v...)
		}
	}
	return out
}

// Bold is text that stands out.
func Bold(s string) Span { return Span{Text: s, Bold: true} }

// Mono is text in a fixed-width face: names, commands, commits.
func Mono(s string) Span { return Span{Text: s, Code: true} }

// Link is a labelled link; a URL that is not http(s) is dropped when rendered.
func Link(label, url string) Span { return Span{Text: label, URL: url} }

// By mentions an actor (without notifying anyone who is not in Slack).
func By(a Actor) Span {
	if a.IsSlack() {
		return Span{User: a.ID, Text: a.Name}
	}
	if a.Name != "" {
		return Span{Text: a.Name}
	}
	return Span{Text: a.ID}
}

// In names a channel: a link to it when it is known by its id.
func In(channel string) Span { return Span{Text: channel, Room: channel} }

// When shows a moment in the reader's time zone.
func When(t time.Time) Span {
	return Span{Time: t, Text: Moment(t)}
}

// A Field is a label and its value.
type Field struct {
	Label string
	Value Line
}

// A Table has a header and rows of equal length. Cells are foreign text. Rows
// beyond what the medium holds are cut by the renderer, which says how many.
type Table struct {
	Caption string
	Header  []string
	Rows    [][]string
	Right   []bool // columns aligned to the right; may be shorter than Header
}

// A Button starts an action. Its label begins with one of the verbs of
// DESIGN.md section 4 (Build, Changes, Snooze, Compare, Confirm, …).
type Button struct {
	Action  string // constant per kind of button, e.g. "plan.confirm"; routes the press
	Label   string // verb and object, up to 75 characters
	Value   string // id and revision only, e.g. "plan id|3"; never facts
	Style   Style
	Confirm *Ask   // asked before the press is sent; nil sends at once
	URL     string // a link button; the press is acknowledged and ignored
}

// A Style is the weight of a button; at most one primary per message.
type Style string

// The styles.
const (
	Plain   Style = ""
	Primary Style = "primary"
	Danger  Style = "danger"
)

// An Ask is the dialog before a press: it repeats count and blast radius.
type Ask struct {
	Title, Text, Yes, No string
}

// A Form asks for several inputs at once (a modal). Submitting it runs Command
// with the values as its arguments.
type Form struct {
	Command string // verb of the command that receives the values
	Title   string // up to 24 characters
	Intro   []Line
	Inputs  []Input
	Submit  string // label of the button, up to 24 characters
	Fresh   bool   // what was filled in before was about something else: it is not kept
	State   string // handed back unchanged; an id, never a fact that authorises
}

// An Input is one field of a Form. Name is the option of the command it fills.
type Input struct {
	Name        string
	Label       string
	Hint        string
	Placeholder string
	Initial     string
	Optional    bool
	Multiline   bool
	Choices     []Choice // a select instead of a text
	Many        bool     // several of Choices may be chosen; Initial and the value given are joined by commas
	Search      bool     // a select whose choices are asked for while the person types (Draft.Search), as they are too many to list
	Redraw      bool     // the form is drawn anew when this is chosen: other inputs depend on it
	Wrong       string   // what was wrong with it, when the form is shown again
}

// A Choice is one option of a select.
type Choice struct{ Value, Label string }
