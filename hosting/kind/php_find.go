package kind

import (
	"strconv"
	"strings"
)

// phpTokens reads all tokens of a source.
func phpTokens(src []byte) []phpToken {
	l := phpLexer{src: string(src)}
	out := make([]phpToken, 0, len(src)/8)
	for {
		t, ok := l.next()
		if !ok {
			return out
		}
		out = append(out, t)
	}
}

// phpValues gives the plain values that a source assigns: define('NAME', …),
// const NAME = …, and $name = … (keyed with its $). The first one of a name
// counts: what follows it stands in a branch or a function.
func phpValues(src []byte) map[string]string {
	tokens := phpTokens(src)
	out := map[string]string{}
	put := func(name string, t phpToken) {
		if _, ok := out[name]; !ok && (t.kind == phpString || t.kind == phpWord) {
			out[name] = t.text
		}
	}
	for i := range tokens {
		switch t, rest := tokens[i], tokens[i+1:]; {
		case t.kind == phpVariable && punct(rest, 0, "=") && !punct(rest, 1, "=") && len(rest) > 2:
			put(t.text, number(rest[1:]))
		case t.kind == phpWord && strings.EqualFold(t.text, "define") && punct(rest, 0, "(") && punct(rest, 2, ",") && len(rest) > 4:
			put(rest[1].text, number(rest[3:]))
		case t.kind == phpWord && strings.EqualFold(t.text, "const") && punct(rest, 1, "=") && len(rest) > 3:
			put(rest[0].text, number(rest[2:]))
		}
	}
	return out
}

// number joins the tokens of a decimal number; another token is given as it is.
func number(t []phpToken) phpToken {
	if len(t) > 2 && punct(t, 1, ".") && t[0].kind == phpWord && t[2].kind == phpWord && digitsOnly(t[0].text) {
		return phpToken{kind: phpWord, text: t[0].text + "." + t[2].text}
	}
	return t[0]
}

func punct(t []phpToken, i int, text string) bool {
	return i < len(t) && t[i].kind == phpPunct && t[i].text == text
}

// phpFunctions calls each with the name of every function that a source
// declares, and with the tokens from its parameters on.
func phpFunctions(tokens []phpToken, each func(name string, rest []phpToken)) {
	for i, t := range tokens {
		if t.kind != phpWord || !strings.EqualFold(t.text, "function") {
			continue
		}
		rest := tokens[i+1:]
		if punct(rest, 0, "&") {
			rest = rest[1:]
		}
		if len(rest) > 1 && rest[0].kind == phpWord && punct(rest, 1, "(") {
			each(rest[0].text, rest[1:])
		}
	}
}

// phpBody cuts the tokens between the braces of a function.
func phpBody(rest []phpToken) []phpToken {
	depth, from := 0, 0
	for i, t := range rest {
		switch {
		case t.kind != phpPunct:
		case t.text == "{":
			if depth++; depth == 1 {
				from = i + 1
			}
		case t.text == "}":
			if depth--; depth <= 0 {
				return rest[from:i]
			}
		}
	}
	return nil
}

// phpReturned gives the number that a function returns.
func phpReturned(body []phpToken) (int, bool) {
	for i, t := range body {
		if t.kind == phpWord && strings.EqualFold(t.text, "return") && i+2 < len(body) && punct(body, i+2, ";") {
			n, err := strconv.Atoi(body[i+1].text)
			return n, err == nil && n > 0
		}
	}
	return 0, false
}

// phpPairs gives the pairs of strings of an array literal: 'key' => 'value'.
func phpPairs(body []phpToken) map[string]string {
	out := map[string]string{}
	for i := 0; i+3 < len(body); i++ {
		if body[i].kind == phpString && punct(body, i+1, "=") && punct(body, i+2, ">") && body[i+3].kind == phpString {
			out[body[i].text] = body[i+3].text
		}
	}
	return out
}

func digitsOnly(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
