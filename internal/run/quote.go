package run

import "strings"

// Quote joins args into one command line for a POSIX shell that reads each of
// them back exactly as it is. It is for programs that hand a string to a shell on
// another machine, as ssh does; nothing here runs a shell. NUL bytes, which no
// argument can hold, are dropped.
func Quote(args ...string) string {
	quoted := make([]string, len(args))
	for i, arg := range args {
		quoted[i] = quoteOne(strings.ReplaceAll(arg, "\x00", ""))
	}
	return strings.Join(quoted, " ")
}

func quoteOne(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@%+,", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
