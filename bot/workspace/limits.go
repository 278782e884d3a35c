package workspace

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// Slack's limits on messages as a whole. The numbers without a remark are from
// Slack's reference of Block Kit and of chat.postMessage.
const (
	maxMessageBlocks = 50
	maxViewBlocks    = 100
	maxAttachments   = 100
	maxID            = 255
	// maxBlocksText is not published; bolt-js issue 2509 met it near 13,200.
	maxBlocksText = 13_200
	// maxMarkdownText counts all markdown blocks of a message together.
	maxMarkdownText = 12_000
)

// checker collects what Slack would object to. One checker sees one message or
// one view.
type checker struct {
	surface  string // message, modal or home
	messages []string
	blockIDs map[string]bool
	tables   []string // pointers of the table blocks met
	markdown int      // characters in markdown blocks
}

// fail notes an objection at a place, in Slack's form.
func (k *checker) fail(pointer, format string, a ...any) {
	k.messages = append(k.messages, fmt.Sprintf("[ERROR] "+format+" [json-pointer:%s]", append(a, pointer)...))
}

// checkMessage returns Slack's refusal of a message, or nil.
func checkMessage(blocks, attachments []any) error {
	k := &checker{surface: "message", blockIDs: map[string]bool{}}
	k.blocks("/blocks", blocks, maxMessageBlocks)
	if len(k.messages) > 0 {
		return refuse("invalid_blocks", k.messages...)
	}
	if len(attachments) > maxAttachments {
		return refuse("too_many_attachments")
	}
	for i, a := range attachments {
		k.blocks(fmt.Sprintf("/attachments/%d/blocks", i), asList(asObj(a)["blocks"]), maxMessageBlocks)
	}
	if len(k.messages) > 0 {
		return refuse("invalid_attachments", k.messages...)
	}
	if len(k.tables) > 1 {
		k.fail(k.tables[1], "only_one_table_allowed")
		return refuse("invalid_attachments", k.messages...)
	}
	if textLength(blocks) > maxBlocksText {
		return refuse("msg_blocks_too_long")
	}
	return nil
}

// blocks checks a list of blocks.
func (k *checker) blocks(at string, blocks []any, most int) {
	if len(blocks) > most {
		k.fail(at, "no more than %d items allowed", most)
		return
	}
	for i, b := range blocks {
		k.block(fmt.Sprintf("%s/%d", at, i), b)
	}
}

// block checks one block by its type.
func (k *checker) block(at string, v any) {
	block := asObj(v)
	if block == nil {
		k.fail(at, "should be an object")
		return
	}
	kind := asString(block["type"])
	rule, known := blockRules()[kind]
	if !known {
		k.fail(at+"/type", "unsupported type: %s", kind)
		return
	}
	if !slices.Contains(rule.surfaces, k.surface) {
		k.fail(at+"/type", "unsupported type: %s is not allowed in a %s", kind, k.surface)
		return
	}
	k.properties(at, block, rule.keys)
	k.blockID(at, block)
	if rule.check != nil {
		rule.check(k, at, block)
	}
}

// blockID checks length and uniqueness.
func (k *checker) blockID(at string, block obj) {
	id := asString(block["block_id"])
	if id == "" {
		return
	}
	if utf8.RuneCountInString(id) > maxID {
		k.fail(at+"/block_id", "must be less than %d characters", maxID+1)
	}
	if k.blockIDs[id] {
		k.fail(at+"/block_id", "`block_id` %s already exists", id)
	}
	k.blockIDs[id] = true
}

// properties objects to fields a type does not have; nil keys means that the
// type is too new here to be sure.
func (k *checker) properties(at string, o obj, keys []string) {
	if keys == nil {
		return
	}
	for name := range o {
		if name != "type" && name != "block_id" && !slices.Contains(keys, name) {
			k.fail(at, "invalid additional property: %s", name)
		}
	}
}

// required reports whether a field is there, and objects if not.
func (k *checker) required(at string, o obj, name string) bool {
	if o[name] != nil {
		return true
	}
	k.fail(at, "missing required field: %s", name)
	return false
}

// length objects to a text field longer than most characters.
func (k *checker) length(at string, o obj, name string, most int) {
	v, there := o[name]
	if !there || v == nil {
		return
	}
	text, isText := v.(string)
	switch {
	case !isText:
		k.fail(at+"/"+name, "must be a string")
	case utf8.RuneCountInString(text) > most:
		k.fail(at+"/"+name, "must be less than %d characters", most+1)
	}
}

// text checks a text object of 1 to most characters.
func (k *checker) text(at string, v any, most int, kinds ...string) {
	t := asObj(v)
	if t == nil {
		k.fail(at, "should be an object")
		return
	}
	if kind := asString(t["type"]); !slices.Contains(kinds, kind) {
		k.fail(at+"/type", "unsupported type: %s", kind)
		return
	}
	text, isText := t["text"].(string)
	switch {
	case !isText:
		k.fail(at, "missing required field: text")
	case text == "":
		k.fail(at+"/text", "must be more than 0 characters")
	case utf8.RuneCountInString(text) > most:
		k.fail(at+"/text", "must be less than %d characters", most+1)
	}
}

// textLength counts the characters of all texts below a value.
func textLength(v any) int {
	n := 0
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			n += textLength(e)
		}
	case map[string]any:
		for name, e := range v {
			if text, ok := e.(string); ok && name == "text" {
				n += utf8.RuneCountInString(text)
			} else {
				n += textLength(e)
			}
		}
	}
	return n
}
