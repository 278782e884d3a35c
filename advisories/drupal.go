package advisories

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// drupalLimit bounds the history of one project in bytes; core's is about 1 MB.
const drupalLimit = 8 << 20

// maxReleases bounds how many releases of a project are looked at.
const maxReleases = 5000

// drupalDocuments asks for the release history of every project that is here, as
// Drupal's own update module does: …/PROJECT/current, and …/PROJECT/7.x for
// Drupal 7, whose projects are not in the former. Only names are sent.
func drupalDocuments(s Source, stock fleet.Stocked) []document {
	var out []document
	for _, w := range stock.In(fleet.DrupalWares) {
		_, name := w.Cut()
		seven := slices.ContainsFunc(stock[w], func(v string) bool { return drupal7(name, v) })
		later := slices.ContainsFunc(stock[w], func(v string) bool { return !drupal7(name, v) })
		for _, branch := range []string{"7.x", "current"} {
			if branch == "7.x" && seven || branch == "current" && later {
				out = append(out, history(s, w, branch))
			}
		}
	}
	return out
}

// drupal7 reports whether a version of a project is one for Drupal 7.
func drupal7(name, version string) bool {
	return strings.HasPrefix(version, "7.x-") || name == "drupal" && strings.HasPrefix(version, "7.")
}

// backdropDocuments is the same for Backdrop, whose update module reads the same
// format.
func backdropDocuments(s Source, stock fleet.Stocked) []document {
	var out []document
	for _, w := range stock.In(fleet.BackdropWares) {
		out = append(out, history(s, w, "1.x"))
	}
	return out
}

func history(s Source, w fleet.Ware, branch string) document {
	_, name := w.Cut()
	return document{address: s.base() + "/" + url.PathEscape(name) + "/" + branch, limit: drupalLimit, absent: true,
		read: func(r io.Reader) (findings, error) { return readHistory(r, s.Name, w) }}
}

// A historyFile is the part of a release history that is read.
type historyFile struct {
	XMLName   xml.Name
	Error     string    `xml:",chardata"` // of <error>: the project is not known there
	Status    string    `xml:"project_status"`
	Link      string    `xml:"link"`
	Supported string    `xml:"supported_branches"` // "8.x-1.,2.0."
	Releases  []release `xml:"releases>release"`
}

type release struct {
	Version string `xml:"version"`
	Status  string `xml:"status"`
	Link    string `xml:"release_link"`
	Date    string `xml:"date"` // Unix seconds
	Terms   []struct {
		Name  string `xml:"name"`
		Value string `xml:"value"`
	} `xml:"terms>term"`
	Security struct {
		Covered string `xml:"covered,attr"` // "1" under drupal.org's security advisory policy
		Text    string `xml:",chardata"`
	} `xml:"security"`
	order fleet.Version
}

// is reports whether a release carries a term of drupal.org's "Release type".
func (r release) is(value string) bool {
	for _, t := range r.Terms {
		if t.Name == "Release type" && t.Value == value {
			return true
		}
	}
	return false
}

// readHistory turns a project's history into advisories: each release that is a
// security update tells of a hole in the earlier ones of its branch; a release
// marked insecure has one; a release of a branch that is not supported any more,
// or is not covered by the policy, gets no fixes.
func readHistory(r io.Reader, source string, w fleet.Ware) (findings, error) {
	var h historyFile
	d := xml.NewDecoder(r)
	d.CharsetReader = func(label string, in io.Reader) (io.Reader, error) {
		return nil, fmt.Errorf("it is written in %.20q, not in UTF-8", label)
	}
	if err := d.Decode(&h); err != nil {
		return findings{}, fmt.Errorf("it is not a release history: %w", err)
	}
	switch {
	case h.XMLName.Local == "error":
		return findings{}, nil // a project of one's own
	case h.XMLName.Local != "project":
		return findings{}, errors.New("it is not a release history")
	}
	_, name := w.Cut()
	p := project{historyFile: h, source: source, ware: w, name: name}
	p.sort()
	return p.findings(), nil
}

// A project is a history whose releases are in order, the oldest first.
type project struct {
	historyFile
	source string
	ware   fleet.Ware
	name   string
}

// sort drops what is no release and orders the rest.
func (p *project) sort() {
	var kept []release
	for _, r := range p.Releases[:min(len(p.Releases), maxReleases)] {
		v, ok := fleet.ParseVersion(r.Version)
		if r.Status != "published" && r.Status != "" || !ok || !v.Fixed() || len(r.Version) > 40 {
			continue
		}
		r.order = v
		kept = append(kept, r)
	}
	slices.SortStableFunc(kept, func(a, b release) int { return a.order.Compare(b.order) })
	p.Releases = kept
}

func (p project) findings() findings {
	var out findings
	if wrong := map[string]string{"insecure": "The project is marked insecure", "revoked": "The project was revoked", "unsupported": "The project is not supported any more"}[p.Status]; wrong != "" {
		out.add(p.advisory(fleet.Advisory{ID: p.name + " " + p.Status, Title: wrong, URL: p.Link, Affected: "*", Unsupported: p.Status == "unsupported"}))
	}
	told := map[string]bool{}
	for _, r := range p.Releases {
		if before := p.before(r); r.is("Security update") && len(before) > 0 {
			for _, b := range before {
				told[b.Version] = true
			}
			out.add(p.advisory(fleet.Advisory{ID: p.name + " " + r.Version, Title: "Security update " + r.Version, URL: r.Link, At: r.at(), Fix: r.Version,
				Affected: ">=" + before[0].Version + ",<=" + before[len(before)-1].Version}))
		}
	}
	var insecure, ended, bare []string
	for _, r := range p.Releases {
		switch {
		case r.is("Insecure") && !told[r.Version]:
			insecure = append(insecure, r.Version)
		case !r.is("Insecure") && p.Supported != "" && p.branch(r.Version) == "":
			ended = append(ended, r.Version)
		case !r.is("Insecure") && r.Security.Text != "" && r.Security.Covered != "1":
			bare = append(bare, r.Version)
		}
	}
	p.listed(&out, insecure, fleet.Advisory{ID: p.name + " insecure", Title: "Releases marked insecure", URL: p.Link})
	p.listed(&out, ended, fleet.Advisory{ID: p.name + " branch", Title: "This branch gets no more fixes", URL: p.Link, Unsupported: true})
	p.listed(&out, bare, fleet.Advisory{ID: p.name + " uncovered", Title: "Not covered by the security advisory policy", URL: p.Link, Unsupported: true})
	return out
}

// listed adds an advisory about single releases, in parts that a range can hold.
func (p project) listed(out *findings, versions []string, a fleet.Advisory) {
	const most = 80
	for i := 0; len(versions) > 0; i++ {
		n := min(len(versions), most)
		part := a
		if i > 0 {
			part.ID += " " + strconv.Itoa(i+1)
		}
		part.Affected = strings.Join(versions[:n], "|")
		out.add(p.advisory(part))
		versions = versions[n:]
	}
}

func (p project) advisory(a fleet.Advisory) fleet.Advisory {
	a.Source, a.Ware = p.source, p.ware
	return a
}

// before gives the releases of r's branch that are older, the oldest first. A
// branch is what drupal.org lists as supported, else what shares all numbers but
// the last.
func (p project) before(r release) []release {
	branch := p.branch(r.Version)
	if branch == "" {
		branch = r.Version[:strings.LastIndexAny(r.Version, ".-")+1]
	}
	var out []release
	for _, b := range p.Releases {
		if strings.HasPrefix(b.Version, branch) && b.order.Compare(r.order) < 0 {
			out = append(out, b)
		}
	}
	return out
}

// branch is the supported branch that a version is of; "" if it is of none.
func (p project) branch(version string) string {
	for b := range strings.SplitSeq(p.Supported, ",") {
		if b = strings.TrimSpace(b); b != "" && strings.HasPrefix(version, b) {
			return b
		}
	}
	return ""
}

// at is when a release was published.
func (r release) at() time.Time {
	n, err := strconv.ParseInt(r.Date, 10, 64)
	if err != nil || n < 0 || n > 1<<33 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}
