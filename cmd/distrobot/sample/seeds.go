package sample

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// An Entry is a line of a guest book. Name may be empty: such entries came from
// an older book that did not ask.
type Entry struct{ Name, Text string }

// A Start is a site that the trial begins with.
type Start struct {
	URI     fleet.URI
	Tags    []string
	Entries []Entry // oldest first
}

// Starts lists the sites of the trial. The one that 1.3.0 breaks sorts last, so
// that it is the last to be upgraded.
func Starts() []Start {
	return []Start{
		{URI: "harbour.example", Tags: []string{"small"}, Entries: []Entry{
			{"Amara", "Found my bicycle in the yard. Thank you, whoever repaired the bell!"},
			{"Mr. Holm", "The ladder is back in the tool library."},
			{"Lena & Björn", "We moved into staircase B. Come for tea."},
		}},
		{URI: "market.example", Tags: []string{"small"}, Entries: []Entry{
			{"Yusuf", "Soup for eleven, and everybody stayed until ten."},
			{"Greta", "Who has the key to the cellar? <urgently>"},
			{"The choir", "We need two more altos, and a piano tuner."},
			{"Ravi", "5 & 7 have the same doorbell now."},
		}},
		{URI: "zoo.example", Tags: []string{"large"}, Entries: []Entry{
			{"", "Lovely garden. (Copied from the paper book, 1998)"},
			{"Nadia", "The hedgehog is awake!"},
			{"Old Peter", "I planted the pear tree, in 1987, with my own hands."},
			{"Class 3b", "We counted forty-one snails."},
		}},
	}
}

// Seed puts the entries of a site into dir, the place of its versioned data,
// which holds what the platform ships. A site that is none of Starts keeps that.
func Seed(_ context.Context, uri fleet.URI, dir string) error {
	all := Starts()
	i := slices.IndexFunc(all, func(s Start) bool { return s.URI == uri })
	if i < 0 {
		return nil
	}
	schema, err := os.ReadFile(filepath.Join(dir, "data", "schema"))
	if err != nil {
		return fmt.Errorf("seed %s: %w", uri, err)
	}
	if strings.TrimSpace(string(schema)) != "1" {
		return nil // the entries below are of the first releases
	}
	var b strings.Builder
	for _, e := range all[i].Entries {
		fmt.Fprintf(&b, "%s\t%s\n", e.Name, e.Text)
	}
	return os.WriteFile(filepath.Join(dir, "data", "guestbook.tsv"), []byte(b.String()), 0o640)
}
