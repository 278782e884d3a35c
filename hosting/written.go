package hosting

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// A Written is what was written to a generation's data since visitors were let in.
type Written struct {
	Known bool             // false: nobody can tell
	Files int              // versioned files that came, went or changed
	Rows  map[string]int64 // rows written by table
}

// Nothing reports whether it is certain that nothing was written.
func (w Written) Nothing() bool { return w.Known && w.Files == 0 && len(w.Rows) == 0 }

// tellTables is how many tables are named.
const tellTables = 3

// Sentence says what was written, for people who went back and left it behind.
func (w Written) Sentence() string {
	switch {
	case !w.Known:
		return "It is not known what was written to the copy that was left."
	case w.Nothing():
		return "Nothing was written to the copy that was left."
	}
	var parts []string
	if len(w.Rows) > 0 {
		var rows int64
		for _, n := range w.Rows {
			rows += n
		}
		names := slices.SortedFunc(maps.Keys(w.Rows), func(a, b string) int {
			return cmp.Or(cmp.Compare(w.Rows[b], w.Rows[a]), cmp.Compare(a, b))
		})
		list := strings.Join(names[:min(len(names), tellTables)], ", ")
		if len(names) > tellTables {
			list += ", …"
		}
		parts = append(parts, fmt.Sprintf("%s in %s (%s)", fleet.Plural(int(rows), "row", "rows"), fleet.Plural(len(names), "table", "tables"), fleet.Clean(list, 120)))
	}
	if w.Files > 0 {
		parts = append(parts, fleet.Plural(w.Files, "file", "files"))
	}
	return "Written since the move and left behind in the abandoned copy: " + strings.Join(parts, " and ") + "."
}
