package fleet

import (
	"fmt"
	"slices"
	"strings"
)

// CompareLocks tells what changed in one file that names packages and their
// versions; without a row if nothing did, and if either side has no package,
// because then the file came, went or could not be read. What matters most comes
// first: the core of a CMS, then as in a Comparison.
func CompareLocks(file string, from, to []Package) LockChange {
	out := LockChange{Path: Clean(file, 120)}
	if len(from) == 0 || len(to) == 0 {
		return out
	}
	rows := Compare(PlatformFacts{Packages: from}, PlatformFacts{Packages: to}, nil).Rows
	slices.SortStableFunc(rows, func(a, b Row) int { return bit(isCore(b.Package)) - bit(isCore(a.Package)) })
	out.Rows = rows[:min(len(rows), maxRows)]
	out.More = len(rows) - len(out.Rows)
	return out
}

// isCore reports whether a package is the core of a CMS, by the names that locks
// and makefiles give it.
func isCore(name string) bool {
	switch name {
	case "drupal", "drupal/core", "drupal/drupal", "pressflow", "backdrop", "backdrop/backdrop",
		"wordpress", "johnpbloch/wordpress-core", "roots/wordpress", "roots/wordpress-no-content":
		return true
	}
	return false
}

// tellLockRows is how many packages of a lock a notice names.
const tellLockRows = 3

// TellLock is one changed lock or makefile as a list item: "In composer.lock:
// drupal/core 10.2.6 → 10.3.1 and 12 packages more". It names n packages.
func TellLock(c LockChange, n int) Line {
	parts := make([]string, 0, n)
	for _, r := range c.Rows[:min(len(c.Rows), n)] {
		parts = append(parts, tellLockRow(r))
	}
	text := strings.Join(parts, ", ")
	if more := c.More + len(c.Rows) - len(parts); more > 0 {
		text += fmt.Sprintf(" and %s more", Plural(more, "package", "packages"))
	}
	return Item("In ", Mono(Clean(c.Path, 80)), ": "+text+".")
}

func tellLockRow(r Row) string {
	name := Clean(r.Package, 60)
	from, to := Clean(r.From, 40), Clean(r.To, 40)
	switch r.Change {
	case Added:
		return strings.TrimSpace(name+" "+to) + " (new)"
	case Removed:
		return name + " removed"
	case Downgraded:
		return fmt.Sprintf("%s %s → %s (older)", name, from, to)
	}
	return fmt.Sprintf("%s %s → %s", name, orNone(from), orNone(to))
}

func orNone(s string) string {
	if s == "" {
		return "no version"
	}
	return s
}
