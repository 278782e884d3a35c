package workspace_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// form calls a Web API method as slack-go does, with hand-written fields.
func (b *bench) form(method string, fields map[string]string) map[string]any {
	b.t.Helper()
	form := url.Values{"token": {b.BotToken()}}
	for k, v := range fields {
		form.Set(k, v)
	}
	res, err := http.PostForm(b.url+"/api/"+method, form)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		b.t.Fatal(err)
	}
	return out
}

// times repeats a JSON text n times with commas.
func times(n int, item string) string {
	return strings.TrimSuffix(strings.Repeat(item+",", n), ",")
}

// chars is a text of n characters, not bytes.
func chars(n int) string { return strings.Repeat("é", n) }

func text(n int) string { return `{"type":"plain_text","text":"` + chars(n) + `"}` }

const okButton = `{"type":"button","action_id":"a","text":{"type":"plain_text","text":"Go"}}`

// inActions puts an element into an actions block.
func inActions(element string) string { return `[{"type":"actions","elements":[` + element + `]}]` }

// tableOf is a table of rows rows of cells cells.
func tableOf(rows, cells int, cell string) string {
	return `{"type":"table","rows":[` + times(rows, "["+times(cells, cell)+"]") + `]}`
}

const cell = `{"type":"raw_text","text":"x"}`

func cellOf(n int) string { return `{"type":"raw_text","text":"` + chars(n) + `"}` }

func TestBlockLimits(t *testing.T) {
	b := open(t, noLimits())
	cases := []struct{ name, good, bad, code, pointer string }{
		{"blocks", `[` + times(50, `{"type":"divider"}`) + `]`, `[` + times(51, `{"type":"divider"}`) + `]`, "invalid_blocks", "/blocks]"},
		{"section text", `[{"type":"section","text":` + text(3000) + `}]`, `[{"type":"section","text":` + text(3001) + `}]`, "invalid_blocks", "/blocks/0/text/text"},
		{"empty text", `[{"type":"section","text":` + text(1) + `}]`, `[{"type":"section","text":` + text(0) + `}]`, "invalid_blocks", "/blocks/0/text/text"},
		{"section without text", `[{"type":"section","fields":[` + text(1) + `]}]`, `[{"type":"section"}]`, "invalid_blocks", "/blocks/0]"},
		{"fields", `[{"type":"section","fields":[` + times(10, text(5)) + `]}]`, `[{"type":"section","fields":[` + times(11, text(5)) + `]}]`, "invalid_blocks", "/blocks/0/fields"},
		{"field text", `[{"type":"section","fields":[` + text(2000) + `]}]`, `[{"type":"section","fields":[` + text(2001) + `]}]`, "invalid_blocks", "/blocks/0/fields/0/text"},
		{"header", `[{"type":"header","text":` + text(150) + `}]`, `[{"type":"header","text":` + text(151) + `}]`, "invalid_blocks", "/blocks/0/text/text"},
		{"header markup", `[{"type":"header","text":` + text(3) + `}]`, `[{"type":"header","text":{"type":"mrkdwn","text":"x"}}]`, "invalid_blocks", "/blocks/0/text/type"},
		{"context", `[{"type":"context","elements":[` + times(10, text(2)) + `]}]`, `[{"type":"context","elements":[` + times(11, text(2)) + `]}]`, "invalid_blocks", "/blocks/0/elements"},
		{"actions", inActions(uniqueButtons(25)), inActions(uniqueButtons(26)), "invalid_blocks", "/blocks/0/elements"},
		{"button text", inActions(strings.Replace(okButton, "Go", chars(75), 1)), inActions(strings.Replace(okButton, "Go", chars(76), 1)), "invalid_blocks", "/blocks/0/elements/0/text/text"},
		{"button value", inActions(strings.Replace(okButton, `"action_id"`, `"value":"`+chars(2000)+`","action_id"`, 1)), inActions(strings.Replace(okButton, `"action_id"`, `"value":"`+chars(2001)+`","action_id"`, 1)), "invalid_blocks", "/blocks/0/elements/0/value"},
		{"button style", inActions(strings.Replace(okButton, `"action_id"`, `"style":"danger","action_id"`, 1)), inActions(strings.Replace(okButton, `"action_id"`, `"style":"default","action_id"`, 1)), "invalid_blocks", "/blocks/0/elements/0/style"},
		{"action_id", inActions(okButton), inActions(okButton + "," + okButton), "invalid_blocks", "/blocks/0/elements/1/action_id"},
		{"block_id", `[{"type":"divider","block_id":"x"},{"type":"divider","block_id":"y"}]`, `[{"type":"divider","block_id":"x"},{"type":"divider","block_id":"x"}]`, "invalid_blocks", "/blocks/1/block_id"},
		{"confirm", inActions(confirming(100, 300, 30)), inActions(confirming(100, 301, 30)), "invalid_blocks", "/confirm/text/text"},
		{"confirm label", inActions(confirming(1, 1, 30)), inActions(confirming(1, 1, 31)), "invalid_blocks", "/confirm/confirm/text"},
		{"overflow", inActions(choosing("overflow", 5)), inActions(choosing("overflow", 6)), "invalid_blocks", "/blocks/0/elements/0/options"},
		{"select", inActions(choosing("static_select", 100)), inActions(choosing("static_select", 101)), "invalid_blocks", "/blocks/0/elements/0/options"},
		{"unknown type", `[{"type":"divider"}]`, `[{"type":"sparkles"}]`, "invalid_blocks", "/blocks/0/type"},
		{"unknown field", `[{"type":"divider"}]`, `[{"type":"divider","colour":"red"}]`, "invalid_blocks", "/blocks/0]"},
		{"markdown", `[{"type":"markdown","text":"` + chars(12000) + `"}]`, `[{"type":"markdown","text":"` + chars(12001) + `"}]`, "invalid_blocks", "/blocks/0/text"},
		{"table rows", "[" + tableOf(100, 3, cell) + "]", "[" + tableOf(101, 3, cell) + "]", "invalid_blocks", "/blocks/0/rows"},
		{"table cells", "[" + tableOf(2, 20, cell) + "]", "[" + tableOf(2, 21, cell) + "]", "invalid_blocks", "/blocks/0/rows/0"},
		{"table characters", "[" + tableOf(1, 1, cellOf(10000)) + "]", "[" + tableOf(1, 1, cellOf(10001)) + "]", "invalid_blocks", "/blocks/0/rows"},
		{"empty cell", "[" + tableOf(1, 1, cell) + "]", "[" + tableOf(1, 1, `{"type":"raw_text","text":""}`) + "]", "invalid_blocks", "/blocks/0/rows/0/0/text"},
		{"one table", "[" + tableOf(1, 1, cell) + "]", "[" + tableOf(1, 1, cell) + "," + tableOf(1, 1, cell) + "]", "invalid_attachments", "only_one_table_allowed"},
		{"all blocks", `[` + times(4, `{"type":"section","text":`+text(3000)+`}`) + `]`, `[` + times(5, `{"type":"section","text":`+text(3000)+`}`) + `]`, "msg_blocks_too_long", ""},
		{"empty rich text", rich(`{"type":"text","text":"x"}`), rich(`{"type":"text","text":""}`), "invalid_blocks", "/blocks/0/elements/0/elements/0/text"},
		{"rich text list", rich(`{"type":"link","url":"https://example.com"}`), rich(`{"type":"blink"}`), "invalid_blocks", "/blocks/0/elements/0/elements/0/type"},
		{"not JSON", `[]`, `[{`, "invalid_blocks_format", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			fields := map[string]string{"channel": "C0SITES", "text": "x", "blocks": c.good}
			if out := b.form("chat.postMessage", fields); out["ok"] != true {
				t.Errorf("at the limit: %v", out)
			}
			fields["blocks"] = c.bad
			out := b.form("chat.postMessage", fields)
			if out["error"] != c.code {
				t.Errorf("over the limit: %v, want %s", out, c.code)
			}
			detail, _ := json.Marshal(out["response_metadata"])
			if !strings.Contains(string(detail), c.pointer) {
				t.Errorf("detail %s does not point at %s", detail, c.pointer)
			}
		})
	}
	if n := b.state().Counters["rejected"]; n != len(cases) {
		t.Errorf("counted %d refusals, want %d", n, len(cases))
	}
}

// uniqueButtons makes n buttons with different ids.
func uniqueButtons(n int) string {
	var list []string
	for i := range n {
		list = append(list, strings.Replace(okButton, `"a"`, `"a`+strings.Repeat("i", i)+`"`, 1))
	}
	return strings.Join(list, ",")
}

// confirming is a button with a dialog of the given lengths.
func confirming(title, body, label int) string {
	return strings.Replace(okButton, `"action_id"`, `"confirm":{"title":`+text(title)+`,"text":`+text(body)+`,"confirm":`+text(label)+`,"deny":`+text(label)+`},"action_id"`, 1)
}

// choosing is a menu with n options.
func choosing(kind string, n int) string {
	return `{"type":"` + kind + `","action_id":"m","options":[` + times(n, `{"text":`+text(3)+`,"value":"v"}`) + `]}`
}

// rich is a rich text block with one inline element.
func rich(inline string) string {
	return `[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[` + inline + `]}]}]`
}

func TestViewLimits(t *testing.T) {
	b := open(t, noLimits())
	input := `{"type":"input","label":` + text(3) + `,"element":{"type":"plain_text_input","action_id":"x"}}`
	modal := func(title, blocks, rest string) string {
		return `{"type":"modal","title":` + title + `,"blocks":[` + blocks + `]` + rest + `}`
	}
	cases := []struct{ name, view, pointer string }{
		{"title", modal(text(25), input, `,"submit":`+text(4)), "/view/title/text"},
		{"no submit", modal(text(24), input, ``), "missing required field: submit"},
		{"metadata", modal(text(24), input, `,"submit":`+text(4)+`,"private_metadata":"`+chars(3001)+`"`), "/view/private_metadata"},
		{"table", modal(text(24), tableOf(1, 1, cell), ``), "/view/blocks/0/type"},
		{"blocks", modal(text(24), times(101, `{"type":"divider"}`), ``), "/view/blocks]"},
	}
	for _, c := range cases {
		out := b.form("views.open", map[string]string{"trigger_id": "1.2.3", "view": c.view})
		detail, _ := json.Marshal(out["response_metadata"])
		if out["error"] != "invalid_arguments" || !strings.Contains(string(detail), c.pointer) {
			t.Errorf("%s: %v", c.name, out)
		}
	}
	good := modal(text(24), times(100, `{"type":"divider"}`), `,"private_metadata":"`+chars(3000)+`"`)
	if out := b.form("views.open", map[string]string{"trigger_id": "1.2.3", "view": good}); out["error"] != "invalid_trigger_id" {
		t.Errorf("a good view with a bad trigger: %v", out)
	}
}
