package fleet

import (
	"slices"
	"strings"
)

// Affected is the versions that an advisory speaks of, in the words of
// Composer's ranges: >=1.0,<1.2|>=2,<2.1; also 1.2 - 1.4, 1.2.*, ~1.2, ^1.2, *.
// A blank or a comma means both, | or || means either.
//
// It differs from Constraint, which chooses what to install: pre-releases are as
// vulnerable as others, so none is left out for being one. What leads to 1.2
// (1.2-rc1) is not below 1.2, and is in >=1.2, as Composer has it.
type Affected struct {
	any [][]bound
	all bool
}

// MaxAffected is the longest text of a range that is read, in bytes: some
// packages have dozens of branches.
const MaxAffected = 4000

// maxAlternatives bounds how many spans one range may have.
const maxAlternatives = 200

// ParseAffected reads a range. The error is an Error of code Invalid.
func ParseAffected(text string) (Affected, error) {
	a, wrong := Affected{}, Errorf(Invalid, "%q is not a range of affected versions.", Clean(text, 60))
	if len(text) > MaxAffected {
		return a, wrong
	}
	for alternative := range strings.SplitSeq(strings.ReplaceAll(text, "||", "|"), "|") {
		all, ok := parseSpan(alternative)
		if !ok || len(a.any) == maxAlternatives {
			return Affected{}, wrong
		}
		if len(all) == 0 {
			a.all = true
			continue
		}
		a.any = append(a.any, all)
	}
	return a, nil
}

// parseSpan reads bounds that all must hold; none stand for every version.
func parseSpan(text string) ([]bound, bool) {
	text = strings.TrimSpace(text)
	if from, to, ok := strings.Cut(text, " - "); ok {
		return hyphened(strings.TrimSpace(from), strings.TrimSpace(to))
	}
	var out []bound
	terms := strings.Fields(joinOperators(strings.ReplaceAll(text, ",", " ")))
	for _, term := range terms {
		if term == "*" {
			continue
		}
		b, ok := parseBound(strings.ToLower(strings.Replace(term, "<>", "!=", 1)))
		if !ok {
			return nil, false
		}
		out = append(out, b.modern())
	}
	return out, len(terms) > 0
}

// hyphened reads "1.2 - 1.4": both ends belong to it, and where the upper end
// names less than three numbers, everything that begins with them.
func hyphened(from, to string) ([]bound, bool) {
	low, ok := parseBound(">=" + strings.ToLower(from))
	if !ok {
		return nil, false
	}
	high, ok := parseBound("<=" + strings.ToLower(to))
	if !ok {
		return nil, false
	}
	if len(high.v.nums) < 3 && len(high.v.suffix) == 0 {
		n := len(high.v.nums) - 1
		high.op, high.v.nums = "<", slices.Clone(high.v.nums)
		high.v.nums[n] = increment(high.v.nums[n])
	}
	return []bound{low.modern(), high.modern()}, true
}

// modern drops the core branch where it says nothing: drupal.org's 8.x-1.5 is
// Composer's 1.5.
func (b bound) modern() bound {
	b.v = b.v.modern()
	return b
}

func (v Version) modern() Version {
	if v.core == "8" {
		v.core = ""
	}
	return v
}

// Holds reports whether a version is affected. known is false for what has no
// place in the order: a development line, or no version at all.
func (a Affected) Holds(version string) (affected, known bool) {
	if a.all {
		return true, true
	}
	v, ok := orderly(version)
	if !ok {
		return false, false
	}
	return slices.ContainsFunc(a.any, func(all []bound) bool {
		return !slices.ContainsFunc(all, func(b bound) bool { return !b.holds(v) })
	}), true
}

// orderly reads a version that ranges can speak of.
func orderly(version string) (Version, bool) {
	if strings.Contains(version, "#") || strings.HasPrefix(strings.ToLower(version), "dev-") {
		return Version{}, false // the digits of a commit are no version
	}
	v, ok := ParseVersion(version)
	if !ok || !v.Fixed() || v.prefix != "" && v.prefix != "v" {
		return Version{}, false
	}
	return v.modern(), true
}
