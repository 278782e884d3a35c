package fleet

import (
	"cmp"
	"strings"
)

// A Version is a tag or package version in an order that holds over every shape
// seen in real repositories: semver with and without "v", two to many numbers,
// Drupal's "7.x-3.24" and "8.x-1.0-beta2", dates, prefixes ("release-1.2",
// "debian/5.0"), pre-releases and patch suffixes.
//
// The order: the core branch first (a version without one stands with 8.x,
// where drupal.org went over to semver: 7.x-3.24 < 8.x-1.5 < 2.0.0 < 9.x-1.0),
// then the numbers with missing ones as 0, then the suffix: dev < any unknown
// word < unstable < alpha < beta < pre < rc < none < a number < a patch word.
// The prefix and build metadata ("+drupal6") only decide between equals.
type Version struct {
	text   string
	prefix string
	core   string // digits of "7.x-", "" without
	nums   []string
	suffix []versionPart
	after  string // commits after the release, of "3.23+5-dev"
	meta   string
}

// wildcard stands in nums for the x of "3.x-dev": later than every number.
const wildcard = "x"

// MaxVersion is the longest tag, in bytes, that is taken for a version.
const MaxVersion = 200

// ParseVersion reads a version out of a tag's short name or a package's version.
// It reports false if there is no number in it, as in "start" or "dev-main".
func ParseVersion(text string) (Version, bool) {
	v := Version{text: text}
	start := versionStart(text)
	if start < 0 || len(text) > MaxVersion {
		return v, false
	}
	v.prefix = strings.ToLower(text[:start])
	rest := strings.ToLower(text[start:])
	rest, v.meta, _ = strings.Cut(rest, "+")
	if n := digits(v.meta); n > 0 && v.meta[n:] == "-dev" {
		v.after, v.meta = number(v.meta[:n]), ""
	}
	if n := digits(rest); n > 0 && strings.HasPrefix(rest[n:], ".x-") && len(rest) > n+3 {
		if c := rest[n+3]; c >= '0' && c <= '9' {
			v.core, rest = number(rest[:n]), rest[n+3:]
		}
	}
	rest = v.readNumbers(dotDate(rest))
	v.suffix = parts(rest)
	return v, true
}

// versionStart finds where the numbers begin: at the first digit that begins
// the text or a part of it, a "v" before it allowed; else at the first digit.
func versionStart(s string) int {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			continue
		}
		before := strings.TrimSuffix(strings.TrimSuffix(s[:i], "v"), "V")
		if before == "" || strings.ContainsRune("-_/ ", rune(before[len(before)-1])) {
			return i
		}
	}
	return strings.IndexAny(s, "0123456789")
}

// readNumbers takes the leading dotted numbers off rest and gives what remains.
func (v *Version) readNumbers(rest string) string {
	for {
		n := digits(rest)
		switch {
		case n > 0:
			v.nums = append(v.nums, number(rest[:n]))
			rest = rest[n:]
		case len(v.nums) > 0 && strings.HasPrefix(rest, "x") && (len(rest) == 1 || !letter(rest[1])):
			v.nums = append(v.nums, wildcard)
			return rest[1:]
		default:
			return rest
		}
		if len(rest) < 2 || rest[0] != '.' || (digits(rest[1:]) == 0 && rest[1] != 'x') {
			return rest
		}
		rest = rest[1:]
	}
}

// dotDate writes 20240501 and 2024-05-01 as 2024.05.01, so that dates of every
// spelling are ordered with each other.
func dotDate(s string) string {
	switch n := digits(s); {
	case n == 8 && date(s[:4], s[4:6], s[6:8]):
		return s[:4] + "." + s[4:6] + "." + s[6:]
	case n == 4 && len(s) >= 10 && (s[4] == '-' || s[4] == '_') && s[7] == s[4] &&
		digits(s[5:]) == 2 && digits(s[8:]) == 2 && date(s[:4], s[5:7], s[8:10]):
		return s[:4] + "." + s[5:7] + "." + s[8:]
	}
	return s
}

func date(year, month, day string) bool {
	return year >= "1970" && year < "2200" && month >= "01" && month <= "12" && day >= "01" && day <= "31"
}

// String is the text the version was read from.
func (v Version) String() string { return v.text }

// PreRelease gives the word that makes v a pre-release, "" if it is none:
// "rc" of "3.0-rc1".
func (v Version) PreRelease() string {
	for _, p := range v.suffix {
		if p.rank < rankFinal {
			return p.text
		}
	}
	return ""
}

// Fixed reports whether v names one release. A development line ("3.x-dev")
// names another code base every day, so its place in the order means little.
func (v Version) Fixed() bool {
	for _, n := range v.nums {
		if n == wildcard {
			return false
		}
	}
	return len(v.nums) > 0
}

// Compare gives -1, 0 or +1 as v is older than, as new as, or newer than w. It
// is a total order up to spelling: 0 also for "1.0" and "v1.0.0".
func (v Version) Compare(w Version) int {
	return cmp.Or(
		compareNumbers(v.branch(), w.branch()),
		compareLists(v.nums, w.nums),
		compareSuffixes(v.suffix, w.suffix),
		compareNumbers(v.after, w.after),
	)
}

// branch is the core branch that v is ordered by.
func (v Version) branch() string {
	if v.core == "" {
		return "8"
	}
	return v.core
}

// compareNumbers orders runs of digits of any length, without leading zeros.
func compareNumbers(a, b string) int {
	if a == wildcard || b == wildcard {
		return cmp.Compare(bit(a == wildcard), bit(b == wildcard))
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

func compareLists(a, b []string) int {
	for i := range max(len(a), len(b)) {
		if c := compareNumbers(at(a, i), at(b, i)); c != 0 {
			return c
		}
	}
	return 0
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

func number(s string) string {
	if t := strings.TrimLeft(s, "0"); t != "" {
		return t
	}
	return ""
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 0x80 }

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
