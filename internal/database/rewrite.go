package database

import (
	"regexp"
	"strings"
)

// tokenKind tells what a piece of SQL text is.
type tokenKind int

const (
	other tokenKind = iota // space, comments, strings and punctuation
	word                   // a bare word: keyword, name or number
	named                  // a quoted identifier
)

// A token is a piece of SQL text. The texts of all tokens add up to the whole.
type token struct {
	kind tokenKind
	text string
	name string // of a word or a quoted identifier, without the quotes
}

// A dialect is what of sql_mode changes how text is cut into tokens.
type dialect struct {
	ansiQuotes  bool // " quotes identifiers
	noBackslash bool // \ is an ordinary character in strings
}

func dialectOf(sqlMode string) dialect {
	return dialect{
		ansiQuotes:  strings.Contains(sqlMode, "ANSI_QUOTES"),
		noBackslash: strings.Contains(sqlMode, "NO_BACKSLASH_ESCAPES"),
	}
}

// tokens cuts text, which the server has accepted before, into tokens.
func (d dialect) tokens(text string) []token {
	var out []token
	for text != "" {
		n, kind := d.next(text)
		t := token{kind: kind, text: text[:n]}
		switch kind {
		case word:
			t.name = t.text
		case named:
			q := t.text[:1]
			t.name = strings.ReplaceAll(strings.Trim(t.text, q), q+q, q)
			if n >= 2 {
				t.name = strings.ReplaceAll(t.text[1:n-1], q+q, q)
			}
		}
		out, text = append(out, t), text[n:]
	}
	return out
}

// next returns the length and kind of the first token of text.
func (d dialect) next(text string) (int, tokenKind) {
	c := text[0]
	switch {
	case c == '`' || c == '"' && d.ansiQuotes:
		return quoted(text, false), named
	case c == '\'' || c == '"':
		return quoted(text, !d.noBackslash), other
	case strings.HasPrefix(text, "/*"):
		return until(text, "*/"), other
	case c == '#', strings.HasPrefix(text, "-- "), strings.HasPrefix(text, "--\n"), strings.HasPrefix(text, "--\t"):
		return until(text, "\n"), other
	case wordByte(c):
		n := 1
		for n < len(text) && wordByte(text[n]) {
			n++
		}
		return n, word
	}
	return 1, other
}

func wordByte(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// quoted returns the length of the quoted piece at the start of text, in which
// the quote is doubled, or escaped by a backslash if those count.
func quoted(text string, backslash bool) int {
	for i := 1; i < len(text); i++ {
		switch {
		case backslash && text[i] == '\\':
			i++
		case text[i] != text[0]:
		case i+1 < len(text) && text[i+1] == text[0]:
			i++
		default:
			return i + 1
		}
	}
	return len(text)
}

func until(text, end string) int {
	i := strings.Index(text, end)
	if i < 0 {
		return len(text)
	}
	return i + len(end)
}

// A move renames the database in qualified names of statements.
type move struct {
	from, to string
	known    map[string]bool // the names of everything in from
}

// apply replaces from by to where it qualifies a name: before a dot and a known
// name, or before two dots (database.table.column). Strings and comments stay,
// and so does an alias that merely has the database's name.
func (m move) apply(tokens []token) string {
	solid := make([]int, 0, len(tokens)) // indexes of tokens that are not space
	for i, t := range tokens {
		if strings.TrimSpace(t.text) != "" {
			solid = append(solid, i)
		}
	}
	dot := func(at int) bool { return at >= 0 && at < len(solid) && tokens[solid[at]].text == "." }
	var b strings.Builder
	replace := map[int]bool{}
	for at, i := range solid {
		t := tokens[i]
		if t.kind == other || t.name != m.from || dot(at-1) || !dot(at+1) || at+2 >= len(solid) {
			continue
		}
		replace[i] = m.known[tokens[solid[at+2]].name] || dot(at+3)
	}
	for i, t := range tokens {
		if replace[i] {
			b.WriteString(quote(m.to))
			continue
		}
		b.WriteString(t.text)
	}
	return b.String()
}

const account = "(?:`(?:[^`]|``)*`|\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'|[^\\s@]+)"

var definer = regexp.MustCompile(`(?i)^(CREATE\s+(?:OR\s+REPLACE\s+)?(?:ALGORITHM\s*=\s*\w+\s+)?)DEFINER\s*=\s*` +
	account + `(?:@` + account + `)?\s`)

// withDefiner puts account, a user@host, in the place of the one that a CREATE
// statement of the server names; empty changes nothing.
func withDefiner(create, account string) string {
	if account == "" {
		return create
	}
	user, host := splitAccount(account)
	loc := definer.FindStringSubmatchIndex(create)
	if loc == nil {
		return create
	}
	return create[:loc[3]] + "DEFINER=" + quote(user) + "@" + quote(host) + " " + create[loc[1]:]
}

// splitAccount cuts user@host; without a host it is any host, as for the server.
func splitAccount(account string) (user, host string) {
	at := strings.LastIndexByte(account, '@')
	if at < 0 {
		return account, "%"
	}
	return account[:at], account[at+1:]
}
