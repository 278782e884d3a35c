package workspace

// maxViewSize is the size of a whole view, in bytes.
const maxViewSize = 250_000

// checkView returns Slack's refusal of a modal or a Home tab, or nil.
func checkView(v obj) error {
	kind := asString(v["type"])
	if kind != "modal" && kind != "home" {
		return refuse("invalid_arguments", "[ERROR] unsupported type: "+kind+" [json-pointer:/view/type]")
	}
	k := &checker{surface: kind, blockIDs: map[string]bool{}}
	k.length("/view", v, "private_metadata", 3000)
	k.length("/view", v, "callback_id", maxID)
	k.length("/view", v, "external_id", maxID)
	if k.required("/view", v, "blocks") {
		k.blocks("/view/blocks", asList(v["blocks"]), maxViewBlocks)
	}
	if kind == "modal" {
		k.modal(v)
	}
	if len(encode(v)) > maxViewSize {
		return refuse("view_too_large")
	}
	if len(k.messages) > 0 {
		return refuse("invalid_arguments", k.messages...)
	}
	return nil
}

// modal checks what only a modal has: a title, and a submit button if there is
// anything to fill in.
func (k *checker) modal(v obj) {
	if k.required("/view", v, "title") {
		k.text("/view/title", v["title"], 24, "plain_text")
	}
	for _, name := range []string{"submit", "close"} {
		if v[name] != nil {
			k.text("/view/"+name, v[name], 24, "plain_text")
		}
	}
	for _, b := range asList(v["blocks"]) {
		if asString(asObj(b)["type"]) == "input" && v["submit"] == nil {
			k.fail("/view", "missing required field: submit")
			return
		}
	}
}
