package advisories

import (
	"fmt"
	"io"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/distrobot/distrobot/fleet"
)

// fileLimit bounds a file in bytes.
const fileLimit = 8 << 20

// fileDocuments is a file in our own format, of this machine or of the web.
func fileDocuments(s Source, stock fleet.Stocked) []document {
	wanted := func(w fleet.Ware) bool { _, ok := stock[w]; return ok }
	return []document{{address: s.Address, limit: fileLimit, read: func(r io.Reader) (findings, error) {
		return readFile(r, s.Name, wanted)
	}}}
}

// A file is YAML or JSON as docs/advisories.md describes it.
type file struct {
	Version    int        `yaml:"version"`
	Advisories []fileItem `yaml:"advisories"`
}

type fileItem struct {
	ID          string `yaml:"id"`
	Package     string `yaml:"package"`
	Of          string `yaml:"of"` // the world of the name; "" is composer for vendor/name, else every other
	Affected    string `yaml:"affected"`
	Severity    string `yaml:"severity"`
	Title       string `yaml:"title"`
	URL         string `yaml:"url"`
	CVE         string `yaml:"cve"`
	Fixed       string `yaml:"fixed"`
	Published   string `yaml:"published"`
	Unsupported bool   `yaml:"unsupported"`
}

// readFile reads a file. A key that it does not know is an error: a person wrote
// it and meant something by it.
func readFile(r io.Reader, source string, wanted func(fleet.Ware) bool) (findings, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return findings{}, err
	}
	var f file
	if err := yaml.UnmarshalWithOptions(b, &f, yaml.Strict()); err != nil {
		return findings{}, fmt.Errorf("it is not a file of advisories: %s", fleet.Clean(yaml.FormatError(err, false, false), 160))
	}
	if f.Version != 1 {
		return findings{}, fmt.Errorf("it does not say version: 1")
	}
	var out findings
	for _, item := range f.Advisories[:min(len(f.Advisories), maxAdvisories)] {
		for _, w := range item.wares() {
			if !wanted(w) {
				continue
			}
			out.add(fleet.Advisory{ID: item.ID, Source: source, Ware: w, Title: item.Title, URL: item.URL, CVE: item.CVE,
				Severity: fleet.ParseSeverity(item.Severity), Affected: item.Affected, Fix: item.Fixed,
				At: when(item.Published), Unsupported: item.Unsupported})
		}
	}
	return out, nil
}

// wares are what an item may be about.
func (i fileItem) wares() []fleet.Ware {
	if i.Of != "" {
		return []fleet.Ware{fleet.WareOf(i.Of, i.Package)}
	}
	if strings.Contains(i.Package, "/") {
		return []fleet.Ware{fleet.WareOf(fleet.ComposerWares, i.Package)}
	}
	var out []fleet.Ware
	for _, world := range fleet.WareWorlds() {
		if world != fleet.ComposerWares {
			out = append(out, fleet.WareOf(world, i.Package))
		}
	}
	return out
}
