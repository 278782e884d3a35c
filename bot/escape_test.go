package bot

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestEscape(t *testing.T) {
	z := string(breaker)
	tests := []struct{ name, in, want string }{
		{"plain", "Upgrade shop.example.org", "Upgrade shop.example.org"},
		{"channel call", "<!channel> hi", "&lt;!channel&gt; hi"},
		{"mention", "<@U123>", "&lt;@U123&gt;"},
		{"disguised link", "<https://evil|https://good>", "&lt;https://evil|https://good&gt;"},
		{"entity stays text", "&lt;!here&gt;", "&amp;lt;!here&amp;gt;"},
		{"bold", "*hi*", z + "*" + z + "hi" + z + "*" + z},
		{"names keep underscores", "my_site~2", "my_site~2"},
		{"code", "`rm`", z + "`" + z + "rm" + z + "`" + z},
		{"quote", "> quoted", z + "&gt; quoted"},
		{"emoji shortcode", ":white_check_mark: done", ":" + z + "white_check_mark: done"},
		{"times stay", "at 12:30", "at 12:30"},
		{"right to left override", "abc\u202egnp.exe", "abcgnp.exe"},
		{"nul and bell", "a\x00b\x07c", "abc"},
		{"line breaks", "a\r\nb\u2028c", "a  b c"},
		{"not utf-8", "a\xff", "a\uFFFD"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Escape(tt.in, 1000); got != tt.want {
				t.Errorf("Escape(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestEscapeClipsOutsideEntities(t *testing.T) {
	for n := range 12 {
		got := Escape("a<<<<<<", n)
		if utf8.RuneCountInString(got) > n {
			t.Errorf("n=%d: %q is too long", n, got)
		}
		if rest := strings.ReplaceAll(got, "&lt;", ""); strings.Contains(rest, "&") {
			t.Errorf("n=%d: %q is cut inside an entity", n, got)
		}
	}
	if got := Escape("abc", 3); got != "abc" {
		t.Errorf("a text that fits was cut: %q", got)
	}
}

// FuzzEscape holds what makes Escape safe, whatever comes in.
func FuzzEscape(f *testing.F) {
	for _, s := range hostile {
		f.Add(s, 40)
	}
	f.Fuzz(func(t *testing.T, s string, n int) {
		n = ((n%4000)+4000)%4000 + 1
		got := Escape(s, n)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > n {
			t.Fatalf("Escape(%q, %d) = %q: not valid or too long", s, n, got)
		}
		if strings.ContainsAny(got, "<>") {
			t.Fatalf("Escape(%q) = %q holds a bare angle bracket", s, got)
		}
		bare := strings.NewReplacer("&amp;", "", "&lt;", "", "&gt;", "").Replace(got)
		if strings.Contains(bare, "&") {
			t.Fatalf("Escape(%q) = %q holds a bare ampersand", s, got)
		}
		for _, r := range got {
			if r != breaker && r != '\u200d' && unicode.In(r, unicode.Cc, unicode.Cf) {
				t.Fatalf("Escape(%q) = %q holds control character %U", s, got, r)
			}
		}
		whole := sanitize(s)
		if back, cut := strings.CutSuffix(unescape(got), ellipsis); back != whole && !(cut && strings.HasPrefix(whole, back)) && unescape(got) != whole {
			t.Fatalf("Escape(%q, %d) = %q does not read as a beginning of it", s, n, got)
		}
	})
}

func TestSafeURL(t *testing.T) {
	bad := []string{"", "javascript:alert(1)", "file:///etc/passwd", "ftp://a/b", "//host/x", "https://user@host/",
		"https://good|https://evil", "https://a>b", "https://a b/", "https://a/\u202e", "mailto:a@b", "https://" + strings.Repeat("a", 3000)}
	for _, u := range bad {
		if got := safeURL(u); got != "" {
			t.Errorf("safeURL(%q) = %q, want none", u, got)
		}
	}
	for _, u := range []string{"https://example.org/a?b=c&d=e#f", "http://127.0.0.1:8080/"} {
		if safeURL(u) != u {
			t.Errorf("safeURL(%q) was refused", u)
		}
	}
}
