package mirror

import "regexp/syntax"

// literalStart returns the text that every match of an anchored expression
// begins with, "" if there is none. regexp.Regexp.LiteralPrefix does not help:
// it gives nothing for ^1\.x and, for an expression without an anchor, a text
// that may stand anywhere.
func literalStart(expr string) string {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return ""
	}
	start, _ := literal(re.Simplify(), false)
	return start
}

// literal returns the text that re surely consumes first, given whether the
// start of the text is behind it already, and whether it consumes exactly that
// text, so that what follows re can continue it.
func literal(re *syntax.Regexp, anchored bool) (text string, exact bool) {
	switch re.Op {
	case syntax.OpCapture:
		return literal(re.Sub[0], anchored)
	case syntax.OpEmptyMatch:
		return "", true
	case syntax.OpLiteral:
		if anchored && re.Flags&syntax.FoldCase == 0 {
			return string(re.Rune), true
		}
	case syntax.OpConcat:
		return concat(re.Sub, anchored)
	case syntax.OpPlus:
		text, _ = literal(re.Sub[0], anchored) // at least once
		return text, false
	case syntax.OpAlternate:
		return common(re.Sub, anchored), false
	}
	return "", false
}

// concat joins the literal starts of a sequence until one is not exact.
func concat(subs []*syntax.Regexp, anchored bool) (string, bool) {
	whole := ""
	for _, sub := range subs {
		if sub.Op == syntax.OpBeginText {
			anchored = true
			continue
		}
		text, exact := literal(sub, anchored)
		whole += text
		if !exact {
			return whole, false
		}
	}
	return whole, true
}

// common returns the longest text that all alternatives begin with.
func common(subs []*syntax.Regexp, anchored bool) string {
	first, _ := literal(subs[0], anchored)
	for _, sub := range subs[1:] {
		text, _ := literal(sub, anchored)
		n := 0
		for n < len(first) && n < len(text) && first[n] == text[n] {
			n++
		}
		first = first[:n]
	}
	return first
}
