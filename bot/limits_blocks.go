package bot

import (
	"fmt"
	"unicode/utf8"

	"github.com/distrobot/distrobot/fleet"
)

func (c *checker) section(at string, o object) {
	fs, _ := o["fields"].([]any)
	c.text(at+"/text", o["text"], limit{max: 3000, optional: len(fs) > 0})
	if e, ok := o["accessory"].(object); ok {
		if e["type"] != "button" {
			c.add(at+"/accessory/type", "must be button")
		}
		c.button(at+"/accessory", e)
	}
	if len(fs) == 0 {
		return
	}
	for i, f := range c.list(at+"/fields", fs, 1, maxFields) {
		c.text(fmt.Sprintf("%s/fields/%d", at, i), f, limit{max: 2000})
	}
}

func (c *checker) context(at string, o object) {
	for i, e := range c.list(at+"/elements", o["elements"], 1, 10) {
		c.text(fmt.Sprintf("%s/elements/%d", at, i), e, limit{max: 3000})
	}
}

func (c *checker) actions(at string, o object) {
	ids := map[string]bool{}
	for i, v := range c.list(at+"/elements", o["elements"], 1, maxActions) {
		p := fmt.Sprintf("%s/elements/%d", at, i)
		e, _ := v.(object)
		switch {
		case e["type"] == "button":
			c.button(p, e)
		case e["type"] == "static_select" && c.surface == onView:
			c.menu(p, e)
		default:
			c.add(p+"/type", "must be button")
			continue
		}
		id, _ := e["action_id"].(string)
		if ids[id] {
			c.add(p+"/action_id", "must be unique in the block")
		}
		ids[id] = true
	}
}

func (c *checker) button(at string, e object) {
	c.text(at+"/text", e["text"], limit{max: maxLabel, plain: true})
	c.length(at+"/action_id", e["action_id"], 255)
	c.length(at+"/value", e["value"], maxValue)
	c.length(at+"/url", e["url"], 3000)
	c.length(at+"/accessibility_label", e["accessibility_label"], 75)
	if style, ok := e["style"]; ok && style != "primary" && style != "danger" {
		c.add(at+"/style", "must be primary or danger")
	}
	if d, ok := e["confirm"].(object); ok {
		c.text(at+"/confirm/title", d["title"], limit{max: 100, plain: true})
		c.text(at+"/confirm/text", d["text"], limit{max: 300})
		c.text(at+"/confirm/confirm", d["confirm"], limit{max: 30, plain: true})
		c.text(at+"/confirm/deny", d["deny"], limit{max: 30, plain: true})
	}
}

// length checks a string that people do not see.
func (c *checker) length(at string, v any, n int) {
	if s, _ := v.(string); utf8.RuneCountInString(s) > n {
		c.add(at, "must be at most %d characters", n)
	}
}

// table: the first row is the header; a cell must not be empty; all cells
// together hold at most 10,000 characters.
func (c *checker) table(at string, o object) {
	c.tables++
	total := 0
	for i, v := range c.list(at+"/rows", o["rows"], 1, maxRows) {
		p := fmt.Sprintf("%s/rows/%d", at, i)
		row, _ := v.([]any)
		for j, v := range c.list(p, row, 1, maxColumns) {
			e, _ := v.(object)
			total += c.cell(fmt.Sprintf("%s/%d", p, j), e)
		}
	}
	if total > maxCellTotal {
		c.add(at+"/rows", "must have at most %d characters in all cells, have %d", maxCellTotal, total)
	}
	settings, _ := o["column_settings"].([]any)
	if len(settings) > maxColumns {
		c.add(at+"/column_settings", "must have at most %d items", maxColumns)
	}
}

// cell checks one cell of a table, and counts its characters.
func (c *checker) cell(at string, e object) int {
	before := c.runes
	switch e["type"] {
	case "raw_text":
		c.string(at+"/text", e["text"], maxCellTotal)
	case "rich_text":
		c.richText(at+"/elements", e["elements"])
	default:
		c.add(at+"/type", "must be raw_text or rich_text")
	}
	return c.runes - before
}

// richText walks sections, lists and quotes down to their inline elements.
func (c *checker) richText(at string, v any) {
	l, _ := v.([]any)
	if len(l) == 0 {
		c.add(at, "must not be empty")
	}
	for i, v := range l {
		p := fmt.Sprintf("%s/%d", at, i)
		e, _ := v.(object)
		switch kind, _ := e["type"].(string); kind {
		case "rich_text_section", "rich_text_list", "rich_text_quote":
			c.richText(p+"/elements", e["elements"])
		case "text":
			c.string(p+"/text", e["text"], 3000)
		case "link":
			c.string(p+"/url", e["url"], 3000)
		case "user", "date", "channel":
			c.runes += 20 // about what is shown
		default:
			c.add(p+"/type", "is %q, which is not used here", kind)
		}
	}
}

func (c *checker) input(at string, o object) {
	if c.surface == onMessage {
		c.add(at, "may stand in modals only")
	}
	c.text(at+"/label", o["label"], limit{max: 2000, plain: true})
	c.text(at+"/hint", o["hint"], limit{max: 2000, plain: true, optional: true})
	e, _ := o["element"].(object)
	c.text(at+"/element/placeholder", e["placeholder"], limit{max: 150, plain: true, optional: true})
	c.length(at+"/element/action_id", e["action_id"], 255)
	c.length(at+"/element/initial_value", e["initial_value"], 3000)
	switch e["type"] {
	case "plain_text_input":
	case "static_select", "multi_static_select":
		c.menu(at+"/element", e)
	default:
		c.add(at+"/element/type", "is %q, which is not used here", e["type"])
	}
}

// menu: 1 to 100 options.
func (c *checker) menu(at string, e object) {
	c.length(at+"/action_id", e["action_id"], 255)
	for i, v := range c.list(at+"/options", e["options"], 1, fleet.MaxChoices) {
		p := fmt.Sprintf("%s/options/%d", at, i)
		opt, _ := v.(object)
		c.text(p+"/text", opt["text"], limit{max: maxLabel, plain: true})
		c.string(p+"/value", opt["value"], maxOption)
	}
}
