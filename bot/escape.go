package bot

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/distrobot/distrobot/fleet"
)

// ellipsis ends text that was cut.
const ellipsis = "…"

// breaker is put beside characters that mrkdwn would read as markup: Slack has
// no escape for them, and a zero-width space keeps them from pairing.
const breaker = '\u200b'

// sanitize makes foreign text fit for any element: bytes that are not UTF-8
// become U+FFFD, white space of any sort (line breaks too) becomes a space, and
// control, format (bidirectional overrides, zero-width) and private characters
// go. Secrets are removed. It keeps leading and trailing spaces, which join spans.
func sanitize(s string) string {
	s = fleet.Redact(strings.ToValidUTF8(s, "\uFFFD"))
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == '\u200d': // zero-width joiner: part of many emoji
			return r
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs):
			return -1
		}
		return r
	}, s)
}

// clip cuts s to n runes, the last of which is then an ellipsis.
func clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	if n <= 0 {
		return ""
	}
	return string([]rune(s)[:n-1]) + ellipsis
}

// plain is sanitized text of at most n runes for plain_text, raw_text and
// rich_text elements, which know no markup.
func plain(s string, n int) string { return clip(sanitize(s), n) }

// Escape makes foreign text safe where Slack reads mrkdwn, the top-level text
// of a message included: & < > become entities, so that no mention, channel
// call or disguised link can be formed, and * _ ~ ` : and a leading > are kept
// from acting as markup. The result has at most n runes and is never cut inside
// an entity.
func Escape(s string, n int) string {
	in := []rune(sanitize(s))
	var b strings.Builder
	used, leads := 0, true // leads: nothing but spaces and > came before
	for i, r := range in {
		piece := escaped(in, i, leads)
		leads = leads && (r == ' ' || r == '>')
		size := utf8.RuneCountInString(piece)
		room := n - used
		if i < len(in)-1 {
			room-- // for the ellipsis, should the next piece not fit
		}
		if size > room {
			if used < n {
				b.WriteString(ellipsis)
			}
			break
		}
		b.WriteString(piece)
		used += size
	}
	return b.String()
}

// escaped gives what stands for the i-th rune; leads says that it may begin a
// quote.
func escaped(in []rune, i int, leads bool) string {
	r := in[i]
	switch r {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		if leads {
			return string(breaker) + "&gt;" // a quote begins with an escaped > as well
		}
		return "&gt;"
	case '`':
		return string(breaker) + "`" + string(breaker)
	case '*', '_', '~':
		if !inWord(in, i) {
			return string(breaker) + string(r) + string(breaker)
		}
	case ':':
		if i+1 < len(in) && (unicode.IsLetter(in[i+1]) || in[i+1] == '+') {
			return ":" + string(breaker) // no :emoji:, which could fake a tick
		}
	}
	return string(r)
}

// inWord reports whether a letter or digit stands on both sides, where mrkdwn
// takes the character for itself: names such as my_site stay as they are typed.
func inWord(in []rune, i int) bool {
	word := func(j int) bool {
		return j >= 0 && j < len(in) && (unicode.IsLetter(in[j]) || unicode.IsDigit(in[j]))
	}
	return word(i-1) && word(i+1)
}
