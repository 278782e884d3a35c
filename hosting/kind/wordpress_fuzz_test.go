package kind

import (
	"strings"
	"testing"
)

// FuzzWordPressConfig writes a value into settings and reads it back, with
// foreign source around: no value ends its string, and no source is taken for a
// value that it does not hold.
func FuzzWordPressConfig(f *testing.F) {
	for _, seed := range []string{"plain", `it's \' \\`, `\`, "?>", "*/", "$x {$y}", "\x00", "'); die('"} {
		f.Add(seed, []byte("<?php define('DB_NAME', 'x'); $table_prefix = \"a$b\";"))
	}
	f.Fuzz(func(t *testing.T, value string, src []byte) {
		var b strings.Builder
		b.WriteString("<?php\n")
		define(&b, "DB_PASSWORD", phpQuote(value))
		define(&b, "AFTER", phpQuote("it"))
		got := readConfig([]byte(b.String()))
		if got["DB_PASSWORD"].text != value || got["AFTER"].text != "it" || len(got) != 2 {
			t.Errorf("%q became %v", value, got)
		}
		for name, token := range readConfig(src) {
			v := token.text
			// A plain value stands in the source as it is, but for its escapes.
			if !strings.ContainsAny(v, `\'"`) && !strings.Contains(string(src), v) {
				t.Errorf("%s: %q is not in the source", name, v)
			}
		}
	})
}
