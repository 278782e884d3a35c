package bot

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/slack-go/slack"
)

// A Violation is one of Slack's rules that a message breaks.
type Violation struct {
	Pointer string // JSON pointer: "/blocks/3/text/text"
	Rule    string // as in "must be at most 150 characters"
}

// String gives both, for logs.
func (v Violation) String() string { return v.Pointer + " " + v.Rule }

// Check tells which of Slack's limits a message breaks. It reads the JSON that
// will be sent, so it also sees what the library makes of our values.
func Check(r Rendered) []Violation {
	c := &checker{surface: onMessage}
	if n := utf8.RuneCountInString(r.Text); n > 4000 {
		c.add("/text", "must be at most 4000 characters, chat.update refuses more")
	} else if n == 0 {
		c.add("/text", "must not be empty")
	}
	c.all(r.Blocks)
	return c.found
}

// CheckView tells which limits a modal or an App Home breaks.
func CheckView(blocks []slack.Block) []Violation {
	c := &checker{surface: onView}
	c.all(blocks)
	return c.found
}

// A surface is where blocks are shown; limits differ.
type surface struct {
	blocks int // at most
	tables int // at most
}

var (
	onMessage = surface{blocks: 50, tables: 1}
	onView    = surface{blocks: 100, tables: 0}
)

// checker collects violations while it walks blocks as decoded JSON.
type checker struct {
	surface surface
	found   []Violation
	runes   int // of all texts
	tables  int
	ids     map[string]bool
}

// object is a JSON object.
type object = map[string]any

func (c *checker) add(pointer, format string, args ...any) {
	c.found = append(c.found, Violation{Pointer: pointer, Rule: fmt.Sprintf(format, args...)})
}

func (c *checker) all(blocks []slack.Block) {
	c.ids = map[string]bool{}
	if len(blocks) > c.surface.blocks {
		c.add("/blocks", "must have at most %d blocks, has %d", c.surface.blocks, len(blocks))
	}
	for i, b := range blocks {
		at := fmt.Sprintf("/blocks/%d", i)
		raw, err := json.Marshal(b)
		var o object
		if err == nil {
			err = json.Unmarshal(raw, &o)
		}
		if err != nil {
			c.add(at, "cannot be encoded")
			continue
		}
		c.block(at, o)
	}
	if c.tables > c.surface.tables {
		c.add("/blocks", "must have at most %d tables, has %d", c.surface.tables, c.tables)
	}
	if c.surface == onMessage && c.runes > maxAll {
		c.add("/blocks", "must have at most %d characters in all, have %d", maxAll, c.runes)
	}
}

func (c *checker) block(at string, o object) {
	if id, _ := o["block_id"].(string); id != "" {
		if utf8.RuneCountInString(id) > maxBlockID {
			c.add(at+"/block_id", "must be at most %d characters", maxBlockID)
		}
		if c.ids[id] {
			c.add(at+"/block_id", "must be unique in the message")
		}
		c.ids[id] = true
	}
	switch kind, _ := o["type"].(string); kind {
	case "header":
		c.text(at+"/text", o["text"], limit{max: maxHeader, plain: true})
	case "section":
		c.section(at, o)
	case "context":
		c.context(at, o)
	case "actions":
		c.actions(at, o)
	case "rich_text":
		c.richText(at+"/elements", o["elements"])
	case "table":
		c.table(at, o)
	case "input":
		c.input(at, o)
	case "divider":
	default:
		c.add(at+"/type", "is %q, which is not used here", kind)
	}
}

// limit bounds a text object.
type limit struct {
	max      int
	plain    bool // plain_text only
	optional bool
}

func (c *checker) text(at string, v any, l limit) {
	o, ok := v.(object)
	if !ok {
		if !l.optional {
			c.add(at, "is required")
		}
		return
	}
	if kind := o["type"]; kind != "plain_text" && (l.plain || kind != "mrkdwn") {
		c.add(at+"/type", "must not be %q", kind)
	}
	c.string(at+"/text", o["text"], l.max)
}

// string checks a text that people see: 1 to n characters.
func (c *checker) string(at string, v any, n int) {
	s, _ := v.(string)
	size := utf8.RuneCountInString(s)
	c.runes += size
	if size == 0 {
		c.add(at, "must be at least 1 character")
	}
	if size > n {
		c.add(at, "must be at most %d characters, has %d", n, size)
	}
}

// list gives a JSON array, and reports one that is too short or too long.
func (c *checker) list(at string, v any, least, most int) []any {
	l, _ := v.([]any)
	if len(l) < least || len(l) > most {
		c.add(at, "must have %d to %d items, has %d", least, most, len(l))
	}
	return l
}
