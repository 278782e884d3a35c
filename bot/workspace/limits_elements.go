package workspace

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Where Slack's reference allows which element.
var (
	selects = []string{"static_select", "external_select", "users_select", "conversations_select", "channels_select"}
	pickers = []string{"datepicker", "timepicker", "datetimepicker", "checkboxes", "radio_buttons"}

	multiSelects = []string{"multi_static_select", "multi_external_select", "multi_users_select",
		"multi_conversations_select", "multi_channels_select"}
	actionElements = slices.Concat(selects, pickers, []string{"button", "icon_button", "overflow", "workflow_button", "rich_text_input"})
	accessories    = slices.Concat(actionElements, multiSelects, []string{"image"})
	inputElements  = slices.Concat(selects, pickers, multiSelects, []string{"plain_text_input", "email_text_input",
		"url_text_input", "number_input", "rich_text_input", "file_input"})
)

// elements checks a list of elements, whose action ids differ in one block.
func (k *checker) elements(at string, list []any, allowed []string) {
	seen := map[string]bool{}
	for i, e := range list {
		here := fmt.Sprintf("%s/elements/%d", at, i)
		k.element(here, e, allowed)
		id := asString(asObj(e)["action_id"])
		if id != "" && seen[id] {
			k.fail(here+"/action_id", "`action_id` %s already exists for another element of this block", id)
		}
		seen[id] = true
	}
}

// element checks one element.
func (k *checker) element(at string, v any, allowed []string) {
	el := asObj(v)
	if el == nil {
		k.fail(at, "should be an object")
		return
	}
	kind := asString(el["type"])
	if !slices.Contains(allowed, kind) {
		k.fail(at+"/type", "unsupported type: %s", kind)
		return
	}
	k.length(at, el, "action_id", maxID)
	if el["placeholder"] != nil {
		k.text(at+"/placeholder", el["placeholder"], 150, "plain_text")
	}
	if el["confirm"] != nil {
		k.confirm(at+"/confirm", asObj(el["confirm"]))
	}
	switch {
	case kind == "button":
		k.button(at, el)
	case kind == "image":
		checkImage(k, at, el)
	case kind == "overflow":
		k.options(at, asList(el["options"]), 5)
	case kind == "checkboxes" || kind == "radio_buttons":
		k.options(at, asList(el["options"]), 10)
	case strings.HasSuffix(kind, "static_select"):
		k.static(at, el)
	case kind == "plain_text_input":
		k.textInput(at, el)
	}
}

func (k *checker) button(at string, el obj) {
	k.properties(at, el, []string{"text", "action_id", "url", "value", "style", "confirm", "accessibility_label", "visible_to_user_ids"})
	if k.required(at, el, "text") {
		k.text(at+"/text", el["text"], 75, "plain_text")
	}
	k.length(at, el, "value", 2000)
	k.length(at, el, "url", 3000)
	k.length(at, el, "accessibility_label", 75)
	if style, there := el["style"]; there && style != "primary" && style != "danger" {
		k.fail(at+"/style", "must be a valid enum value")
	}
}

func (k *checker) confirm(at string, c obj) {
	if c == nil {
		k.fail(at, "should be an object")
		return
	}
	k.properties(at, c, []string{"title", "text", "confirm", "deny", "style"})
	for name, most := range map[string]int{"title": 100, "confirm": 30, "deny": 30} {
		if k.required(at, c, name) {
			k.text(at+"/"+name, c[name], most, "plain_text")
		}
	}
	if k.required(at, c, "text") {
		k.text(at+"/text", c["text"], 300, "plain_text", "mrkdwn")
	}
}

// static checks a select with its own options: 1 to 100 of them, or groups.
func (k *checker) static(at string, el obj) {
	groups := asList(el["option_groups"])
	if len(groups) == 0 {
		k.options(at, asList(el["options"]), 100)
		return
	}
	if len(groups) > 100 {
		k.fail(at+"/option_groups", "no more than 100 items allowed")
	}
	for i, g := range groups {
		here := fmt.Sprintf("%s/option_groups/%d", at, i)
		k.text(here+"/label", asObj(g)["label"], 75, "plain_text")
		k.options(here, asList(asObj(g)["options"]), 100)
	}
}

// options checks 1 to most options.
func (k *checker) options(at string, list []any, most int) {
	switch {
	case len(list) == 0:
		k.fail(at+"/options", "no fewer than 1 items allowed")
	case len(list) > most:
		k.fail(at+"/options", "no more than %d items allowed", most)
	}
	for i, o := range list {
		here, option := fmt.Sprintf("%s/options/%d", at, i), asObj(o)
		k.text(here+"/text", option["text"], 75, "plain_text", "mrkdwn")
		k.length(here, option, "value", 150)
		k.length(here, option, "url", 3000)
		if option["description"] != nil {
			k.text(here+"/description", option["description"], 75, "plain_text", "mrkdwn")
		}
	}
}

// textInput checks that a text fits its own bounds.
func (k *checker) textInput(at string, el obj) {
	if n, ok := asInt(el["max_length"]); ok && (n < 1 || n > 3000) {
		k.fail(at+"/max_length", "must be between 1 and 3000")
	}
	if initial := asString(el["initial_value"]); utf8.RuneCountInString(initial) > 3000 {
		k.fail(at+"/initial_value", "must be less than 3001 characters")
	}
}
