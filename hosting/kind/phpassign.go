package kind

import (
	"crypto/md5" //nolint:gosec // Backdrop names a directory with it
	"encoding/hex"
	"strconv"
	"strings"
)

// Bounds of a settings file that is read without being run.
const (
	maxAssignDepth  = 12
	maxAssignValues = 5000
	maxAssignments  = 10_000   // in one file
	maxAssignText   = 64 << 10 // bytes of one text; a variable can be joined with itself over and over
)

// An assigner reads the variables that PHP source sets to values that can be
// told without running it. Elements of arrays are known by their path:
// $databases['default']['default']['host'] is "$databases/default/default/host".
type assigner struct {
	values map[string]string
	// unclear are variables, or the first part of a path, that are set to
	// something that must be computed, or only under a condition.
	unclear map[string]bool
	names   map[string]string // constants and variables known in advance: __DIR__, $app_root
	tokens  []phpToken
	at      int
}

// read reads the assignments of a file in their order; those of a later file
// replace earlier ones.
func (a *assigner) read(src []byte) {
	a.tokens, a.at = phpTokens(src), 0
	depth, first, n := 0, true, 0 // first token of a statement
	for a.at < len(a.tokens) && n < maxAssignments {
		t := a.tokens[a.at]
		a.at++
		switch {
		case t.kind == phpPunct && t.text == "{":
			depth++
			first = true
		case t.kind == phpPunct && t.text == "}":
			depth--
			first = true
		case t.kind == phpPunct && t.text == ";":
			first = true
		case t.kind == phpVariable && a.assignment(t.text, depth > 0 || !first):
			first = true
			n++
		default:
			first = false
		}
	}
}

// assignment reads $name[KEY]… = VALUE; behind the name. Under a condition it
// only makes the value unclear, unless it is the same.
func (a *assigner) assignment(name string, condition bool) bool {
	path := name
	for a.punct(0, "[") {
		a.at++
		key, ok := a.scalar()
		if !ok || !a.punct(0, "]") {
			return false
		}
		a.at++
		path += "/" + key
	}
	if !a.punct(0, "=") || a.punct(1, "=") || a.punct(1, ">") {
		return false
	}
	a.at++
	found := map[string]string{}
	known := a.value(path, found, 0) && a.punct(0, ";")
	for key, v := range found {
		known = known && (!condition || a.values[key] == v)
	}
	switch {
	case !known:
		a.unclear[path] = true
	case !condition:
		a.replace(path, found)
	}
	return a.punct(0, ";")
}

// replace puts the values of a path in the place of what it had.
func (a *assigner) replace(path string, found map[string]string) {
	for key := range a.values {
		if within(key, path) {
			delete(a.values, key)
		}
	}
	for key := range a.unclear {
		if within(key, path) {
			delete(a.unclear, key)
		}
	}
	for key, v := range found {
		if len(a.values) < maxAssignValues {
			a.values[key] = v
		}
	}
}

func within(key, path string) bool { return key == path || strings.HasPrefix(key, path+"/") }

// get gives a value; ok is false if it is there but cannot be told.
func (a *assigner) get(path string) (v string, ok bool) {
	for at := path; at != ""; at = at[:max(strings.LastIndexByte(at, '/'), 0)] {
		if a.unclear[at] {
			return "", false
		}
	}
	return a.values[path], true
}

func (a *assigner) punct(i int, text string) bool { return punct(a.tokens, a.at+i, text) }

// value reads an expression into found, below path.
func (a *assigner) value(path string, found map[string]string, depth int) bool {
	end := ""
	switch {
	case a.punct(0, "["):
		a.at, end = a.at+1, "]"
	case a.at < len(a.tokens) && a.tokens[a.at].kind == phpWord && strings.EqualFold(a.tokens[a.at].text, "array") && a.punct(1, "("):
		a.at, end = a.at+2, ")"
	default:
		v, ok := a.scalar()
		found[path] = v
		return ok
	}
	for n := 0; !a.punct(0, end); n++ {
		if depth > maxAssignDepth || n > maxAssignValues || a.at >= len(a.tokens) || !a.entry(path, n, found, depth) {
			return false
		}
		if a.punct(0, ",") {
			a.at++
		} else if !a.punct(0, end) {
			return false
		}
	}
	a.at++
	return true
}

// entry reads KEY => VALUE, or VALUE, of an array.
func (a *assigner) entry(path string, n int, found map[string]string, depth int) bool {
	from := a.at
	if key, ok := a.scalar(); ok && a.punct(0, "=") && a.punct(1, ">") {
		a.at += 2
		return a.value(path+"/"+key, found, depth+1)
	}
	a.at = from
	return a.value(path+"/"+strconv.Itoa(n), found, depth+1)
}

// scalar reads texts, numbers and known names, joined by dots.
func (a *assigner) scalar() (string, bool) {
	var b strings.Builder
	for {
		v, ok := a.term()
		if !ok {
			return "", false
		}
		b.WriteString(v)
		if b.Len() > maxAssignText {
			return "", false
		}
		if !a.punct(0, ".") {
			return b.String(), true
		}
		a.at++
	}
}

func (a *assigner) term() (string, bool) {
	if a.at >= len(a.tokens) {
		return "", false
	}
	t := a.tokens[a.at]
	a.at++
	if t.kind == phpString {
		return t.text, !t.open
	}
	if v, ok := a.names[t.text]; ok {
		return v, true
	}
	switch {
	case t.kind == phpVariable:
		v, ok := a.get(t.text)
		_, set := a.values[t.text]
		return v, ok && set && !a.punct(0, "[")
	case t.kind != phpWord:
		return "", false
	case strings.EqualFold(t.text, "md5") && a.punct(0, "("):
		a.at++
		v, ok := a.scalar()
		ok = ok && a.punct(0, ")")
		a.at++
		sum := md5.Sum([]byte(v)) //nolint:gosec // as above
		return hex.EncodeToString(sum[:]), ok
	case strings.EqualFold(t.text, "false"), strings.EqualFold(t.text, "null"):
		return "", true
	case strings.EqualFold(t.text, "true"):
		return "1", true
	}
	return t.text, digitsOnly(t.text)
}
