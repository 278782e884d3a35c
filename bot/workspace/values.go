package workspace

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

func (v blockValues) set(block, action string, value obj) {
	if v[block] == nil {
		v[block] = map[string]obj{}
	}
	v[block][action] = value
}

// currentValues is Slack's state.values for a message or view: what the person
// has chosen, else what the element began with. Buttons and overflow menus hold
// no value.
func currentValues(blocks []any, chosen blockValues) blockValues {
	out := blockValues{}
	for _, p := range interactives(blocks) {
		switch p.kind() {
		case "button", "icon_button", "overflow", "feedback_buttons", "workflow_button":
			continue
		}
		v, ok := chosen[p.blockID()][p.actionID()]
		if !ok {
			v = initialValue(p.element)
		}
		out.set(p.blockID(), p.actionID(), v)
	}
	return out
}

// valueKeys says, for each element type, in which field its value travels and
// in which field its initial value is given.
var valueKeys = map[string][2]string{
	"static_select":              {"selected_option", "initial_option"},
	"external_select":            {"selected_option", "initial_option"},
	"radio_buttons":              {"selected_option", "initial_option"},
	"overflow":                   {"selected_option", ""},
	"multi_static_select":        {"selected_options", "initial_options"},
	"multi_external_select":      {"selected_options", "initial_options"},
	"checkboxes":                 {"selected_options", "initial_options"},
	"users_select":               {"selected_user", "initial_user"},
	"multi_users_select":         {"selected_users", "initial_users"},
	"conversations_select":       {"selected_conversation", "initial_conversation"},
	"multi_conversations_select": {"selected_conversations", "initial_conversations"},
	"channels_select":            {"selected_channel", "initial_channel"},
	"multi_channels_select":      {"selected_channels", "initial_channels"},
	"datepicker":                 {"selected_date", "initial_date"},
	"timepicker":                 {"selected_time", "initial_time"},
	"datetimepicker":             {"selected_date_time", "initial_date_time"},
	"plain_text_input":           {"value", "initial_value"},
	"email_text_input":           {"value", "initial_value"},
	"url_text_input":             {"value", "initial_value"},
	"number_input":               {"value", "initial_value"},
	"rich_text_input":            {"rich_text_value", "initial_value"},
}

// initialValue is the typed value of an element nobody has touched.
func initialValue(el obj) obj {
	kind := asString(el["type"])
	keys := valueKeys[kind]
	out := obj{"type": kind}
	if keys[0] == "" {
		return out
	}
	out[keys[0]] = el[keys[1]]
	if out[keys[0]] == nil && strings.HasSuffix(keys[0], "s") {
		out[keys[0]] = []any{}
	}
	return out
}

// typedValue turns what a person chose into Slack's typed form: an option's
// value becomes the option itself, a name becomes an id. Called with mu held.
func (s *Server) typedValue(el obj, given json.RawMessage) (obj, error) {
	kind := asString(el["type"])
	key := valueKeys[kind][0]
	if key == "" {
		return nil, fmt.Errorf("a %s takes no value", kind)
	}
	var v any
	if err := decode(given, &v); err != nil {
		return nil, fmt.Errorf("value is not JSON: %w", err)
	}
	if o := asObj(v); o != nil { // already in Slack's form
		if v = o[key]; v == nil {
			v = o["value"]
		}
	}
	if v == nil {
		return obj{"type": kind, key: nil}, nil
	}
	value, err := s.convert(el, key, v)
	return obj{"type": kind, key: value}, err
}

// convert checks one value, or each of a list.
func (s *Server) convert(el obj, key string, v any) (any, error) {
	if list, many := strings.CutSuffix(key, "s"); many {
		items := asList(v)
		if items == nil {
			items = []any{v}
		}
		out := []any{}
		for _, item := range items {
			one, err := s.convert(el, list, item)
			if err != nil {
				return nil, err
			}
			out = append(out, one)
		}
		return out, nil
	}
	text := asString(v)
	if n, ok := v.(json.Number); ok {
		text = n.String()
	}
	switch key {
	case "selected_option":
		if o := asObj(v); o != nil {
			text = asString(o["value"])
		}
		return findOption(el, text)
	case "selected_user":
		if p, ok := s.st.person(text); ok {
			return p.ID, nil
		}
		return nil, fmt.Errorf("there is no user %q", text)
	case "selected_channel", "selected_conversation":
		if c := s.st.channelByID(text); c != nil {
			return c.ID, nil
		}
		return nil, fmt.Errorf("there is no channel %q", text)
	case "selected_date_time", "rich_text_value":
		return v, nil
	}
	return text, nil
}

// findOption picks an option by its value, or by its text.
func findOption(el obj, want string) (any, error) {
	var values []string
	for _, o := range options(el) {
		value := asString(o["value"])
		if value == want {
			return clone(o), nil
		}
		values = append(values, value)
	}
	for _, o := range options(el) {
		if asString(asObj(o["text"])["text"]) == want {
			return clone(o), nil
		}
	}
	slices.Sort(values)
	return nil, fmt.Errorf("there is no option %q; there are %s", want, strings.Join(values, ", "))
}

// options lists the options of a select, grouped or not.
func options(el obj) []obj {
	var out []obj
	for _, o := range asList(el["options"]) {
		out = append(out, asObj(o))
	}
	for _, g := range asList(el["option_groups"]) {
		for _, o := range asList(asObj(g)["options"]) {
			out = append(out, asObj(o))
		}
	}
	return out
}
