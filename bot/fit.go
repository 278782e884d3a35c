package bot

import (
	"regexp"
	"strings"

	"github.com/slack-go/slack"
)

// Fit makes a rendering keep Slack's limits, so that people are always told:
// as it is if it can be, else as several messages of which the first holds the
// buttons and the others follow in its thread, else as text alone. Every part
// passes Check. The violations that forced a change are returned for the log. What
// becomes of too many parts is for whoever sends them (see whole).
func Fit(r Rendered) ([]Rendered, []Violation) {
	broken := Check(r)
	if len(broken) == 0 {
		return []Rendered{r}, nil
	}
	parts := pages(r)
	for _, p := range parts {
		if len(Check(p)) > 0 {
			return []Rendered{textOnly(r)}, broken
		}
	}
	return parts, broken
}

// pages splits blocks over messages. What follows the last text or table, that
// is buttons and small print, stays on the first page, where people act.
func pages(r Rendered) []Rendered {
	body, tail := r.Blocks, []slack.Block(nil)
	for len(body) > 0 && closing(body[len(body)-1]) {
		tail = append([]slack.Block{body[len(body)-1]}, tail...)
		body = body[:len(body)-1]
	}
	tailSize := weigh(tail)
	var out []Rendered
	page, size, tables := []slack.Block(nil), tailSize, 0
	limit := onMessage.blocks - len(tail)
	flush := func() {
		if len(out) == 0 {
			page = append(page, tail...)
		}
		out = append(out, Rendered{Text: r.Text, Blocks: page})
		page, size, tables, limit = nil, 0, 0, onMessage.blocks
	}
	for _, b := range body {
		n, isTable := weigh([]slack.Block{b}), b.BlockType() == slack.MBTTable
		if len(page) == limit || size+n > maxAll || isTable && tables == 1 {
			flush()
		}
		page, size = append(page, b), size+n
		if isTable {
			tables++
		}
	}
	flush()
	return out
}

func closing(b slack.Block) bool {
	return b.BlockType() == slack.MBTAction || b.BlockType() == slack.MBTContext
}

// weigh counts the characters of blocks as the limit on all of them does.
func weigh(blocks []slack.Block) int {
	c := &checker{surface: onMessage}
	c.all(blocks)
	return c.runes
}

// textOnly is the last resort; its text is escaped and short already.
func textOnly(r Rendered) Rendered {
	text := r.Text
	if strings.TrimSpace(text) == "" {
		text = "distrobot has something to show, but it cannot be drawn."
	}
	return Rendered{Text: sentence(unescape(text))}
}

// dated is a moment as sentence draws it.
var dated = regexp.MustCompile(`<!date\^[0-9]+\^[^|>]*\|([^>]*)>`)

// unescape undoes sentence, so that a text of unknown origin is escaped once.
func unescape(s string) string {
	s = dated.ReplaceAllString(s, "$1")
	return strings.NewReplacer(string(breaker), "", "&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
}
