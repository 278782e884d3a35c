package fleet

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// fold makes names that differ only in case equal.
func fold(s string) string { return strings.ToLower(s) }

// clip shortens s to n characters with an ellipsis.
func clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// Clean makes foreign text fit for one line: control characters, bidirectional
// overrides and invalid bytes go, white space folds, and it is clipped to n
// characters. It does not escape; the renderer does.
func Clean(s string, n int) string {
	s = strings.ToValidUTF8(s, "�")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r) && r != 0x200d, unicode.Is(unicode.Co, r):
			return -1
		}
		return r
	}, s)
	return clip(strings.Join(strings.Fields(s), " "), n)
}

// CleanLines is Clean for text of several lines: at most n characters, lines
// that are blank go.
func CleanLines(s string, n int) string {
	var out []string
	for line := range strings.SplitSeq(clip(strings.ToValidUTF8(s, "�"), n), "\n") {
		if line = Clean(line, n); line != "" {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

// Plural says "1 site", "3 sites".
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
