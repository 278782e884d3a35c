package commands

import (
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/distrobot/distrobot/fleet"
)

// Bounds of a command line. Slack's own limit is near 4,000 characters.
const (
	maxText   = 4000
	maxTokens = 64
)

// A token is one word of a command line. A quoted one is never an option.
type token struct {
	text   string
	quoted bool
}

// markup is what Slack makes of links and mentions in typed text.
var markup = regexp.MustCompile(`<([^<>\s|][^<>|]*)(?:\|([^<>]*))?>`)

// lex splits a command line into words. Quotes of any fashion group words;
// a backslash is an ordinary character, because people type regular
// expressions. With slack set, Slack's links, mentions and entities are
// unwrapped first.
func lex(text string, slack bool) ([]token, error) {
	if utf8.RuneCountInString(text) > maxText {
		return nil, fleet.Errorf(fleet.Invalid, "That is longer than %d characters.", maxText)
	}
	text = strings.ToValidUTF8(text, "")
	if slack {
		text = html.UnescapeString(markup.ReplaceAllStringFunc(text, unwrap))
	}
	var out []token
	rest := []rune(strings.Map(plain, text))
	for {
		for len(rest) > 0 && rest[0] == ' ' {
			rest = rest[1:]
		}
		if len(rest) == 0 {
			break
		}
		if len(out) == maxTokens {
			return nil, fleet.Errorf(fleet.Invalid, "That is more than %d words.", maxTokens).WithHint("Put quotes around a value with spaces.")
		}
		tok, tail, err := word(rest)
		if err != nil {
			return nil, err
		}
		out, rest = append(out, tok), tail
	}
	if len(out) > 0 && strings.EqualFold(out[0].text, fleet.Slash) {
		out = out[1:]
	}
	return out, nil
}

// word reads one word. A quote opens at its beginning or after "=".
func word(in []rune) (token, []rune, error) {
	var b strings.Builder
	tok := token{}
	for i := 0; i < len(in); i++ {
		c := in[i]
		opens := (c == '"' || c == '\'') && (i == 0 || in[i-1] == '=')
		switch {
		case c == ' ':
			tok.text = b.String()
			return tok, in[i:], nil
		case opens:
			n := closing(in[i+1:], c)
			if n < 0 {
				return tok, nil, fleet.Errorf(fleet.Invalid, "A quote is opened and never closed.").WithHint("Close it, or leave it out.")
			}
			b.WriteString(string(in[i+1 : i+1+n]))
			tok.quoted = tok.quoted || i == 0
			i += n + 1
		default:
			b.WriteRune(c)
		}
	}
	tok.text = b.String()
	return tok, nil, nil
}

func closing(in []rune, quote rune) int {
	for i, c := range in {
		if c == quote && (i+1 == len(in) || in[i+1] == ' ') {
			return i
		}
	}
	return -1
}

// plain undoes what keyboards and chat programs make of plain characters:
// curly quotes, dashes for "--", special spaces; invisible characters go.
func plain(r rune) rune {
	switch {
	case strings.ContainsRune("“”„‟«»", r):
		return '"'
	case strings.ContainsRune("‘’‚‛", r):
		return '\''
	case unicode.IsSpace(r):
		return ' '
	case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r):
		return -1
	}
	return r
}

// unwrap gives what a person typed where Slack put a link or a mention: the
// label of a link that Slack made by itself, the id of a channel or person.
func unwrap(s string) string {
	parts := markup.FindStringSubmatch(s)
	target, label := parts[1], parts[2]
	switch target[0] {
	case '#', '@':
		return target[1:]
	case '!':
		_, id, found := strings.Cut(target, "^")
		if !found {
			return strings.TrimPrefix(target, "!")
		}
		return id
	}
	if label != "" && (label == target || strings.HasSuffix(target, "//"+label) || target == "mailto:"+label) {
		return label
	}
	return target
}
