package bot

import (
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/fleet"
)

// Limits of a table block. All cells together hold 10,000 characters (getnao/nao#1178).
const (
	maxRows      = 100 // the header included
	maxColumns   = 20
	maxCells     = 9500 // runes of all cells, with a margin
	maxCell      = 200
	maxCellTotal = 10000
)

// table draws t with cells of raw text, which know no markup; only cells with a
// moment in them are rich text, which shows it in the reader's time zone. Rows and columns
// beyond what a table block holds are cut, and a line says how many.
func table(t fleet.Table) []slack.Block {
	var out []slack.Block
	if t.Caption != "" {
		out = append(out, richText([]fleet.Line{fleet.Say(fleet.Bold(t.Caption))})...)
	}
	width := min(len(t.Header), maxColumns)
	if width == 0 {
		return out
	}
	block := slack.NewTableBlock("")
	used := addRow(block, t.Header, width)
	shown := 0
	for _, row := range t.Rows {
		if shown+1 == maxRows || used+rowSize(row, width) > maxCells {
			break
		}
		used += addRow(block, row, width)
		shown++
	}
	out = append(out, block.WithColumnSettings(columns(t.Right, width)...))
	if cut := len(t.Rows) - shown; cut > 0 {
		out = append(out, contextLine(fleet.Say("… and "+fleet.Plural(cut, "more row", "more rows")+" not shown here.")))
	}
	return out
}

// addRow adds a row of exactly width cells and returns how many runes it took.
func addRow(b *slack.TableBlock, row []string, width int) int {
	cells := make([]slack.TableCell, width)
	used := 0
	for i := range cells {
		text := cell(row, i)
		cells[i] = tableCell(text)
		used += utf8.RuneCountInString(text)
	}
	b.AddRow(cells...)
	return used
}

// tableCell draws the text of a cell.
func tableCell(text string) slack.TableCell {
	if spans := fleet.Moments(fleet.Span{Text: text}); len(spans) > 1 || !spans[0].Time.IsZero() {
		return slack.NewTableRichTextCell(slack.NewRichTextSection(inline(spans)...))
	}
	return slack.NewTableRawTextCell(text)
}

func rowSize(row []string, width int) int {
	n := 0
	for i := range width {
		n += utf8.RuneCountInString(cell(row, i))
	}
	return n
}

// cell gives the text of a cell; Slack refuses empty ones.
func cell(row []string, i int) string {
	if i >= len(row) {
		return "–"
	}
	text := strings.TrimSpace(plain(row[i], maxCell))
	if text == "" {
		return "–"
	}
	return text
}

// columns aligns every column: slack-go would send an empty alignment for one
// without a setting.
func columns(right []bool, width int) []slack.ColumnSetting {
	out := make([]slack.ColumnSetting, width)
	for i := range out {
		out[i] = slack.ColumnSetting{Align: slack.ColumnAlignmentLeft, IsWrapped: true}
		if i < len(right) && right[i] {
			out[i].Align = slack.ColumnAlignmentRight
		}
	}
	return out
}
