package fleet

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// MatchingTags gives the short names that an anchored expression matches and
// that may be offered, the best first. Order is that of Version; names without
// a number come last; equals are ordered by spelling, so that every replica
// chooses alike.
//
// A pre-release is offered only when the expression names it: the word that
// makes it one ("rc" of 3.0-rc1) must stand in the expression as a word of its
// own, outside of classes. So `\d+\.\d+.*` never offers 3.0-rc1, and
// `\d+\.\d+(-rc\d+)?` does, but no 3.0-beta1.
func MatchingTags(re *regexp.Regexp, names []string) []string {
	return chooserOf(re).Matching(names)
}

// Matching is MatchingTags for what c admits.
func (c Chooser) Matching(names []string) []string {
	found := make([]candidate, 0, len(names))
	for _, n := range names {
		if t, ok := c.candidate(n); ok {
			found = append(found, t)
		}
	}
	slices.SortFunc(found, func(a, b candidate) int { return b.compare(a) })
	out := make([]string, len(found))
	for i, t := range found {
		out[i] = t.name
	}
	return slices.Compact(out)
}

// BestTag gives the first of MatchingTags, without sorting the rest.
func BestTag(re *regexp.Regexp, names []string) (string, bool) {
	c := chooserOf(re)
	var best candidate
	for _, n := range names {
		if t, ok := c.candidate(n); ok && (best.name == "" || t.compare(best) > 0) {
			best = t
		}
	}
	return best.name, best.name != ""
}

// CompareTags orders two tags as MatchingTags does: positive if a is better.
func CompareTags(a, b string) int { return newCandidate(a).compare(newCandidate(b)) }

type candidate struct {
	name    string
	version Version
	numbers bool
}

func newCandidate(name string) candidate {
	v, ok := ParseVersion(name)
	return candidate{name: name, version: v, numbers: ok}
}

func (c candidate) compare(d candidate) int {
	if c.numbers && d.numbers {
		if n := c.version.Compare(d.version); n != 0 {
			return n
		}
	}
	return cmp.Or(cmp.Compare(bit(c.numbers), bit(d.numbers)), strings.Compare(c.name, d.name))
}

// A Chooser says which tags of a repository a distribution is offered.
type Chooser struct {
	re      *regexp.Regexp // of Track.Tags; nil with a Constraint
	words   map[string]bool
	within  Constraint
	ignored []string
	starts  []string
}

func chooserOf(re *regexp.Regexp) Chooser { return Chooser{re: re, words: literalWords(re.String())} }

// Chooser compiles what d follows of tags, without the versions that people
// want ignored. The error is an Error of code Invalid.
func (d Distribution) Chooser() (Chooser, error) {
	c, err := d.Track.chooser()
	c.ignored = d.Hush.ignored()
	return c, err
}

func (t Track) chooser() (Chooser, error) {
	if t.Versions != "" {
		within, err := ParseConstraint(t.Versions)
		return Chooser{within: within, starts: within.starts()}, err
	}
	re, err := t.Expr()
	if err != nil {
		return Chooser{}, err
	}
	return chooserOf(re), nil
}

// Expr gives the expression of c, nil if it goes by a Constraint; Starts gives
// texts one of which every tag that a Constraint admits begins with, if any.
func (c Chooser) Expr() *regexp.Regexp { return c.re }

// Starts: see Expr.
func (c Chooser) Starts() []string { return c.starts }

func (c Chooser) candidate(name string) (candidate, bool) {
	if name == "" || len(name) > MaxVersion || slices.Contains(c.ignored, fold(name)) {
		return candidate{}, false
	}
	if c.re == nil {
		t := newCandidate(name)
		return t, t.numbers && c.within.admits(t.version)
	}
	if !c.re.MatchString(name) {
		return candidate{}, false
	}
	t := newCandidate(name)
	word := t.version.PreRelease()
	return t, word == "" || c.words[word]
}

// notLiteral is what of an expression matches no word of its own: escapes with
// their arguments, classes, flags and group names.
var notLiteral = regexp.MustCompile(`\\[pPx]\{[^}]*\}|\\x[0-9A-Fa-f]{2}|\\[pP]?.|\[\]?(?:\\.|\[:\^?[a-z]+:\]|[^\]\\])*\]|\(\?P?<[^>]*>|\(\?[a-zA-Z-]*`)

// literalWords gives the runs of letters that an expression spells out, in
// lower case.
func literalWords(expr string) map[string]bool {
	out := map[string]bool{}
	plain := strings.ToLower(notLiteral.ReplaceAllString(expr, " "))
	for _, w := range strings.FieldsFunc(plain, func(r rune) bool { return r < 0x80 && !letter(byte(r)) }) {
		out[w] = true
	}
	return out
}
