package fleet

import (
	"cmp"
	"strings"
)

// A versionPart is a run of digits or letters of a suffix.
type versionPart struct {
	rank rank
	text string
}

// rank orders the words of a suffix. The sequence is that of PHP's
// version_compare with the words that semver and Drupal add.
type rank int

const (
	rankDev rank = iota
	rankWord
	rankUnstable
	rankAlpha
	rankBeta
	rankPre
	rankRC
	rankFinal // nothing follows
	rankNumber
	rankPatch
)

// parts cuts a suffix into its runs of digits and of letters, without words
// that say nothing ("-final").
func parts(s string) []versionPart {
	var out []versionPart
	for i := 0; i < len(s); {
		j := i
		switch {
		case digits(s[i:]) > 0:
			j += digits(s[i:])
			out = append(out, versionPart{rankNumber, number(s[i:j])})
		case letter(s[i]):
			for j < len(s) && letter(s[j]) {
				j++
			}
			if r := rankOf(s[i:j], s[j:]); r != rankFinal {
				out = append(out, versionPart{r, s[i:j]})
			}
		default:
			j++
		}
		i = j
	}
	return out
}

// rankOf ranks a word by itself and what follows: "1.0b2" is a beta, "1.0b" the
// patch after 1.0a.
func rankOf(word, next string) rank {
	switch word {
	case "dev", "snapshot", "nightly":
		return rankDev
	case "unstable", "experimental":
		return rankUnstable
	case "alpha":
		return rankAlpha
	case "beta":
		return rankBeta
	case "pre", "preview", "prerelease", "milestone":
		return rankPre
	case "rc", "cr":
		return rankRC
	case "final", "stable", "release", "ga", "lts":
		return rankFinal
	}
	if patchWord(word) {
		return rankPatch
	}
	if i := strings.Index("abcm", word); len(word) == 1 && i >= 0 && digits(next) > 0 {
		return [...]rank{rankAlpha, rankBeta, rankRC, rankPre}[i]
	}
	if len(word) == 1 {
		return rankPatch
	}
	return rankWord
}

func patchWord(w string) bool {
	switch w {
	case "p", "pl", "patch", "post", "sp", "hotfix", "security":
		return true
	}
	return false
}

// compareSuffixes orders what follows the numbers. Behind a common pre-release
// word semver's rule holds (end < number < word); before it, the ranks.
func compareSuffixes(a, b []versionPart) int {
	pre := false
	for i := range max(len(a), len(b)) {
		x, y := versionPart{rank: rankFinal}, versionPart{rank: rankFinal}
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if c := x.compare(y, pre); c != 0 {
			return c
		}
		pre = pre || x.rank < rankFinal
	}
	return 0
}

func (p versionPart) compare(q versionPart, pre bool) int {
	if p.rank == rankNumber && q.rank == rankNumber {
		return compareNumbers(p.text, q.text)
	}
	if pre {
		if c := cmp.Compare(p.semver(), q.semver()); c != 0 {
			return c
		}
	}
	return cmp.Or(cmp.Compare(p.rank, q.rank), strings.Compare(p.order(), q.order()))
}

// order is what decides between words of one rank: nothing between spellings
// of a known word, the letters of others ("1.0.2k" before "1.0.2m").
func (p versionPart) order() string {
	if p.rank == rankWord || p.rank == rankPatch && !patchWord(p.text) {
		return p.text
	}
	return ""
}

// semver is the class of a part behind a pre-release word.
func (p versionPart) semver() int {
	switch p.rank {
	case rankFinal:
		return 0
	case rankNumber:
		return 1
	}
	return 2
}
