package fleet

import (
	"slices"
	"strings"
)

// A Constraint is a range of versions as Composer's users write it:
//
//	^10.2      10.2 and later, below 11 (^0.3: below 0.4)
//	~1.4       1.4 and later, below 2; ~1.4.2 stays below 1.5
//	7.x-3.*    every 3.something of Drupal's 7.x branch; 10.x is 10.*
//	>=1.2 <2   both; also <= > = !=; a bare version is that one alone
//	^1 || ^3   either
//	^10.2@rc   admits release candidates as well; @beta, @alpha, @dev more
//
// Pre-releases are admitted only when the constraint names them, by a flag or
// in a version of its own (>=2.0-beta1). Tags may begin with "v"; tags with
// another prefix need an expression instead.
type Constraint struct {
	text string
	any  [][]bound // alternatives; of each all must hold
}

type bound struct {
	op    string
	v     Version
	least rank // words before this one are not admitted
}

// maxConstraint bounds a constraint, in bytes.
const maxConstraint = 200

const constraintHint = "Examples that work: ^10.2, ~1.4, 7.x-3.*, >=1.2 <2.0, ^10.2@rc."

// ParseConstraint reads a constraint. The error is an Error of code Invalid.
func ParseConstraint(text string) (Constraint, error) {
	c := Constraint{text: text}
	if len(text) > maxConstraint || strings.TrimSpace(text) == "" {
		return c, Errorf(Invalid, "%q is not a range of versions.", Clean(text, 60)).WithHint(constraintHint)
	}
	for alternative := range strings.SplitSeq(text, "||") {
		var all []bound
		for _, term := range strings.Fields(joinOperators(strings.ReplaceAll(alternative, ",", " "))) {
			b, ok := parseBound(strings.ToLower(term))
			if !ok {
				return c, Errorf(Invalid, "%q is not a range of versions.", Clean(term, 60)).WithHint(constraintHint)
			}
			all = append(all, b)
		}
		if len(all) == 0 {
			return c, Errorf(Invalid, "%q has an empty alternative.", Clean(text, 60)).WithHint(constraintHint)
		}
		c.any = append(c.any, all)
	}
	return c, nil
}

// operators in the order in which they are tried: longer ones first.
var operators = [...]string{">=", "<=", "!=", "==", "^", "~", ">", "<", "="}

// joinOperators closes the gap of ">= 1.2".
func joinOperators(s string) string {
	for _, op := range operators {
		for strings.Contains(s, op+" ") {
			s = strings.ReplaceAll(s, op+" ", op)
		}
	}
	return s
}

func parseBound(term string) (bound, bool) {
	b := bound{op: "=", least: rankFinal}
	for _, op := range operators {
		if rest, ok := strings.CutPrefix(term, op); ok {
			b.op, term = strings.Replace(op, "==", "=", 1), rest
			break
		}
	}
	term, flag, flagged := strings.Cut(term, "@")
	if flagged {
		ranks := map[string]rank{"dev": rankDev, "alpha": rankAlpha, "beta": rankBeta, "rc": rankRC, "stable": rankFinal}
		least, known := ranks[flag]
		if b.least = least; !known {
			return b, false
		}
	}
	if star, ok := strings.CutSuffix(term, ".*"); ok {
		term = star + ".x"
	}
	ok := !strings.ContainsFunc(term, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && !strings.ContainsRune(".+_-", r)
	})
	if !ok {
		return b, false
	}
	if b.v, ok = ParseVersion(term); !ok || b.v.prefix != "" && b.v.prefix != "v" {
		return b, false
	}
	return b.settled()
}

// settled turns "10.x" into an operator of its own, and lets a pre-release that
// is spelt out admit those from it on.
func (b bound) settled() (bound, bool) {
	if n := len(b.v.nums); n == 0 || slices.Contains(b.v.nums[:n-1], wildcard) {
		return b, false
	} else if b.v.nums[n-1] == wildcard {
		if b.op != "=" || n == 1 || len(b.v.suffix) > 0 {
			return b, false
		}
		b.op, b.v.nums = "*", b.v.nums[:n-1]
	}
	b.least = min(b.least, b.v.stability())
	return b, true
}

// stability is the rank of the word that makes v a pre-release.
func (v Version) stability() rank {
	for _, p := range v.suffix {
		if p.rank < rankFinal {
			return p.rank
		}
	}
	if !v.Fixed() {
		return rankDev
	}
	return rankFinal
}

// String is the text the constraint was read from.
func (c Constraint) String() string { return c.text }

// Admits reports whether a tag or version is in the range.
func (c Constraint) Admits(name string) bool {
	v, ok := ParseVersion(name)
	return ok && c.admits(v)
}

func (c Constraint) admits(v Version) bool {
	if v.prefix != "" && v.prefix != "v" {
		return false
	}
	return slices.ContainsFunc(c.any, func(all []bound) bool {
		least := rankFinal
		for _, b := range all {
			if least = min(least, b.least); !b.holds(v) {
				return false
			}
		}
		return v.stability() >= least
	})
}

// holds compares by numbers alone where a bound names no suffix: what leads to
// 11.0 is neither below 11 nor outside of 11 and later.
func (b bound) holds(v Version) bool {
	if v.core != b.v.core {
		return b.op == "!="
	}
	byNumber := compareLists(v.nums, b.v.nums)
	if len(b.v.suffix) > 0 || b.op == ">" || b.op == "<=" || b.op == "=" || b.op == "!=" {
		byNumber = v.Compare(b.v)
	}
	switch b.op {
	case "^", "~":
		return byNumber >= 0 && compareLists(v.nums, b.ceiling()) < 0
	case "*":
		return compareLists(v.nums[:min(len(v.nums), len(b.v.nums))], b.v.nums) == 0
	case ">=":
		return byNumber >= 0
	case ">":
		return byNumber > 0
	case "<":
		return byNumber < 0
	case "<=":
		return byNumber <= 0
	case "!=":
		return byNumber != 0
	}
	return byNumber == 0
}

// ceiling is the first version above ^ or ~, by its numbers.
func (b bound) ceiling() []string {
	i := 0
	if b.op == "~" {
		i = max(0, len(b.v.nums)-2)
	} else {
		for i < len(b.v.nums)-1 && b.v.nums[i] == "" {
			i++
		}
	}
	out := slices.Clone(b.v.nums[:i+1])
	out[i] = increment(out[i])
	return out
}

// increment adds one to a run of digits of any length.
func increment(n string) string {
	d := []byte("0" + n)
	i := len(d) - 1
	for ; d[i] == '9'; i-- {
		d[i] = '0'
	}
	d[i]++
	return number(string(d))
}

// starts gives texts one of which every admitted tag begins with; nil if there
// are none but the empty one. They narrow down what a server is asked for.
func (c Constraint) starts() []string {
	var out []string
	for _, all := range c.any {
		i := slices.IndexFunc(all, func(b bound) bool { return b.start() != "" })
		if i < 0 {
			return nil
		}
		for _, v := range []string{"", "v", "V"} {
			if s := v + all[i].start(); !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

// start is the first number of every version for which b holds, if it is sure.
// Numbers may be written with zeros before them only where a bound is too.
func (b bound) start() string {
	switch {
	case b.v.core != "":
		if b.op == "!=" {
			return ""
		}
		return b.v.core + "."
	case b.op == "^" && b.v.nums[0] != "", b.op == "~" && len(b.v.nums) > 1 && b.v.nums[0] != "",
		b.op == "*" && b.v.nums[0] != "", b.op == "=" && b.v.nums[0] != "":
		return b.v.nums[0]
	}
	return ""
}
