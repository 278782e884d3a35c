package fleet

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// A Severity says how bad a hole is, as whoever found it says. Empty: not said.
type Severity string

// The severities, worst first.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
)

var severities = []Severity{Low, Medium, High, Critical}

// ParseSeverity reads the words that sources use; drupal.org's scale is put
// beside CVSS's. What is none of them is not said.
func ParseSeverity(word string) Severity {
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "critical", "highly critical":
		return Critical
	case "high", "important":
		return High
	case "medium", "moderate", "moderately critical":
		return Medium
	case "low", "less critical", "not critical":
		return Low
	}
	return ""
}

// rank orders severities, the worst last. One that is not said stands between
// low and medium: nobody called it harmless.
func (s Severity) rank() int {
	if s == "" {
		return 1
	}
	return 2 * slices.Index(severities, s)
}

// A Ware names what advisories are about, with the world its name is of:
// "composer:drupal/core", "drupal:views", "wordpress-plugin:akismet",
// "wordpress-theme:…", "wordpress-core:wordpress", "backdrop:…", "package:…".
// Names are in lower case.
type Ware string

// The worlds of wares.
const (
	ComposerWares  = "composer"
	DrupalWares    = "drupal"
	BackdropWares  = "backdrop"
	WordPressCore  = "wordpress-core"
	WordPressAddon = "wordpress-plugin"
	WordPressTheme = "wordpress-theme"
	OtherWares     = "package"
)

// WareWorlds lists them, as files of advisories may name them.
func WareWorlds() []string {
	return []string{ComposerWares, DrupalWares, BackdropWares, WordPressCore, WordPressAddon, WordPressTheme, OtherWares}
}

// WareOf names a ware.
func WareOf(world, name string) Ware { return Ware(world + ":" + strings.ToLower(name)) }

// Cut takes a ware apart.
func (w Ware) Cut() (world, name string) {
	world, name, _ = strings.Cut(string(w), ":")
	return world, name
}

// Wares lists what advisories may call a package of a code base of some kind.
// drupal.org's projects are known to Composer as drupal/NAME, and core as
// drupal/core.
func Wares(kind KindName, p Package) []Ware {
	name := strings.ToLower(p.Name)
	vendor, short, composed := strings.Cut(name, "/")
	switch {
	case composed && vendor == "drupal" && (short == "core" || short == "drupal"):
		return []Ware{WareOf(ComposerWares, name), WareOf(DrupalWares, "drupal")}
	case composed && vendor == "drupal":
		return []Ware{WareOf(ComposerWares, name), WareOf(DrupalWares, short)}
	case composed:
		return []Ware{WareOf(ComposerWares, name)}
	case kind == "drupal" && p.Type == "core":
		return []Ware{WareOf(DrupalWares, "drupal"), WareOf(ComposerWares, "drupal/core"), WareOf(ComposerWares, "drupal/drupal")}
	case kind == "drupal":
		return []Ware{WareOf(DrupalWares, name), WareOf(ComposerWares, "drupal/"+name)}
	case kind == "backdrop":
		return []Ware{WareOf(BackdropWares, name)}
	case kind == "wordpress" && p.Type == "core":
		return []Ware{WareOf(WordPressCore, "wordpress")}
	case kind == "wordpress" && p.Type == "theme":
		return []Ware{WareOf(WordPressTheme, name)}
	case kind == "wordpress" && (p.Type == "plugin" || p.Type == "mu-plugin"):
		return []Ware{WareOf(WordPressAddon, name)}
	}
	return []Ware{WareOf(OtherWares, name)}
}

// An Advisory says that some versions of a package have a hole. All of it is
// foreign: Checked bounds it, and the renderer escapes it.
type Advisory struct {
	ID          string    `json:"id"` // as its source names it: "PKSA-…", "drupal.org/views 7.x-3.25"
	Source      string    `json:"source"`
	Ware        Ware      `json:"ware"`
	Title       string    `json:"title"`
	URL         string    `json:"url,omitempty"` // https only
	CVE         string    `json:"cve,omitempty"`
	Severity    Severity  `json:"severity,omitempty"`
	Affected    string    `json:"affected"`        // as ParseAffected reads it
	Fix         string    `json:"fix,omitempty"`   // the first version without it, where the source names one
	Unsupported bool      `json:"ended,omitempty"` // no hole is known of, but nobody would mend one
	At          time.Time `json:"at,omitzero"`     // when it was published
}

// Bounds of an advisory's texts, in characters.
const (
	maxAdvisoryID    = 100
	maxAdvisoryTitle = 160
	maxAdvisoryURL   = 400
)

// Checked gives a with its texts bounded and its link dropped unless it is one
// by https. It reports false for what cannot be matched with anything: no id, no
// package, a range that nobody can read.
func (a Advisory) Checked() (Advisory, bool) {
	a.ID, a.Source = Clean(a.ID, maxAdvisoryID), Clean(a.Source, 40)
	a.Title, a.CVE, a.Fix = Clean(a.Title, maxAdvisoryTitle), strings.ToUpper(Clean(a.CVE, 30)), Clean(a.Fix, 40)
	if !strings.HasPrefix(a.URL, "https://") || len(a.URL) > maxAdvisoryURL || strings.ContainsAny(a.URL, " <>|\"\\\n\r\t") {
		a.URL = ""
	}
	if !slices.Contains(severities, a.Severity) {
		a.Severity = ""
	}
	world, name := a.Ware.Cut()
	known := slices.Contains(WareWorlds(), world) && name != "" && len(name) <= 200 && Clean(name, 200) == name
	_, err := ParseAffected(a.Affected)
	return a, known && a.ID != "" && err == nil
}

// key tells an advisory from others: a CVE counts for all sources that name it.
func (a Advisory) key() string {
	if a.CVE != "" {
		return a.CVE
	}
	return a.Source + "\x00" + a.ID
}

// Name is what people call it: its CVE, else its id.
func (a Advisory) Name() string { return cmp.Or(a.CVE, a.ID) }

// worse orders advisories: the worst first, then by name.
func worse(a, b Advisory) int {
	return cmp.Or(bit(a.Unsupported)-bit(b.Unsupported), b.Severity.rank()-a.Severity.rank(), strings.Compare(a.Name(), b.Name()))
}
