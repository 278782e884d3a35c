package bot

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/fleet"
)

// Bounds that Render keeps by itself; the rest is held by Check and Fit.
const (
	maxHeader = 150   // plain_text of a header
	maxText   = 3000  // top-level text: chat.update refuses over 4,000
	maxSpan   = 2900  // runes of one span; text objects fail near 2,958
	maxRich   = 2500  // runes of one rich_text block, so that Fit can split between blocks
	maxFields = 10    // of a section
	maxAll    = 12000 // runes of all blocks; msg_blocks_too_long comes at about 13,200
)

// Rendered is a message in Slack's terms. Text is mrkdwn and already escaped;
// it is what notifications and screen readers get. A Rendered without Blocks is
// shown as Text alone.
type Rendered struct {
	Text   string        `json:"text"`
	Blocks []slack.Block `json:"blocks,omitempty"`
	File   string        `json:"-"` // the bytes of a file that is sent instead, with Text beside it
	Alt    string        `json:"-"` // what is to be seen on the file, which is a PNG then; "" for a text
	Mark   string        `json:"-"` // part of the file's name, to find it again
}

// Render draws m as Block Kit. It always gives a message that can be read, in
// the order Title, Lines, Fields, Table, More, Buttons, Footer; whether it also
// keeps Slack's limits as a whole is for Fit to see to. The same message is
// drawn the same. A Form is not drawn: see modal.go.
func Render(m fleet.Message) Rendered {
	var blocks []slack.Block
	lines := m.Lines
	if m.Title != "" {
		blocks = append(blocks, header(m.Tone, m.Title))
	} else if mark := toneMark(m.Tone); mark != "" && len(lines) > 0 {
		first := lines[0]
		first.Spans = append([]fleet.Span{{Text: mark}}, first.Spans...)
		lines = append([]fleet.Line{first}, lines[1:]...)
	}
	blocks = append(blocks, paragraphs(m.Subject, lines)...)
	blocks = append(blocks, fields(m.Fields)...)
	if m.Table != nil {
		blocks = append(blocks, table(*m.Table)...)
	}
	blocks = append(blocks, paragraphs(m.Subject, m.More)...)
	blocks = append(blocks, actions(m.Subject, m.Buttons)...)
	if len(m.Footer.Spans) > 0 {
		blocks = append(blocks, contextLine(m.Footer))
	}
	text := m.Text
	if strings.TrimSpace(sanitize(text)) == "" {
		text = summary(m)
	}
	if len(blocks) == 0 {
		blocks = richText([]fleet.Line{fleet.Say(text)})
	}
	return Rendered{Text: sentence(text), Blocks: blocks}
}

// summary stands in for a Text that was left out, so that no notification is
// empty.
func summary(m fleet.Message) string {
	if m.Title != "" {
		return m.Title
	}
	for _, l := range m.Lines {
		if s := strings.TrimSpace(plainLine(l)); s != "" {
			return s
		}
	}
	return "distrobot has something to show."
}

// header draws a title. Shortcodes stay literal (emoji false): a foreign name
// must not turn into a green tick.
func header(tone fleet.Tone, title string) slack.Block {
	return slack.NewHeaderBlock(plainObject(toneMark(tone)+title, maxHeader))
}

// toneMark dresses a message with its mood. The words say it too.
func toneMark(t fleet.Tone) string {
	switch t {
	case fleet.Good:
		return "✅ "
	case fleet.Warn:
		return "⚠️ "
	case fleet.Bad:
		return "❌ "
	}
	return ""
}

func plainObject(s string, n int) *slack.TextBlockObject {
	s = plain(s, n)
	if strings.TrimSpace(s) == "" {
		s = "–" // a text object must hold at least one character
	}
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}

// digest tells whether two renderings look the same.
func (r Rendered) digest() string {
	raw, err := json.Marshal(r)
	if err != nil {
		return "" // never equal to what was shown: it is sent, and Slack decides
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:12])
}
