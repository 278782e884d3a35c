package workspace

import "slices"

// interactiveTypes are the elements that send block_actions or hold a value.
var interactiveTypes = []string{
	"button", "icon_button", "overflow", "static_select", "external_select", "users_select", "conversations_select",
	"channels_select", "multi_static_select", "multi_external_select", "multi_users_select", "multi_conversations_select",
	"multi_channels_select", "datepicker", "timepicker", "datetimepicker", "checkboxes", "radio_buttons",
	"plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input", "file_input",
	"feedback_buttons", "workflow_button",
}

func interactive(el obj) bool { return slices.Contains(interactiveTypes, asString(el["type"])) }

// blockElements lists the elements a block carries: its accessory, its
// elements, its input, the actions of a card and the action cells of a table.
func blockElements(block obj) []obj {
	var out []obj
	add := func(v any) {
		if el := asObj(v); el != nil {
			out = append(out, el)
		}
	}
	add(block["accessory"])
	add(block["element"])
	for _, key := range []string{"elements", "actions", "buttons"} {
		for _, el := range asList(block[key]) {
			add(el)
		}
	}
	if t := asString(block["type"]); t == "table" || t == "data_table" {
		for _, row := range asList(block["rows"]) {
			for _, cell := range asList(row) {
				add(asObj(cell)["element"])
			}
		}
	}
	return out
}

// placed is an element together with the block it is in.
type placed struct {
	block, element obj
}

func (p placed) blockID() string  { return asString(p.block["block_id"]) }
func (p placed) actionID() string { return asString(p.element["action_id"]) }
func (p placed) kind() string     { return asString(p.element["type"]) }

// interactives lists every interactive element of a message or view in reading
// order, those inside containers and carousels included.
func interactives(blocks []any) []placed {
	var out []placed
	for _, b := range blocks {
		block := asObj(b)
		for _, el := range blockElements(block) {
			if interactive(el) {
				out = append(out, placed{block: block, element: el})
			}
		}
		for _, key := range []string{"child_blocks", "blocks"} {
			out = append(out, interactives(asList(block[key]))...)
		}
		if asString(block["type"]) == "carousel" {
			out = append(out, interactives(asList(block["elements"]))...)
		}
	}
	return out
}
