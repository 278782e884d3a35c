package workspace

import (
	"fmt"
	"slices"
)

// maxTableText bounds all cells of one table; found by others (getnao/nao
// issue 1178), not published.
const maxTableText = 10_000

// checkTable: 1 to 100 rows of 1 to 20 cells, none empty.
func checkTable(k *checker, at string, b obj) {
	k.tables = append(k.tables, at)
	rows := k.items(at, b, "rows", 100)
	if settings := asList(b["column_settings"]); len(settings) > 20 {
		k.fail(at+"/column_settings", "no more than 20 items allowed")
	} else {
		k.columnSettings(at, settings)
	}
	for i, r := range rows {
		here := fmt.Sprintf("%s/rows/%d", at, i)
		row := asList(r)
		if len(row) == 0 {
			k.fail(here, "no fewer than 1 items allowed")
		}
		if len(row) > 20 {
			k.fail(here, "no more than 20 items allowed")
			continue
		}
		for j, cell := range row {
			k.cell(fmt.Sprintf("%s/%d", here, j), asObj(cell))
		}
	}
	if n := textLength(rows); n > maxTableText {
		k.fail(at+"/rows", "must be less than %d characters", maxTableText+1)
	}
}

// columnSettings checks the alignment of columns; null leaves one as it is.
func (k *checker) columnSettings(at string, settings []any) {
	for i, s := range settings {
		align, there := asObj(s)["align"]
		if there && !slices.Contains([]any{"left", "center", "right"}, align) {
			k.fail(fmt.Sprintf("%s/column_settings/%d/align", at, i), "must be a valid enum value")
		}
	}
}

// cell checks one cell of a table.
func (k *checker) cell(at string, cell obj) {
	switch asString(cell["type"]) {
	case "raw_text":
		if asString(cell["text"]) == "" {
			k.fail(at+"/text", "must be more than 0 characters")
		}
	case "raw_number":
		// Slack has taken it only since autumn 2026.
		if cell["value"] == nil {
			k.fail(at, "missing required field: value")
		}
	case "rich_text":
		checkRichText(k, at, cell)
	default:
		k.fail(at+"/type", "unsupported type: %s", asString(cell["type"]))
	}
}

// checkDataTable: a caption, 2 to 101 rows of equal length up to 20.
func checkDataTable(k *checker, at string, b obj) {
	k.tables = append(k.tables, at)
	k.required(at, b, "caption")
	rows := k.items(at, b, "rows", 101)
	if len(rows) == 1 {
		k.fail(at+"/rows", "no fewer than 2 items allowed")
	}
	for i, r := range rows {
		here := fmt.Sprintf("%s/rows/%d", at, i)
		if n := len(asList(r)); n > 20 {
			k.fail(here, "no more than 20 items allowed")
		} else if n != len(asList(rows[0])) {
			k.fail(here, "must have as many cells as the first row")
		}
	}
}
