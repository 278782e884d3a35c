package run

import (
	"strings"
	"testing"
)

// FuzzTail checks that however output is cut into writes, the tail is bounded
// and no part of a secret longer than a cut's edge survives.
func FuzzTail(f *testing.F) {
	f.Add("plain output", "secret", uint8(3), uint8(5))
	f.Add("xxsecretsecretyy", "secret", uint8(7), uint8(1))
	f.Add("aaaaaaa", "aa", uint8(2), uint8(2))
	f.Fuzz(func(t *testing.T, output, secret string, limit, step uint8) {
		secret = strings.Trim(secret, "\r\n")
		if secret == "" || strings.ContainsAny(secret, "[]redacted\n\uFFFD") {
			t.Skip("the mark itself would match")
		}
		out := tail{redactor: newRedactor([]string{secret}), limit: int(limit) + 1}
		for rest := output; rest != ""; {
			n := min(int(step)+1, len(rest))
			_, _ = out.Write([]byte(rest[:n]))
			rest = rest[n:]
		}
		got := out.String()
		if strings.Contains(got, secret) {
			t.Fatalf("%q shows the secret", got)
		}
		if len(got) > (int(limit)+1)*(len(redactedMark)+3) {
			t.Fatalf("%d bytes for a limit of %d", len(got), int(limit)+1)
		}
	})
}

// FuzzQuote asks a real shell what it makes of a quoted command line.
func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "plain", "a b", "it's", `"$HOME" \ ` + "`id`", "-n", "~", "*", "a\nb", "#x", "=", "\xff", "\x01"} {
		f.Add(s, "second")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		a, b = strings.ReplaceAll(a, "\x00", ""), strings.ReplaceAll(b, "\x00", "")
		var out strings.Builder
		line := Quote("printf", `%s\0%s\0`, a, b)
		_, err := Run(t.Context(), Command{Program: "sh", Args: []string{"-c", line}, Env: Environ(), Stdout: &out})
		if err != nil || out.String() != a+"\x00"+b+"\x00" {
			t.Errorf("%q and %q as %s became %q (%v)", a, b, line, out.String(), err)
		}
	})
}
