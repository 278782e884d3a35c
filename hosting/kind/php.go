package kind

import "strings"

// A phpToken is one token of PHP source: enough of the language to find
// constants, variables and functions without being fooled by comments and
// strings.
type phpToken struct {
	kind phpKind
	text string // of a string: its content, of a variable: with its $
	open bool   // of a string: it may hold variables or escapes, which are left as they are
}

type phpKind uint8

// The kinds of token. Punctuation is one byte each.
const (
	phpWord phpKind = iota + 1 // names, keywords, numbers
	phpVariable
	phpString // without substitution of escapes other than \' and \\
	phpPunct
)

// A phpLexer reads tokens of PHP source. It never fails: what is not PHP gives
// tokens that mean nothing. It is linear in the size of the source.
type phpLexer struct {
	src  string
	at   int
	code bool // between <?php and ?>
}

// next gives the next token, and false at the end.
func (l *phpLexer) next() (phpToken, bool) {
	for {
		if !l.code && !l.open() {
			return phpToken{}, false
		}
		l.skipBlank()
		if l.at >= len(l.src) {
			return phpToken{}, false
		}
		if rest := l.src[l.at:]; strings.HasPrefix(rest, "?>") {
			l.at, l.code = l.at+2, false
			continue
		}
		return l.token(), true
	}
}

// open skips text up to the next opening tag.
func (l *phpLexer) open() bool {
	for {
		i := strings.Index(l.src[l.at:], "<?")
		if i < 0 {
			l.at = len(l.src)
			return false
		}
		l.at += i + 2
		rest := l.src[l.at:]
		if strings.HasPrefix(rest, "=") || len(rest) >= 3 && strings.EqualFold(rest[:3], "php") {
			l.at += min(3, len(rest))
			l.code = true
			return true
		}
	}
}

// skipBlank skips white space and comments. A comment to the end of the line
// ends at ?> as well; #[ begins an attribute, not a comment.
func (l *phpLexer) skipBlank() {
	for l.at < len(l.src) {
		rest := l.src[l.at:]
		switch {
		case rest[0] <= ' ':
			l.at++
		case strings.HasPrefix(rest, "/*"):
			l.skipPast(2, "*/")
		case strings.HasPrefix(rest, "//"), rest[0] == '#' && !strings.HasPrefix(rest, "#["):
			n := strings.IndexAny(rest, "\r\n")
			if n < 0 {
				n = len(rest)
			}
			if tag := strings.Index(rest[:n], "?>"); tag >= 0 {
				l.at += tag
				return
			}
			l.at += n
		default:
			return
		}
	}
}

// skipPast moves behind the first end that follows the next n bytes, or to the
// end of the source.
func (l *phpLexer) skipPast(n int, end string) {
	from := min(l.at+n, len(l.src))
	if i := strings.Index(l.src[from:], end); i >= 0 {
		l.at = from + i + len(end)
		return
	}
	l.at = len(l.src)
}

// token reads the token that begins here.
func (l *phpLexer) token() phpToken {
	switch c := l.src[l.at]; {
	case c == '\'' || c == '"' || c == '`':
		text := l.quoted(c)
		return phpToken{phpString, text, c == '`' || c == '"' && strings.ContainsAny(text, `$\`)}
	case c == '$' && l.at+1 < len(l.src) && phpNameByte(l.src[l.at+1]):
		from := l.at
		l.at++
		l.word()
		return phpToken{kind: phpVariable, text: l.src[from:l.at]}
	case phpNameByte(c):
		return phpToken{kind: phpWord, text: l.word()}
	case strings.HasPrefix(l.src[l.at:], "<<<"):
		if text, ok := l.heredoc(); ok {
			return phpToken{phpString, text, true}
		}
	}
	l.at++
	return phpToken{kind: phpPunct, text: l.src[l.at-1 : l.at]}
}

// word reads a name or number.
func (l *phpLexer) word() string {
	from := l.at
	for l.at < len(l.src) && phpNameByte(l.src[l.at]) {
		l.at++
	}
	return l.src[from:l.at]
}

// quoted reads a string in quotes.
func (l *phpLexer) quoted(quote byte) string {
	from := l.at + 1
	escaped := false
	for i := from; i < len(l.src); i++ {
		switch l.src[i] {
		case '\\':
			escaped = true
			i++
		case quote:
			l.at = i + 1
			text := l.src[from:i]
			if escaped {
				text = strings.NewReplacer(`\\`, `\`, `\`+string(quote), string(quote)).Replace(text)
			}
			return text
		}
	}
	l.at = len(l.src)
	return l.src[min(from, len(l.src)):]
}

// maxHeredocName bounds the line that begins a heredoc, in bytes, so that a
// line of many "<<<" is not read to its end for each.
const maxHeredocName = 200

// heredoc reads <<<NAME, <<<'NAME' and <<<"NAME" to the line that begins,
// white space aside, with NAME.
func (l *phpLexer) heredoc() (string, bool) {
	head, _, found := strings.Cut(l.src[l.at+3:min(l.at+3+maxHeredocName, len(l.src))], "\n")
	name := strings.Trim(strings.TrimSpace(head), `'"`)
	if !found || name == "" || strings.ContainsFunc(name, func(r rune) bool { return r > 0x7f || !phpNameByte(byte(r)) }) {
		return "", false
	}
	start := l.at + 3 + len(head) + 1
	for at := start; at < len(l.src); {
		line := l.src[at:]
		next := len(l.src)
		if n := strings.IndexByte(line, '\n'); n >= 0 {
			next, line = at+n+1, line[:n]
		}
		trimmed := strings.TrimLeft(line, " \t")
		if rest, ok := strings.CutPrefix(trimmed, name); ok && (rest == "" || !phpNameByte(rest[0])) {
			l.at = at + len(line) - len(rest)
			return l.src[start:at], true
		}
		at = next
	}
	l.at = len(l.src)
	return l.src[start:], true
}

func phpNameByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}
