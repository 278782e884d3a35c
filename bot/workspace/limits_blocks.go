package workspace

import (
	"fmt"
	"unicode/utf8"
)

// blockRule is what Slack's reference says about one type of block.
type blockRule struct {
	surfaces []string // message, modal, home
	keys     []string // allowed fields beside type and block_id; nil: not checked
	check    func(k *checker, at string, block obj)
}

// blockRules lists the block types. Which of them a modal or a Home tab takes
// is only partly documented: tables and markdown are refused there.
func blockRules() map[string]blockRule {
	all := []string{"message", "modal", "home"}
	message := []string{"message"}
	return map[string]blockRule{
		"section":            {all, []string{"text", "fields", "accessory", "expand"}, checkSection},
		"header":             {all, []string{"text", "level"}, checkHeader},
		"divider":            {all, []string{}, nil},
		"context":            {all, []string{"elements"}, checkContext},
		"actions":            {all, []string{"elements"}, checkActions},
		"context_actions":    {message, []string{"elements"}, checkContextActions},
		"image":              {all, nil, checkImage},
		"input":              {all, []string{"label", "element", "dispatch_action", "hint", "optional"}, checkInput},
		"rich_text":          {all, []string{"elements"}, checkRichText},
		"markdown":           {message, []string{"text"}, checkMarkdown},
		"table":              {message, []string{"rows", "column_settings"}, checkTable},
		"data_table":         {message, nil, checkDataTable},
		"container":          {all, nil, checkContainer},
		"card":               {all, nil, checkCard},
		"carousel":           {all, nil, checkCarousel},
		"alert":              {[]string{"modal"}, nil, nil},
		"layout":             {all, nil, nil},
		"file":               {message, nil, nil},
		"video":              {all, nil, nil},
		"call":               {message, nil, nil},
		"plan":               {message, nil, nil},
		"task_card":          {message, nil, nil},
		"data_visualization": {message, nil, nil},
	}
}

func checkSection(k *checker, at string, b obj) {
	if b["text"] == nil && b["fields"] == nil {
		k.fail(at, "missing required field: text or fields")
	}
	if b["text"] != nil {
		k.text(at+"/text", b["text"], 3000, "plain_text", "mrkdwn")
	}
	fields := asList(b["fields"])
	if len(fields) > 10 {
		k.fail(at+"/fields", "no more than 10 items allowed")
	}
	if b["fields"] != nil && len(fields) == 0 {
		k.fail(at+"/fields", "no fewer than 1 items allowed")
	}
	for i, f := range fields {
		k.text(fmt.Sprintf("%s/fields/%d", at, i), f, 2000, "plain_text", "mrkdwn")
	}
	if b["accessory"] != nil {
		k.element(at+"/accessory", b["accessory"], accessories)
	}
}

func checkHeader(k *checker, at string, b obj) {
	if k.required(at, b, "text") {
		k.text(at+"/text", b["text"], 150, "plain_text")
	}
}

func checkContext(k *checker, at string, b obj) {
	list := k.items(at, b, "elements", 10)
	for i, e := range list {
		here := fmt.Sprintf("%s/elements/%d", at, i)
		switch asString(asObj(e)["type"]) {
		case "image":
			checkImage(k, here, asObj(e))
		default:
			// The reference gives no limit of its own; text objects have 3000.
			k.text(here, e, 3000, "plain_text", "mrkdwn")
		}
	}
}

func checkActions(k *checker, at string, b obj) {
	k.elements(at, k.items(at, b, "elements", 25), actionElements)
}

func checkContextActions(k *checker, at string, b obj) {
	k.elements(at, k.items(at, b, "elements", 5), []string{"feedback_buttons", "icon_button"})
}

// items checks the size of a required list of 1 to most items.
func (k *checker) items(at string, b obj, name string, most int) []any {
	if !k.required(at, b, name) {
		return nil
	}
	list := asList(b[name])
	switch {
	case len(list) == 0:
		k.fail(at+"/"+name, "no fewer than 1 items allowed")
	case len(list) > most:
		k.fail(at+"/"+name, "no more than %d items allowed", most)
	}
	return list
}

func checkImage(k *checker, at string, b obj) {
	if k.required(at, b, "alt_text") {
		k.length(at, b, "alt_text", 2000)
	}
	k.length(at, b, "image_url", 3000)
	if b["image_url"] == nil && b["slack_file"] == nil {
		k.fail(at, "missing required field: image_url or slack_file")
	}
	if b["title"] != nil {
		k.text(at+"/title", b["title"], 2000, "plain_text")
	}
}

func checkInput(k *checker, at string, b obj) {
	if k.required(at, b, "label") {
		k.text(at+"/label", b["label"], 2000, "plain_text")
	}
	if b["hint"] != nil {
		k.text(at+"/hint", b["hint"], 2000, "plain_text")
	}
	if k.required(at, b, "element") {
		k.element(at+"/element", b["element"], inputElements)
	}
}

func checkMarkdown(k *checker, at string, b obj) {
	text, isText := b["text"].(string)
	if !isText || text == "" {
		k.fail(at, "missing required field: text")
	}
	before := k.markdown
	k.markdown += utf8.RuneCountInString(text)
	if before <= maxMarkdownText && k.markdown > maxMarkdownText {
		k.fail(at+"/text", "must be less than %d characters", maxMarkdownText+1)
	}
}

func checkContainer(k *checker, at string, b obj) {
	if b["title"] != nil {
		k.text(at+"/title", b["title"], 150, "plain_text", "mrkdwn")
	}
	k.items(at, b, "child_blocks", 10)
	k.blocks(at+"/child_blocks", asList(b["child_blocks"]), 10)
}

func checkCard(k *checker, at string, b obj) {
	for name, most := range map[string]int{"title": 150, "subtitle": 150, "body": 200, "subtext": 150} {
		if b[name] != nil {
			k.text(at+"/"+name, b[name], most, "plain_text", "mrkdwn")
		}
	}
	if b["actions"] != nil {
		k.elements(at, asList(b["actions"]), actionElements)
	}
}

func checkCarousel(k *checker, at string, b obj) {
	for i, card := range k.items(at, b, "elements", 10) {
		here := fmt.Sprintf("%s/elements/%d", at, i)
		if asString(asObj(card)["type"]) != "card" {
			k.fail(here+"/type", "unsupported type: %s", asString(asObj(card)["type"]))
			continue
		}
		checkCard(k, here, asObj(card))
	}
}
