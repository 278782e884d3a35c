package workspace

import (
	"encoding/json"
	"os"
	"testing"
)

// FuzzContent feeds blocks of any shape to everything that walks over them: no
// shape may end the program, and what was accepted must be renderable.
func FuzzContent(f *testing.F) {
	for _, seed := range []string{
		`[]`, `[null]`, `[1,"x",[]]`, `[{"type":"layout","child_blocks":[null,1]}]`,
		`[{"type":"section","text":{"type":"mrkdwn","text":"x"},"accessory":{"type":"overflow","options":[{}]}}]`,
		`[{"type":"table","rows":[[{"type":"raw_text","text":"x"}],null]}]`,
		`[{"type":"carousel","elements":[{"type":"card","actions":[{"type":"button"}]}]}]`,
		`[{"type":"rich_text","elements":[{"type":"rich_text_list","style":"bullet","elements":[3]}]}]`,
		`[{"type":"video","block_id":7,"elements":{"a":1},"rows":"x"}]`,
	} {
		f.Add(seed)
	}
	if golden, err := os.ReadFile("../testdata/render/plan.json"); err == nil {
		f.Add(string(golden))
	}
	f.Fuzz(func(t *testing.T, blocks string) {
		quoted, err := json.Marshal(blocks)
		if err != nil {
			t.Skip()
		}
		c, err := readContent(args{body: map[string]json.RawMessage{"text": []byte(`"x"`), "blocks": quoted}})
		if err != nil {
			return
		}
		for _, p := range interactives(c.blocks) {
			if p.actionID() == "" {
				t.Errorf("an element without action_id: %v", p.element)
			}
			if v := initialValue(p.element); v["type"] != p.kind() {
				t.Errorf("value %v for %s", v, p.kind())
			}
		}
		var back []any
		if err := decode(encode(c.blocks), &back); err != nil && c.blocks != nil {
			t.Errorf("cannot be read back: %v", err)
		}
	})
}
