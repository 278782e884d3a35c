package mirror

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// A Ref is one name in a repository and where it points.
type Ref struct {
	Name   string // "HEAD" or "refs/heads/main", "refs/tags/1.0", ...
	Hash   string // 40 hexadecimal digits (SHA-1) or 64 (SHA-256)
	Peeled string // of an annotated tag: the commit; empty otherwise
	Symref string // the ref that HEAD stands for; empty otherwise
}

// Commit returns the hash to build: the peeled one of an annotated tag.
func (r Ref) Commit() string {
	if r.Peeled != "" {
		return r.Peeled
	}
	return r.Hash
}

// Listing is a complete answer of a server.
type Listing struct {
	Refs         []Ref  // in the server's order, which is by name
	ObjectFormat string // "sha1" or "sha256"
	Unborn       string // the branch HEAD will be in an empty repository, if said
	Skipped      int    // refs left out because their names are not UTF-8 or absurdly long
}

// Find returns the ref called name. A ref that is not found in a complete
// listing that asked for it is gone.
func (l Listing) Find(name string) (Ref, bool) {
	for _, r := range l.Refs {
		if r.Name == name {
			return r, true
		}
	}
	return Ref{}, false
}

// maxRefName bounds a name in bytes; file systems stop at 255 per part.
const maxRefName = 1000

// Hosts and file systems cannot hold such refs, so a server that lists one is
// broken or hostile: the rules of git-check-ref-format(1).
func validRefName(name string) bool {
	if name == "HEAD" {
		return true
	}
	if !strings.HasPrefix(name, "refs/") || strings.HasSuffix(name, "/") || strings.HasSuffix(name, ".") {
		return false
	}
	if strings.Contains(name, "..") || strings.Contains(name, "//") || strings.Contains(name, "@{") {
		return false
	}
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c == 0x7f || strings.IndexByte(`~^:?*[\`, c) >= 0 {
			return false
		}
	}
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock") {
			return false
		}
	}
	return true
}

// showable reports whether a valid name can be kept in text and JSON.
func showable(name string) bool { return len(name) <= maxRefName && utf8.ValidString(name) }

// validHash reports whether h is a hash of format ("sha1", "sha256", or "" for
// either).
func validHash(h, format string) bool {
	switch {
	case len(h) == 40 && format != "sha256", len(h) == 64 && format != "sha1":
	default:
		return false
	}
	for i := range len(h) {
		if c := h[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// matches reports whether name begins with one of prefixes; none means all.
func matches(name string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return len(prefixes) == 0
}

// TagPrefix returns the prefix to ask a server for when the names of tags, as
// far as they come after refs/tags/, are chosen by re. An expression that is
// anchored at its start narrows it down to its literal beginning; any other
// needs all tags. The expression must still be applied to the answer.
func TagPrefix(re *regexp.Regexp) string {
	return "refs/tags/" + literalStart(re.String())
}

// bounded returns at most n bytes of s, cut at a rune, without control
// characters: fit for a log line and a sentence.
func bounded(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "") + "…"
	}
	return s
}
