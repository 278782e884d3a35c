package workspace

import (
	"encoding/json"
	"unicode/utf8"
)

// content is what a message says, checked.
type content struct {
	text        string
	blocks      []any
	attachments json.RawMessage
	metadata    json.RawMessage
	hasBlocks   bool // blocks were given, perhaps an empty list
	hasText     bool
}

// Slack cuts the text of a new message and refuses that of an edit; both
// numbers are from its documentation of the two methods.
const (
	maxPostText   = 40_000
	maxUpdateText = 4_000
)

// readContent takes the content of a message from the arguments of a call and
// applies Slack's limits to it.
func readContent(a args) (content, error) {
	c := content{text: a.str("text"), hasText: a.has("text"), hasBlocks: a.has("blocks")}
	if c.text == "" {
		c.text = a.str("markdown_text")
	}
	blocks, err := a.value("blocks")
	if err != nil {
		return c, refuse("invalid_blocks_format")
	}
	if blocks != nil {
		list, ok := blocks.([]any)
		if !ok {
			return c, refuse("invalid_blocks_format")
		}
		c.blocks = list
	}
	attachments, err := a.value("attachments")
	if err != nil {
		return c, refuse("invalid_attachments")
	}
	if list := asList(attachments); len(list) > 0 {
		c.attachments = encode(list)
	}
	if err := checkMessage(c.blocks, asList(attachments)); err != nil {
		return c, err
	}
	if c.metadata, err = readMetadata(a); err != nil {
		return c, err
	}
	fillIDs(c.blocks)
	return c, nil
}

// readMetadata checks event_type and event_payload.
func readMetadata(a args) (json.RawMessage, error) {
	v, err := a.value("metadata")
	if err != nil {
		return nil, refuse("invalid_metadata_format")
	}
	m := asObj(v)
	if v == nil || m != nil && len(m) == 0 {
		return nil, nil
	}
	if asString(m["event_type"]) == "" || asObj(m["event_payload"]) == nil {
		return nil, refuse("invalid_metadata_format")
	}
	raw := encode(m)
	if len(raw) > maxMetadata {
		return nil, refuse("metadata_too_large")
	}
	return raw, nil
}

// maxMetadata is our guess: Slack has the error but publishes no number.
const maxMetadata = 16 << 10

// empty reports that there is nothing to show.
func (c content) empty() bool {
	return c.text == "" && len(c.blocks) == 0 && len(c.attachments) == 0
}

// clip cuts the text as chat.postMessage does.
func (c *content) clip() {
	if utf8.RuneCountInString(c.text) > maxPostText {
		c.text = string([]rune(c.text)[:maxPostText])
	}
}

// fillIDs gives every block a block_id and every interactive element an
// action_id, as Slack does for those that have none.
func fillIDs(blocks []any) {
	for _, b := range blocks {
		block := asObj(b)
		if block == nil {
			continue // below a type whose inside is not checked here
		}
		if asString(block["block_id"]) == "" {
			block["block_id"] = shortID(5)
		}
		for _, el := range blockElements(block) {
			if interactive(el) && asString(el["action_id"]) == "" {
				el["action_id"] = shortID(5)
			}
		}
		fillIDs(asList(block["child_blocks"]))
	}
}
