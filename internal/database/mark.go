package database

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// A Sum is the content of one table: how many rows, and a checksum over them
// that does not depend on their order.
type Sum struct {
	Rows int64  `json:"rows"`
	Hash string `json:"hash,omitempty"` // empty if only the rows were counted
}

// A Mark is the content of a database at a moment, table by table.
type Mark struct {
	At     time.Time      `json:"at"`
	Tables map[string]Sum `json:"tables"`
}

// Changed returns the names, sorted, of the tables whose content differs between
// the baseline m and later, tables that came or went included. Both marks must
// have been made with the same patterns. Equal content means no change, also
// when rows were written and put back.
func (m Mark) Changed(later Mark) []string {
	var changed []string
	for name, sum := range m.Tables {
		if now, ok := later.Tables[name]; !ok || now != sum {
			changed = append(changed, name)
		}
	}
	for name := range later.Tables {
		if _, ok := m.Tables[name]; !ok {
			changed = append(changed, name)
		}
	}
	slices.Sort(changed)
	return changed
}

// verify fails with ErrMismatch unless got has exactly the tables and content of
// m. A table of which m knows only the number of rows is compared by that.
func (m Mark) verify(got Mark) error {
	for _, name := range slices.Sorted(maps.Keys(m.Tables)) {
		want, have := m.Tables[name], got.Tables[name]
		if want.Rows < 0 {
			want = have
		}
		if want.Hash == "" || have.Hash == "" {
			want.Hash, have.Hash = "", ""
		}
		if _, ok := got.Tables[name]; !ok {
			return fmt.Errorf("table %s is missing: %w", name, ErrMismatch)
		}
		if want != have {
			return fmt.Errorf("table %s has %d rows (%s) instead of %d (%s): %w",
				name, have.Rows, have.Hash, want.Rows, want.Hash, ErrMismatch)
		}
	}
	if extra := len(got.Tables) - len(m.Tables); extra > 0 {
		return fmt.Errorf("%d tables too many: %w", extra, ErrMismatch)
	}
	return nil
}

// strictness says how a copy that m verified was compared: by the way of most
// tables, and one sentence for each table that was compared less strictly.
func (m Mark) strictness() (by string, less []string) {
	ways := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(m.Tables)) {
		switch sum := m.Tables[name]; {
		case sum.Rows < 0:
			ways[ByLoading] = append(ways[ByLoading], name)
		case sum.Hash == "" && sum.Rows > 0:
			ways[ByCount] = append(ways[ByCount], name)
		default: // that there are no rows says all
			ways[ByChecksum] = append(ways[ByChecksum], name)
		}
	}
	order := []string{ByChecksum, ByCount, ByLoading}
	by = ByChecksum
	for _, way := range order[1:] {
		if len(ways[way]) > len(ways[by]) {
			by = way
		}
	}
	for _, way := range order[slices.Index(order, by)+1:] {
		for _, name := range ways[way] {
			less = append(less, fmt.Sprintf("table %s was verified by %s", name, way))
		}
	}
	return by, less
}
