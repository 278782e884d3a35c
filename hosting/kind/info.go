package kind

import (
	"bufio"
	"bytes"
	"strings"
)

// maxInfo bounds an .info or .info.yml file, in bytes; those of real themes
// with many regions have 10 KiB.
const maxInfo = 256 << 10

// info is what is read of an extension's description: its top-level scalars.
// Of a key that stands twice the last value counts: drupal.org's packaging
// appends version, core, project and datestamp to what the author wrote.
type info map[string]string

// parseIni reads the .info files of Drupal 7 and Backdrop: KEY = VALUE, a value
// may stand in quotes, ";" begins a comment. Arrays (files[] = …) are left out,
// and so are sections, which Backdrop allows.
func parseIni(b []byte) info {
	out := info{}
	section := false
	for line := range lines(b) {
		if line = strings.TrimSpace(line); line == "" || line[0] == ';' || line[0] == '#' {
			continue
		}
		if line[0] == '[' {
			section = true
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		key = strings.TrimSpace(key)
		if !ok || section && !packaging[key] || strings.ContainsAny(key, "[]") {
			continue
		}
		out[strings.ToLower(key)] = unquote(strings.TrimSpace(value), " ;")
	}
	return out
}

// packaging are the keys of the appended block, which may follow a section.
var packaging = map[string]bool{"version": true, "project": true, "core": true, "datestamp": true, "timestamp": true}

// parseInfoYAML reads the top-level scalars of an .info.yml file. It is no YAML
// parser on purpose: a parser refuses repeated keys, and a description that is
// not YAML in a line nobody needs still has a version.
func parseInfoYAML(b []byte) info {
	out := info{}
	for line := range lines(b) {
		if line == "" || strings.ContainsRune(" \t#-", rune(line[0])) {
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		if !ok || value != "" && value[0] != ' ' && value[0] != '\t' {
			continue
		}
		key = strings.Trim(strings.TrimSpace(key), `'"`)
		out[key] = unquote(strings.TrimSpace(value), " #")
	}
	return out
}

// unquote takes a value out of its quotes, or cuts it at a comment: a
// character of mark's second byte that follows white space.
func unquote(v, mark string) string {
	if v == "" {
		return ""
	}
	if q := v[0]; q == '\'' || q == '"' {
		if end := strings.IndexByte(v[1:], q); end >= 0 {
			return v[1 : 1+end]
		}
		return v[1:]
	}
	if i := strings.Index(v, mark); i >= 0 {
		v = v[:i]
	}
	if v[:min(1, len(v))] == mark[1:] {
		return ""
	}
	return strings.TrimSpace(v)
}

// lines walks the lines of a text; a line of more than 64 KiB ends it.
func lines(b []byte) func(func(string) bool) {
	return func(yield func(string) bool) {
		b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
		for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
			if !yield(strings.TrimSuffix(s.Text(), "\r")) {
				return
			}
		}
	}
}
