package fleet

import (
	"regexp"
	"slices"
)

// securityWords are what releases that mend a security hole say of themselves:
// the ids of advisories (drupal.org's SA-CORE and SA-CONTRIB, CVE, GitHub's
// GHSA, WordPress's and others' prose).
var securityWords = regexp.MustCompile(`(?i)\bSA-(CORE|CONTRIB|PSA)-\d{4}-\d{3}|\bCVE-\d{4}-\d{4,7}\b|\bGHSA(-[a-z0-9]{4}){3}\b|` +
	`\bsecurity[ -](release|update|fix(es)?|patch(es)?|advisor(y|ies)|hotfix|issues?|vulnerabilit(y|ies))\b|\bSECURITY:`)

// SaysSecurity reports whether a text says that something mends a security hole.
// The text is foreign, so the answer is a word to people and frees nothing but
// from quiet hours, and from the wait of Policy.Wait where Policy.Hurry says so;
// from an approval never.
func SaysSecurity(text string) bool { return securityWords.MatchString(text) }

// saysSecurity looks at everything an announcement says.
func saysSecurity(a Announcement) bool {
	if SaysSecurity(a.Note) || SaysSecurity(a.To.Short()) {
		return true
	}
	return slices.ContainsFunc(a.Commits, func(c Commit) bool { return SaysSecurity(c.Subject) })
}
