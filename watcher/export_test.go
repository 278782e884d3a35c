package watcher

import "github.com/distrobot/distrobot/fleet"

// LocksOf compares two states of a lock or makefile.
func LocksOf(name string, from, to []byte) fleet.LockChange {
	read := lockReader(name)
	return fleet.CompareLocks(name, read(from), read(to))
}

// PlainMarkdown takes the markup out of a release's text.
func PlainMarkdown(s string) string { return plainMarkdown(s) }
