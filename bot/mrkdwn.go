package bot

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/fleet"
)

// Only section fields and context blocks are mrkdwn, because Slack has no
// richer element for two columns and small print. Every span is escaped on its
// own; what is markup here was written by us around it.

// fields draws label and value pairs in two columns, ten to a section.
func fields(fs []fleet.Field) []slack.Block {
	var out []slack.Block
	for len(fs) > 0 {
		n := min(len(fs), maxFields)
		var objects []*slack.TextBlockObject
		for _, f := range fs[:n] {
			objects = append(objects, mrkdwnObject("*"+Escape(f.Label, 200)+"*\n"+mrkdwn(f.Value.Spans, 1700)))
		}
		out = append(out, slack.NewSectionBlock(nil, objects, nil))
		fs = fs[n:]
	}
	return out
}

// contextLine draws small print.
func contextLine(l fleet.Line) slack.Block {
	return slack.NewContextBlock("", mrkdwnObject(mrkdwn(l.Spans, 1900)))
}

// sentence draws the top-level text of a message, with its moments in the reader's
// time zone.
func sentence(text string) string {
	if strings.TrimSpace(sanitize(text)) == "" {
		return ""
	}
	return mrkdwn([]fleet.Span{{Text: text}}, maxText)
}

// mrkdwn draws spans, n runes at most; spans beyond that are left out whole so
// that no markup of ours is cut open.
func mrkdwn(spans []fleet.Span, n int) string {
	var b strings.Builder
	left := n
	for _, s := range fleet.InZones(spans) {
		piece := mrkdwnSpan(s, left-2)
		size := utf8.RuneCountInString(piece)
		if size > left {
			b.WriteString(ellipsis)
			break
		}
		b.WriteString(piece)
		left -= size
	}
	if strings.TrimSpace(b.String()) == "" {
		return "–"
	}
	return b.String()
}

// mrkdwnSpan draws one span. Decoration that Slack would not recognise beside a
// letter is the price of mrkdwn; nothing foreign depends on it.
func mrkdwnSpan(s fleet.Span, n int) string {
	switch {
	case userID.MatchString(s.User):
		return "<@" + s.User + ">"
	case roomID.MatchString(s.Room):
		return "<#" + s.Room + ">"
	case !s.Time.IsZero():
		text := strings.ReplaceAll(Escape(*fallback(s.Text, s), 100), "|", "/")
		return fmt.Sprintf("<!date^%d^%s|%s>", s.Time.Unix(), dateFormat, text)
	case safeURL(s.URL) != "":
		label := strings.ReplaceAll(Escape(s.Text, min(n, 300)), "|", "/")
		return "<" + strings.ReplaceAll(s.URL, "&", "&amp;") + "|" + label + ">"
	case s.Code:
		return code(s.Text, n)
	case s.Bold && strings.TrimSpace(s.Text) != "":
		return "*" + Escape(strings.TrimSpace(s.Text), n-2) + "*"
	}
	return Escape(s.Text, n)
}

// code sets text in a fixed-width face. Within it only entities act; a back
// quote would end it and becomes an apostrophe.
func code(s string, n int) string {
	s = strings.TrimSpace(strings.ReplaceAll(sanitize(s), "`", "'"))
	if s == "" {
		return ""
	}
	s = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(clip(s, max((n-2)/5, 1)))
	return "`" + s + "`"
}

func mrkdwnObject(s string) *slack.TextBlockObject {
	// verbatim: nothing in the text becomes a link or mention by itself.
	return &slack.TextBlockObject{Type: slack.MarkdownType, Text: s, Verbatim: true}
}
