package workspace

import (
	"fmt"
	"slices"
)

// What rich text is made of, from Slack's reference.
var (
	richParts  = []string{"rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"}
	richInline = []string{"text", "link", "user", "usergroup", "channel", "emoji", "broadcast", "date", "color", "team"}
)

// checkRichText checks the parts of a rich text block.
func checkRichText(k *checker, at string, b obj) {
	if !k.required(at, b, "elements") {
		return
	}
	for i, p := range asList(b["elements"]) {
		here, part := fmt.Sprintf("%s/elements/%d", at, i), asObj(p)
		kind := asString(part["type"])
		switch {
		case !slices.Contains(richParts, kind):
			k.fail(here+"/type", "unsupported type: %s", kind)
		case kind == "rich_text_list":
			k.richList(here, part)
		default:
			k.richInline(here, asList(part["elements"]))
		}
	}
}

// richList checks a list, whose items are sections.
func (k *checker) richList(at string, list obj) {
	if style := asString(list["style"]); style != "bullet" && style != "ordered" {
		k.fail(at+"/style", "must be a valid enum value")
	}
	for i, item := range asList(list["elements"]) {
		here := fmt.Sprintf("%s/elements/%d", at, i)
		if kind := asString(asObj(item)["type"]); kind != "rich_text_section" {
			k.fail(here+"/type", "unsupported type: %s", kind)
			continue
		}
		k.richInline(here, asList(asObj(item)["elements"]))
	}
}

// richInline checks the words of a section; an empty text is refused.
func (k *checker) richInline(at string, list []any) {
	for i, e := range list {
		here, el := fmt.Sprintf("%s/elements/%d", at, i), asObj(e)
		kind := asString(el["type"])
		switch {
		case !slices.Contains(richInline, kind):
			k.fail(here+"/type", "unsupported type: %s", kind)
		case kind == "text" && asString(el["text"]) == "":
			k.fail(here+"/text", "must be more than 0 characters")
		case kind == "link" && asString(el["url"]) == "":
			k.fail(here, "missing required field: url")
		case kind == "date" && (el["timestamp"] == nil || asString(el["format"]) == ""):
			k.fail(here, "missing required field: timestamp or format")
		}
	}
}
