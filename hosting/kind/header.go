package kind

import (
	"regexp"
	"strings"
)

// maxHeader is how much of a plugin or theme WordPress reads for its header.
const maxHeader = 8 << 10

// headerLine is a line of a header as WordPress's own get_file_data finds it:
// within any comment, the name at the beginning of the line but for decoration.
var headerLine = regexp.MustCompile(`(?mi)^(?:[ \t]*<\?php)?[ \t/*#@]*(Plugin Name|Theme Name|Version|Template|Requires at least|Requires PHP|Requires Plugins|License)[ \t]*:(.*)$`)

// parseHeader reads the header of a plugin or theme: the first value of each
// name, by its name in lower case.
func parseHeader(b []byte) map[string]string {
	out := map[string]string{}
	text := strings.ReplaceAll(string(b[:min(len(b), maxHeader)]), "\r", "\n")
	for _, m := range headerLine.FindAllStringSubmatch(text, -1) {
		name := strings.ToLower(m[1])
		if _, ok := out[name]; ok {
			continue
		}
		value := m[2]
		for _, end := range []string{"*/", "?>"} {
			value, _, _ = strings.Cut(value, end)
		}
		out[name] = strings.TrimSpace(value)
	}
	return out
}
