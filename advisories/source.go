package advisories

import (
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// A Source is one place that advisories come from.
type Source struct {
	Name    string // unique among those that are set: "drupal", "file:/etc/advisories.yml"
	Address string // base address, or the path of a file
	Token   string // sent as a bearer token; "" for none
	kind    kind
}

// A document is one thing to fetch of a source.
type document struct {
	address string // where it is; also its identity
	limit   int64  // in bytes
	absent  bool   // that it is not there says that nothing is known, not that the source is broken
	read    func(io.Reader) (findings, error)
}

// findings are what a document says about what is installed.
type findings struct {
	advisories []fleet.Advisory
	skipped    int // that nobody could make out
}

// add takes an advisory if something can be done with it.
func (f *findings) add(a fleet.Advisory) {
	if a, ok := a.Checked(); ok && len(f.advisories) < maxAdvisories {
		f.advisories = append(f.advisories, a)
	} else {
		f.skipped++
	}
}

// maxAdvisories bounds what is taken from one document.
const maxAdvisories = 20000

// A kind is a sort of source.
type kind struct {
	address string // where it is unless the operator says otherwise; "" must be said
	list    func(Source, fleet.Stocked) []document
}

// kinds lists the sorts of sources. A new one is a line here.
func kinds() map[string]kind {
	return map[string]kind{
		"drupal":    {"https://updates.drupal.org/release-history", drupalDocuments},
		"backdrop":  {"https://updates.backdropcms.org/release-history", backdropDocuments},
		"composer":  {"https://packagist.org/api/security-advisories/", composerDocuments},
		"wordpress": {"https://www.wordfence.com/api/intelligence/v2/vulnerabilities/production", wordpressDocuments},
		"file":      {"", fileDocuments},
	}
}

// Parse reads the setting: entries KIND or KIND=ADDRESS. token is what the
// WordPress feed is asked with, if it wants one.
func Parse(entries []string, token string) ([]Source, error) {
	var out []Source
	seen := map[string]bool{}
	for i, entry := range entries {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		word, address, set := strings.Cut(entry, "=")
		k, known := kinds()[word]
		if !known {
			return nil, fmt.Errorf("entry %d is not drupal, backdrop, composer, wordpress or file, with =ADDRESS where it is another than usual", i+1)
		}
		s := Source{Name: word, Address: k.address, kind: k}
		if set {
			s.Name, s.Address = word+":"+address, address
		}
		if err := s.check(); err != nil {
			return nil, fmt.Errorf("entry %d: %w", i+1, err)
		}
		if word == "wordpress" {
			s.Token = token
		}
		if !seen[s.Name] {
			out = append(out, s)
		}
		seen[s.Name] = true
	}
	if len(out) > fleet.MaxFeeds {
		return nil, fmt.Errorf("there are %d sources; at most %d are read", len(out), fleet.MaxFeeds)
	}
	return out, nil
}

// check refuses what is neither a web address nor, for a file, an absolute path.
func (s Source) check() error {
	if s.local() {
		return nil
	}
	u, err := url.Parse(s.Address)
	switch {
	case s.Address == "":
		return fmt.Errorf("a file needs its path or address: file=/etc/distrobot/advisories.yml")
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || len(s.Address) > 500:
		return fmt.Errorf("%q is neither an https address nor an absolute path", fleet.Clean(s.Address, 100))
	case u.User != nil:
		return fmt.Errorf("the address of a source must not have a password in it")
	}
	return nil
}

// local reports whether the source is a file of this machine.
func (s Source) local() bool {
	return filepath.IsAbs(s.Address) && (s.Name == "file" || strings.HasPrefix(s.Name, "file:"))
}

// base is the address without the slash at its end.
func (s Source) base() string { return strings.TrimSuffix(s.Address, "/") }
