package fleet

import (
	"regexp"
	"slices"
	"strings"
)

// Redacted stands where a secret was.
const Redacted = "[redacted]"

// Redact removes what looks like a secret from text: tokens of the services that
// people deploy with, passwords in addresses and connection strings, headers
// that authorise, private keys, cookies, and values of settings that are named
// for a secret. Everything that leaves this program or is kept for long goes
// through it: logs, the audit record, output of tasks, messages and errors. It
// is a net below those who must not put secrets there in the first place, so it
// leaves alone what cannot be told from a name: commit hashes, digests, ids.
//
// Redacting twice changes nothing more.
func Redact(s string) string {
	if len(s) < 8 {
		return s
	}
	low := strings.ToLower(s)
	for i := range redactions {
		r := &redactions[i]
		if slices.ContainsFunc(r.hints, func(h string) bool { return strings.Contains(low, h) }) {
			if out := r.hide(s); out != s {
				s, low = out, strings.ToLower(out)
			}
		}
	}
	return s
}

// RedactLines is Redact for lines that belong together: a private key that is
// spread over several is removed as well. It changes the lines in place.
func RedactLines(lines []LogLine) {
	inKey := false
	for i, l := range lines {
		begins := beginsKey.MatchString(l.Text)
		switch inKey = inKey || begins; {
		case inKey:
			lines[i].Text = Redacted
			inKey = !endsKey.MatchString(l.Text)
		default:
			lines[i].Text = Redact(l.Text)
		}
	}
}

var (
	beginsKey = regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----`)
	endsKey   = regexp.MustCompile(`-----END [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----`)
)

// A Redactor also removes the secrets that a process was given, whatever they
// look like.
type Redactor struct{ known []string }

// NewRedactor knows secrets by their values; what is shorter than 8 characters
// would be found in ordinary words and is left out.
func NewRedactor(secrets ...string) Redactor {
	var r Redactor
	for _, s := range secrets {
		if s = strings.TrimSpace(s); len(s) >= 8 {
			r.known = append(r.known, s)
		}
	}
	slices.SortFunc(r.known, func(a, b string) int { return len(b) - len(a) }) // one may hold another
	return r
}

// Redact removes known secrets, and what looks like one.
func (r Redactor) Redact(s string) string {
	for _, k := range r.known {
		s = strings.ReplaceAll(s, k, Redacted)
	}
	return Redact(s)
}

// A redaction is one shape of secrets. hints are in lower case; if none is in a
// text, the expression is not tried.
type redaction struct {
	hints []string
	shape *regexp.Regexp
	// with is what takes the place of a match, "${1}" being its first group; if
	// odd is set, only matches are replaced whose last group it finds to look
	// like a secret.
	with string
	odd  func(value string) bool
}

func (r *redaction) hide(s string) string {
	if r.odd == nil {
		return r.shape.ReplaceAllString(s, r.with)
	}
	var b strings.Builder
	at := 0
	for _, m := range r.shape.FindAllStringSubmatchIndex(s, -1) {
		from, to := m[len(m)-2], m[len(m)-1]
		if from < 0 || !r.odd(s[from:to]) {
			continue
		}
		b.WriteString(s[at:from])
		b.WriteString(Redacted)
		at = to
	}
	return b.String() + s[at:]
}

// named are the words by which a setting, parameter or field says that it holds
// a secret.
const named = `(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|signing[_-]?key|encryption[_-]?key|credentials?|_key|_auth)`

// redactions, the most certain shapes first. Sources of the shapes: the services'
// own descriptions of their tokens (GitHub 2021, GitLab token prefixes, Slack
// token types, AWS unique identifiers), RFC 7468 (PEM), 7519 (JWT), 7617 and
// 6750 (authorisation headers), 3986 (user information in addresses).
var redactions = []redaction{
	{hints: []string{"private key"}, with: Redacted,
		shape: regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z)`)},
	{hints: []string{"xox", "xapp-"}, with: Redacted,
		shape: regexp.MustCompile(`\b(?:xox[a-z](?:\.xox[a-z])?-|xapp-\d-)[A-Za-z0-9-]{8,}`)},
	{hints: []string{"hooks.slack.com/"}, with: "${1}" + Redacted,
		shape: regexp.MustCompile(`(hooks\.slack\.com/[a-z]+/)[A-Za-z0-9/_-]{8,}`)},
	{hints: []string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"}, with: Redacted,
		shape: regexp.MustCompile(`\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,})`)},
	{hints: []string{"glpat-", "gldt-", "glptt-", "glrt-", "glcbt-", "glft-", "glsoat-", "glagent-", "gloas-", "glffct-", "glimt-"}, with: Redacted,
		shape: regexp.MustCompile(`\bgl(?:pat|dt|ptt|rt|cbt|ft|soat|agent|oas|ffct|imt)-[A-Za-z0-9_.-]{16,}`)},
	{hints: []string{"akia", "asia", "abia", "acca"}, with: Redacted,
		shape: regexp.MustCompile(`\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b`)},
	{hints: []string{"npm_", "pypi-", "dop_v1_", "hf_", "sk_live_", "sk_test_", "rk_live_", "aiza", "sg.", "age-secret-key-", "shpat_", "atbb", "ya29."}, with: Redacted,
		shape: regexp.MustCompile(`\b(?:npm_[A-Za-z0-9]{30,}|pypi-AgE[A-Za-z0-9_-]{20,}|dop_v1_[0-9a-f]{32,}|hf_[A-Za-z0-9]{24,}|[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|` +
			`AIza[A-Za-z0-9_-]{35}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|AGE-SECRET-KEY-1[A-Z0-9]{40,}|shpat_[0-9a-f]{32}|ATBB[A-Za-z0-9]{24,}|ya29\.[A-Za-z0-9_-]{20,})`)},
	{hints: []string{"eyj"}, with: Redacted,
		shape: regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?`)},
	{hints: []string{"cookie"}, odd: isThere,
		shape: regexp.MustCompile(`(?i)\b(?:set-)?cookie["']?\s*[:=]\s*["']?([^\s"'][^\r\n"']*)`)},
	{hints: []string{"sess", "wordpress_"}, odd: isThere,
		shape: regexp.MustCompile(`\b(?:S?SESS[0-9a-f]{32}|PHPSESSID|wordpress_(?:logged_in|sec)?_?[0-9a-f]{32})=([^\s;,"']+)`)},
	{hints: []string{"authorization"}, odd: isThere,
		shape: regexp.MustCompile(`(?i)\b(?:proxy-)?authorization["']?\s*(?:[:=]|=>)\s*["']?(?:(?:basic|bearer|token|digest|negotiate)\s+)?([^\s"',;]+)`)},
	{hints: []string{"bearer ", "basic "}, odd: looksRandom,
		shape: regexp.MustCompile(`(?i)\b(?:bearer|basic)\s+([A-Za-z0-9._~+/-]{8,}=*)`)},
	{hints: []string{"://"}, with: "${1}" + Redacted + "@",
		shape: regexp.MustCompile(`\b([A-Za-z][A-Za-z0-9+.-]*://[^\s/@:?#"'<>\[]*:)[^\s/?#"'<>\[]+@`)},
	{hints: []string{"://"}, odd: looksRandom, // a token as the user
		shape: regexp.MustCompile(`\bhttps?://([^\s/@:?#"'<>]{20,})@`)},
	{hints: []string{"@tcp(", "@unix("}, with: "${1}" + Redacted + "${2}",
		shape: regexp.MustCompile(`([A-Za-z0-9_.-]+:)[^\s\["']+(@(?:tcp|unix)\()`)},
	{hints: []string{"pass", "pwd", "secret", "token", "key", "auth", "credential"}, odd: isValue,
		shape: regexp.MustCompile(`(?i)[A-Za-z0-9_.-]*` + named + `[A-Za-z0-9_]*["']?\]?\s*(?:=>|[:=])\s*"([^"\r\n]+)"`)},
	{hints: []string{"pass", "pwd", "secret", "token", "key", "auth", "credential"}, odd: isValue,
		shape: regexp.MustCompile(`(?i)[A-Za-z0-9_.-]*` + named + `[A-Za-z0-9_]*["']?\]?\s*(?:=>|[:=])\s*'([^'\r\n]+)'`)},
	{hints: []string{"pass", "pwd", "secret", "token", "key", "auth", "credential"}, odd: isValue,
		shape: regexp.MustCompile(`(?i)[A-Za-z0-9_.-]*` + named + `[A-Za-z0-9_]*=([^\s,;&"'<>()\[\]{}]+)`)},
	{hints: []string{"pass", "pwd", "secret", "token", "key", "auth", "credential"}, odd: isMixed,
		shape: regexp.MustCompile(`(?i)[A-Za-z0-9_.-]*` + named + `[A-Za-z0-9_]*["']?(?::\s*|\s+=\s+)([^\s,;&"'<>()\[\]{}]{6,})`)},
	{hints: []string{"--pass", "--token", "--secret", "--api"}, odd: isMixed,
		shape: regexp.MustCompile(`(?i)--[a-z-]*` + named + `\s+([^\s,;&"'<>()\[\]{}-][^\s,;&"'<>()\[\]{}]{5,})`)},
}

// isThere reports whether a value was not removed already.
func isThere(v string) bool { return !strings.Contains(v, Redacted) }

// isValue reports whether what stands behind "password=" may be one: not a
// switch, a number, a placeholder in capitals, or what was removed already.
func isValue(v string) bool {
	switch strings.ToLower(v) {
	case "true", "false", "yes", "no", "on", "off", "none", "null", "nil", "set", "unset", "empty", "missing", "[redacted]":
		return false
	}
	letters := strings.ContainsFunc(v, func(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' })
	numbers := strings.Trim(v, "0123456789.") == "" && len(v) < 8
	return len(v) > 2 && letters && !numbers && isThere(v)
}

// isMixed reports whether a word behind "token: " may be a secret rather than
// the next word of a sentence: it has digits or marks among its letters.
func isMixed(v string) bool {
	v = strings.TrimRight(v, ".:!?…")
	if len(v) < 6 || !isValue(v) || strings.Contains(v, "://") || strings.HasPrefix(v, "/") {
		return false
	}
	return strings.ContainsAny(v, "0123456789") || strings.ContainsAny(v, "!$%^&*+=#@~")
}

// looksRandom reports whether a word is no word of a language: it has digits,
// padding, or capitals after small letters.
func looksRandom(v string) bool {
	if strings.ContainsAny(v, "0123456789=+~") {
		return true
	}
	for i := 1; i < len(v); i++ {
		if v[i] >= 'A' && v[i] <= 'Z' && v[i-1] >= 'a' && v[i-1] <= 'z' {
			return true
		}
	}
	return false
}
