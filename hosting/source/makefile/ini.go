package makefile

import (
	"strings"
	"unicode/utf8"
)

// parseINI reads the ini syntax of .make files.
func parseINI(name string, b []byte) (*Node, error) {
	root, count := newMap(Pos{File: name, Line: 1}), 0
	line := 0
	for text := range strings.SplitSeq(string(b), "\n") {
		line++
		at := Pos{File: name, Line: line}
		text = strings.TrimSpace(strings.TrimSuffix(text, "\r"))
		if line == 1 {
			text = strings.TrimPrefix(text, "\ufeff")
		}
		if text == "" || text[0] == ';' || text[0] == '#' {
			continue
		}
		if count++; count > maxNodes {
			return nil, at.Refuse("the makefile has more than %d lines", maxNodes)
		}
		keys, rest, ok := iniKeys(text)
		if !ok {
			return nil, at.Refuse("%s is neither a comment nor of the form name[key] = value", quote(text))
		}
		value, err := iniValue(at, rest)
		if err != nil {
			return nil, err
		}
		if err := root.assign(keys, &Node{Pos: at, Text: value}); err != nil {
			return nil, err
		}
	}
	return root, nil
}

// iniKeys reads name[a][b] = value, which every line of the makefiles seen in the
// wild is that is neither blank nor a comment. An empty key counts on.
func iniKeys(text string) (keys []string, value string, ok bool) {
	end := 0
	for end < len(text) && (text[end] == '_' || text[end]|0x20 >= 'a' && text[end]|0x20 <= 'z') {
		end++
	}
	keys, text = append(make([]string, 0, 4), text[:end]), text[end:]
	for strings.HasPrefix(text, "[") {
		end := strings.IndexAny(text[1:], "[]") + 1
		if end == 0 || text[end] == '[' {
			return nil, "", false
		}
		keys = append(keys, unquoted(strings.TrimSpace(text[1:end])))
		text = text[end+1:]
	}
	value, ok = strings.CutPrefix(strings.TrimLeft(text, " \t"), "=")
	return keys, strings.TrimLeft(value, " \t"), ok && keys[0] != ""
}

func unquoted(s string) string {
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}

// iniValue takes the quotes off a value. A comment may follow a quoted value
// only: after a bare one drush would take it for a part of the value.
func iniValue(at Pos, s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", at.Refuse("the value is not UTF-8")
	}
	if s != "" && (s[0] == '"' || s[0] == '\'') {
		end := strings.IndexByte(s[1:], s[0])
		if end < 0 {
			return "", at.Refuse("the quote is not closed on its line")
		}
		rest := strings.TrimSpace(s[end+2:])
		if rest != "" && rest[0] != ';' {
			return "", at.Refuse("there is more after the closing quote: %s", quote(rest))
		}
		s = s[1 : end+1]
	} else if strings.Contains(s, " ;") || strings.Contains(s, "\t;") {
		return "", at.Refuse("a comment follows a value without quotes; put it on its own line")
	}
	if len(s) > maxText {
		return "", at.Refuse("the value is longer than %d bytes", maxText)
	}
	return s, nil
}

// assign puts v at a path of keys. Of two values for one path the later counts,
// as in drush; a value where others are already is refused.
func (n *Node) assign(keys []string, v *Node) error {
	if len(keys) > maxDepth {
		return v.Pos.Refuse("keys are nested more than %d deep", maxDepth)
	}
	for i, key := range keys {
		if len(key) > maxText || !utf8.ValidString(key) {
			return v.Pos.Refuse("the name is longer than %d bytes or not UTF-8", maxText)
		}
		if key == "" {
			key = n.next()
		}
		last := i == len(keys)-1
		old := n.get(key)
		switch {
		case last && old.isMap():
			// projects[views] = 3.1 beside projects[views][subdir]: a version.
			if i != 1 || keys[0] != "projects" {
				return v.Pos.Refuse("%s has keys of its own already", quote(key))
			}
			old.set("version", v)
			return nil
		case last:
			n.set(key, v)
			return nil
		case old == nil:
			n.set(key, newMap(v.Pos))
		case !old.isMap():
			if i != 1 || keys[0] != "projects" {
				return v.Pos.Refuse("%s has a value already", quote(key))
			}
			m := newMap(old.Pos)
			if !isNumber(key) {
				m.set("version", old)
			}
			n.set(key, m)
		}
		n = n.Sub[key]
	}
	return nil
}
