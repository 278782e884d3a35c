package kind

import (
	"fmt"
	"strconv"
	"strings"
)

// phpLiteral writes a value as PHP source: nil, bool, int, string, []string and
// []phpPair. Strings stand in single quotes, where only the quote and the
// backslash mean something, so that no text can end the string or be code.
func phpLiteral(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case bool:
		return strings.ToUpper(strconv.FormatBool(v))
	case int:
		return strconv.Itoa(v)
	case string:
		return phpQuote(v)
	case []string:
		parts := make([]string, len(v))
		for i, s := range v {
			parts[i] = phpQuote(s)
		}
		return "array(" + strings.Join(parts, ", ") + ")"
	case []phpPair:
		parts := make([]string, len(v))
		for i, p := range v {
			parts[i] = phpQuote(p.Key) + " => " + phpLiteral(p.Value)
		}
		return "array(" + strings.Join(parts, ", ") + ")"
	}
	panic(fmt.Sprintf("phpLiteral: %T", v)) // a mistake of the program, not of its input
}

var phpEscapes = strings.NewReplacer(`\`, `\\`, `'`, `\'`)

func phpQuote(s string) string { return "'" + phpEscapes.Replace(s) + "'" }

// A phpFile is PHP source in the making.
type phpFile struct{ strings.Builder }

// newPHP begins a file of settings. Nothing that others wrote stands in its
// comments, where ?> would end PHP.
func newPHP(comment string) *phpFile {
	f := &phpFile{}
	f.WriteString("<?php\n\n/**\n * @file\n * Settings of this site, written by distrobot for each of its generations.\n *\n")
	for line := range strings.SplitSeq(comment, "\n") {
		f.WriteString(strings.TrimRight(" * "+line, " ") + "\n")
	}
	f.WriteString(" */\n\n")
	return f
}

// set assigns a value to a variable, or to an element of an array.
func (f *phpFile) set(variable string, v any) {
	f.WriteString(variable + " = " + phpLiteral(v) + ";\n")
}

// code adds source as it is.
func (f *phpFile) code(text string) { f.WriteString(text) }

// include adds the inclusion of a file that need not be there.
func (f *phpFile) include(file string) {
	q := phpQuote(file)
	f.code("if (is_file(" + q + ")) {\n  include " + q + ";\n}\n")
}
