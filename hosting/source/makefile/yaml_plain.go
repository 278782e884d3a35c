package makefile

import (
	"strconv"
	"strings"
)

// Parsing YAML in full costs 0.1 ms a project. Makefiles use little of it: maps
// and lists by indentation, and values on their line. readPlain reads that much,
// and leaves every other file to the library; where it reads, both give the same
// tree (FuzzPlain).

// A plainLine is a line of such a file, without its indentation.
type plainLine struct {
	text   string
	indent int
	number int
}

// A plainReader walks the lines.
type plainReader struct {
	file  string
	lines []plainLine
	at    int
}

// maxPlainLines leaves what is large to the library and its bounds.
const maxPlainLines = maxNodes / 4

// readPlain reads a file of plain maps and lists. False says that the file has
// something else, or something wrong, which the library shall say.
func readPlain(name string, b []byte) (*Node, bool) {
	r := plainReader{file: name, lines: make([]plainLine, 0, 64+len(b)/24)}
	number := 0
	for text := range strings.SplitSeq(string(b), "\n") {
		number++
		// Comments too: a carriage return ends a line for the library.
		if !ascii(text) {
			return nil, false
		}
		body := strings.TrimLeft(text, " ")
		if body == "" || body[0] == '#' {
			continue
		}
		if body == "---" && len(r.lines) == 0 && len(body) == len(text) && number == 1 {
			continue
		}
		r.lines = append(r.lines, plainLine{strings.TrimRight(body, " "), len(text) - len(body), number})
		if len(r.lines) > maxPlainLines {
			return nil, false
		}
	}
	if len(r.lines) == 0 || r.lines[0].indent != 0 {
		return nil, false
	}
	n, ok := r.block(0, 0)
	return n, ok && r.at == len(r.lines) && n.isMap()
}

// ascii reports whether a line has printable ASCII only; a tab has rules of its
// own.
func ascii(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// block reads the map or list that begins at the current line.
func (r *plainReader) block(indent, depth int) (*Node, bool) {
	if depth > maxDepth {
		return nil, false
	}
	if strings.HasPrefix(r.lines[r.at].text, "- ") {
		return r.list(indent, depth)
	}
	out := newMap(r.pos())
	for r.at < len(r.lines) && r.lines[r.at].indent == indent && !strings.HasPrefix(r.lines[r.at].text, "-") {
		at := r.pos()
		key, value, ok := plainPair(r.lines[r.at].text)
		if !ok || out.Sub[key] != nil {
			return nil, false
		}
		sub, ok := r.value(value, indent, depth)
		if !ok {
			return nil, false
		}
		sub.Pos = at
		out.set(key, sub)
	}
	return out, r.ends(indent)
}

// value reads what follows a key: the rest of its line, or a block below it.
func (r *plainReader) value(text string, indent, depth int) (*Node, bool) {
	at := r.pos()
	r.at++
	if text != "" {
		return plainScalar(at, text)
	}
	if r.at < len(r.lines) {
		next := r.lines[r.at]
		if next.indent > indent || next.indent == indent && strings.HasPrefix(next.text, "- ") {
			return r.block(next.indent, depth+1)
		}
	}
	return &Node{Pos: at, Null: true}, true
}

// list reads a list of plain values.
func (r *plainReader) list(indent, depth int) (*Node, bool) {
	out := newMap(r.pos())
	for r.at < len(r.lines) && r.lines[r.at].indent == indent {
		text, ok := strings.CutPrefix(r.lines[r.at].text, "- ")
		if !ok {
			break
		}
		if _, _, pair := plainPair(text); pair {
			return nil, false
		}
		sub, ok := plainScalar(r.pos(), text)
		if !ok {
			return nil, false
		}
		out.set(strconv.Itoa(len(out.Keys)), sub)
		r.at++
	}
	return out, r.ends(indent)
}

// ends reports whether a block ends where it may: before a line that stands less
// deep.
func (r *plainReader) ends(indent int) bool {
	return r.at == len(r.lines) || r.lines[r.at].indent < indent ||
		r.lines[r.at].indent == indent && indent >= 0 && !strings.HasPrefix(r.lines[r.at].text, "-")
}

func (r *plainReader) pos() Pos { return Pos{File: r.file, Line: r.lines[r.at].number} }

// plainPair reads "key:" and "key: value".
func plainPair(text string) (key, value string, ok bool) {
	end := 0
	for end < len(text) && (letterOrDigit(text[end]) || end > 0 && (text[end] == '-' || text[end] == '.')) {
		end++
	}
	if end == 0 || end == len(text) || text[end] != ':' || end > maxText || special(text[:end]) || text[0] >= '0' && text[0] <= '9' {
		return "", "", false
	}
	rest := text[end+1:]
	if rest != "" && rest[0] != ' ' {
		return "", "", false
	}
	return text[:end], strings.TrimLeft(rest, " "), true
}

func letterOrDigit(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// special reports whether a word means something else than itself.
func special(word string) bool {
	switch strings.ToLower(word) {
	case "null", "true", "false", "yes", "no", "on", "off", "y", "n":
		return true
	}
	return false
}

// plainScalar reads a value that is quoted in whole or needs no quotes.
func plainScalar(at Pos, text string) (*Node, bool) {
	if len(text) > maxText {
		return nil, false
	}
	if q := text[0]; q == '"' || q == '\'' {
		inner := text[1:]
		if len(inner) == 0 || inner[len(inner)-1] != q || strings.ContainsAny(inner[:len(inner)-1], `"'\`) {
			return nil, false
		}
		return &Node{Pos: at, Text: inner[:len(inner)-1]}, true
	}
	if text == "~" || text == "null" {
		return &Node{Pos: at, Null: true}, true
	}
	if !letterOrDigit(text[0]) && text[0] != '/' {
		return nil, false
	}
	for i := range len(text) {
		switch c := text[i]; {
		case letterOrDigit(c), strings.IndexByte("/.-+@,=?&%~();", c) >= 0:
		case c == ':' && i+1 < len(text) && text[i+1] != ' ':
		case c == ' ' && text[i+1] != '#' && text[i-1] != ' ': // no space ends the text
		default:
			return nil, false
		}
	}
	return &Node{Pos: at, Text: text}, true
}
