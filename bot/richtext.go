package bot

import (
	"net/url"
	"regexp"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/fleet"
)

// userID is what Slack's ids of people look like; anything else that claims to
// be one is shown as text.
var userID = regexp.MustCompile(`^[UW][A-Z0-9]{1,20}$`)

// roomID is what Slack's ids of public and private channels look like.
var roomID = regexp.MustCompile(`^[CG][A-Z0-9]{1,20}$`)

// maxBeside bounds a paragraph with a button beside it, in runes.
const maxBeside = 1900

// dateFormat shows a moment in the reader's time zone.
const dateFormat = "{date_short_pretty} at {time}"

// richText draws paragraphs, list items and quotes as rich_text blocks. Their
// text elements know neither markup nor mentions, so foreign text goes in as it
// is. Neighbouring items are one list. A block ends at about maxRich runes.
func richText(lines []fleet.Line) []slack.Block {
	var out []slack.Block
	var elements []slack.RichTextElement
	size := 0
	flush := func() {
		if len(elements) > 0 {
			out = append(out, slack.NewRichTextBlock("", elements...))
		}
		elements, size = nil, 0
	}
	for i := 0; i < len(lines); {
		run, n := runOf(lines[i:])
		if size+n > maxRich {
			flush()
		}
		if e := element(lines[i:i+run], len(elements) > 0); e != nil {
			elements = append(elements, e)
			size += n
		}
		i += run
	}
	flush()
	return out
}

// paragraphs draws lines as richText does, except for those with a button beside
// them. Only sections carry one, so these are mrkdwn, each span escaped.
func paragraphs(about fleet.Subject, lines []fleet.Line) []slack.Block {
	var out []slack.Block
	for from := 0; from < len(lines); {
		to := from
		for to < len(lines) && lines[to].Button == nil {
			to++
		}
		out = append(out, richText(lines[from:to])...)
		if to < len(lines) {
			out = append(out, beside(about, lines[to]))
			to++
		}
		from = to
	}
	return out
}

// beside draws a paragraph with its button. The block's id is that of an actions
// block, so that a press tells what it was pressed on.
func beside(about fleet.Subject, l fleet.Line) slack.Block {
	b := *l.Button
	el := button(b, map[string]int{})
	s := slack.NewSectionBlock(mrkdwnObject(mrkdwn(l.Spans, maxBeside)), nil, slack.NewAccessory(el))
	s.BlockID = actionsID(about, 0, []fleet.Button{b})
	return s
}

// runOf counts the leading lines that are one element (a paragraph, or
// neighbouring items or quotes up to about maxRich runes), and their runes.
func runOf(lines []fleet.Line) (run, size int) {
	run, size = 1, lineSize(lines[0])
	first := lines[0]
	for run < len(lines) && (first.Item && lines[run].Item || first.Quote && lines[run].Quote && !first.Item) {
		n := lineSize(lines[run])
		if size+n > maxRich {
			break
		}
		run, size = run+1, size+n
	}
	return run, size
}

// element draws one paragraph, or several items or quotes. A paragraph
// that follows another element begins on a line of its own: sections of one
// rich_text block are otherwise set close together.
func element(lines []fleet.Line, follows bool) slack.RichTextElement {
	first := lines[0]
	switch {
	case first.Item:
		var items []slack.RichTextElement
		for _, l := range lines {
			if e := inline(l.Spans); len(e) > 0 {
				items = append(items, slack.NewRichTextSection(e...))
			}
		}
		if len(items) == 0 {
			return nil
		}
		return slack.NewRichTextList(slack.RTEListBullet, 0, items...)
	case first.Quote:
		return quote(lines)
	}
	e := inline(first.Spans)
	if len(e) == 0 {
		return nil
	}
	if follows {
		e = append([]slack.RichTextSectionElement{slack.NewRichTextSectionTextElement("\n", nil)}, e...)
	}
	return slack.NewRichTextSection(e...)
}

// quote draws neighbouring quotes as one, a line each.
func quote(lines []fleet.Line) slack.RichTextElement {
	var all []slack.RichTextSectionElement
	for _, l := range lines {
		e := inline(l.Spans)
		if len(e) > 0 && len(all) > 0 {
			all = append(all, slack.NewRichTextSectionTextElement("\n", nil))
		}
		all = append(all, e...)
	}
	if len(all) == 0 {
		return nil
	}
	return &slack.RichTextQuote{Type: slack.RTEQuote, Elements: all}
}

// inline draws the spans of a line, maxSpan runes in all; empty ones are left
// out, since Slack refuses empty text elements.
func inline(spans []fleet.Span) []slack.RichTextSectionElement {
	var out []slack.RichTextSectionElement
	left := maxSpan
	for _, s := range fleet.InZones(spans) {
		text := plain(s.Text, left)
		left = max(left-utf8.RuneCountInString(text), 1)
		style := styleOf(s)
		switch {
		case userID.MatchString(s.User):
			out = append(out, slack.NewRichTextSectionUserElement(s.User, style))
		case roomID.MatchString(s.Room):
			out = append(out, slack.NewRichTextSectionChannelElement(s.Room, style))
		case !s.Time.IsZero():
			d := slack.NewRichTextSectionDateElement(s.Time.Unix(), dateFormat, nil, fallback(text, s))
			d.Style = style
			out = append(out, d)
		case safeURL(s.URL) != "":
			out = append(out, slack.NewRichTextSectionLinkElement(safeURL(s.URL), text, style))
		case text != "":
			out = append(out, slack.NewRichTextSectionTextElement(text, style))
		}
	}
	return out
}

func fallback(text string, s fleet.Span) *string {
	if text == "" {
		text = fleet.When(s.Time).Text
	}
	return &text
}

func styleOf(s fleet.Span) *slack.RichTextSectionTextStyle {
	if !s.Bold && !s.Code {
		return nil
	}
	return &slack.RichTextSectionTextStyle{Bold: s.Bold, Code: s.Code}
}

// safeURL gives raw if it may be a link: absolute, http or https, without user
// information (which disguises where it leads), at most 3,000 characters, and
// with nothing that could end a mrkdwn link early.
func safeURL(raw string) string {
	if raw == "" || len(raw) > 3000 || raw != sanitize(raw) {
		return ""
	}
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil {
		return ""
	}
	for _, r := range raw {
		if r == '<' || r == '>' || r == '|' || r == ' ' || r == '"' {
			return ""
		}
	}
	return raw
}

// lineSize counts the runes that a line will show.
func lineSize(l fleet.Line) int {
	return min(utf8.RuneCountInString(plainLine(l)), maxSpan) + 1
}

// plainLine is a line as bare text.
func plainLine(l fleet.Line) string {
	out := ""
	for _, s := range l.Spans {
		out += plain(s.Text, maxSpan)
	}
	return out
}
