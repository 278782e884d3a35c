package bot

import (
	"fmt"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/fleet"
)

func text(n int) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, strings.Repeat("x", n), false, false)
}

func rows(n, width, runes int) *slack.TableBlock {
	b := slack.NewTableBlock("")
	for range n {
		var cells []slack.TableCell
		for range width {
			cells = append(cells, slack.NewTableRawTextCell(strings.Repeat("x", runes)))
		}
		b.AddRow(cells...)
	}
	return b
}

func many(n int, b slack.Block) []slack.Block {
	out := make([]slack.Block, n)
	for i := range out {
		out[i] = b
	}
	return out
}

// TestCheckFindsEachRule breaks one rule at a time.
func TestCheckFindsEachRule(t *testing.T) {
	button := func(change func(*slack.ButtonBlockElement)) slack.Block {
		b := slack.NewButtonBlockElement("a", "v", text(3))
		change(b)
		return slack.NewActionBlock("", b)
	}
	tests := []struct {
		name, pointer string
		blocks        []slack.Block
	}{
		{"51 blocks", "/blocks", many(51, slack.NewDividerBlock())},
		{"long header", "/blocks/0/text/text", []slack.Block{slack.NewHeaderBlock(text(151))}},
		{"empty header", "/blocks/0/text/text", []slack.Block{slack.NewHeaderBlock(text(0))}},
		{"long section", "/blocks/0/text/text", []slack.Block{slack.NewSectionBlock(text(3001), nil, nil)}},
		{"11 fields", "/blocks/0/fields", []slack.Block{slack.NewSectionBlock(nil, []*slack.TextBlockObject{text(1), text(1), text(1), text(1), text(1), text(1), text(1), text(1), text(1), text(1), text(1)}, nil)}},
		{"long field", "/blocks/0/fields/0/text", []slack.Block{slack.NewSectionBlock(nil, []*slack.TextBlockObject{text(2001)}, nil)}},
		{"two tables", "/blocks", []slack.Block{rows(1, 1, 1), rows(1, 1, 1)}},
		{"101 rows", "/blocks/0/rows", []slack.Block{rows(101, 1, 1)}},
		{"21 columns", "/blocks/0/rows/0", []slack.Block{rows(1, 21, 1)}},
		{"empty cell", "/blocks/0/rows/0/0/text", []slack.Block{rows(1, 1, 0)}},
		{"10,001 characters", "/blocks/0/rows", []slack.Block{rows(1, 2, 5001)}},
		{"long label", "/blocks/0/elements/0/text/text", []slack.Block{button(func(b *slack.ButtonBlockElement) { b.Text = text(76) })}},
		{"long value", "/blocks/0/elements/0/value", []slack.Block{button(func(b *slack.ButtonBlockElement) { b.Value = strings.Repeat("x", 2001) })}},
		{"long action id", "/blocks/0/elements/0/action_id", []slack.Block{button(func(b *slack.ButtonBlockElement) { b.ActionID = strings.Repeat("x", 256) })}},
		{"wrong style", "/blocks/0/elements/0/style", []slack.Block{button(func(b *slack.ButtonBlockElement) { b.Style = "blue" })}},
		{"long confirm", "/blocks/0/elements/0/confirm/text/text", []slack.Block{button(func(b *slack.ButtonBlockElement) {
			b.Confirm = slack.NewConfirmationBlockObject(text(1), text(301), text(1), text(1))
		})}},
		{"same action twice", "/blocks/0/elements/1/action_id", []slack.Block{slack.NewActionBlock("", slack.NewButtonBlockElement("a", "", text(1)), slack.NewButtonBlockElement("a", "", text(1)))}},
		{"same block id twice", "/blocks/1/block_id", many(2, slack.NewActionBlock("b", slack.NewButtonBlockElement("a", "", text(1))))},
		{"empty rich text", "/blocks/0/elements", []slack.Block{slack.NewRichTextBlock("")}},
		{"all too long", "/blocks", many(5, slack.NewSectionBlock(text(3000), nil, nil))},
		{"input in a message", "/blocks/0", []slack.Block{slack.NewInputBlock("", text(1), nil, slack.NewPlainTextInputBlockElement(nil, "a"))}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found := Check(Rendered{Text: "x", Blocks: tt.blocks})
			for _, v := range found {
				if v.Pointer == tt.pointer {
					return
				}
			}
			t.Errorf("no violation at %s; found %v", tt.pointer, found)
		})
	}
	if got := CheckView([]slack.Block{rows(1, 1, 1)}); len(got) == 0 {
		t.Error("a table in a view was not found")
	}
}

// TestFitAlwaysGivesSomethingThatCanBeSent holds the promise that a message is
// never lost to a limit.
func TestFitAlwaysGivesSomethingThatCanBeSent(t *testing.T) {
	var long []fleet.Line
	for i := range 300 {
		long = append(long, fleet.Say(fmt.Sprintf("Paragraph %d. ", i), strings.Repeat("word ", 60)))
	}
	tests := map[string]struct {
		r     Rendered
		pages int
	}{
		"fits":          {Render(fleet.Message{Text: "Hi."}), 1},
		"long":          {Render(fleet.Message{Text: "Long.", Lines: long[:60], Buttons: []fleet.Button{{Action: "a", Label: "Confirm"}}}), 2},
		"very long":     {Render(fleet.Message{Text: "Long.", Lines: long}), 9},
		"two tables":    {Rendered{Text: "Two.", Blocks: []slack.Block{rows(2, 2, 5), rows(2, 2, 5)}}, 2},
		"cannot be cut": {Rendered{Text: "Wrong.", Blocks: []slack.Block{slack.NewHeaderBlock(text(400))}}, 1},
		"text too long": {Rendered{Text: strings.Repeat("&lt;", 3000)}, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			parts, _ := Fit(tt.r)
			if len(parts) != tt.pages {
				t.Errorf("%d parts, want %d", len(parts), tt.pages)
			}
			for i, p := range parts {
				for _, v := range Check(p) {
					t.Errorf("part %d: %s", i, v)
				}
			}
		})
	}
	parts, _ := Fit(tests["long"].r)
	if last := parts[0].Blocks[len(parts[0].Blocks)-1]; last.BlockType() != slack.MBTAction {
		t.Errorf("the first part ends in %s, want the buttons", last.BlockType())
	}
}

func TestTableSaysHowManyRowsWereCut(t *testing.T) {
	tab := fleet.Table{Header: []string{"Site"}}
	for i := range 250 {
		tab.Rows = append(tab.Rows, []string{fmt.Sprintf("site-%d.example.org", i)})
	}
	r := Render(fleet.Message{Text: "Sites.", Table: &tab})
	if got := Check(r); len(got) > 0 {
		t.Fatal(got)
	}
	last := r.Blocks[len(r.Blocks)-1].(*slack.ContextBlock).ContextElements.Elements[0].(*slack.TextBlockObject).Text
	if want := "… and 151 more rows not shown here."; last != want {
		t.Errorf("%q, want %q", last, want)
	}
}

func TestSubjectTravelsInTheBlockID(t *testing.T) {
	for _, s := range []fleet.Subject{"plan:01abc", "platform:a~b~c", "", "digest:all/2026-11-22T09:00"} {
		id := actionsID(s, 0, []fleet.Button{{Action: "a"}})
		if got := subjectOf(id); got != s {
			t.Errorf("subjectOf(%q) = %q, want %q", id, got, s)
		}
	}
	if long := fleet.Subject(strings.Repeat("x", 300)); subjectOf(actionsID(long, 0, nil)) != "" {
		t.Error("a subject that does not fit must be left out, not cut")
	}
	if a, b := actionsID("plan:1", 0, []fleet.Button{{Value: "1|1"}}), actionsID("plan:1", 0, []fleet.Button{{Value: "1|2"}}); a == b {
		t.Error("changed buttons need a new block id")
	}
}
