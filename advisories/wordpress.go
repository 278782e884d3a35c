package advisories

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// wordpressLimit bounds the feed in bytes; it holds every hole of every plugin
// and is read as a stream. wordpressRecord bounds one record.
const (
	wordpressLimit  = 512 << 20
	wordpressRecord = 1 << 20
)

// wordpressDocuments asks for a feed in the format of Wordfence Intelligence's
// vulnerability data feed, version 2: one object, each record under its id.
func wordpressDocuments(s Source, stock fleet.Stocked) []document {
	wanted := func(w fleet.Ware) bool { _, ok := stock[w]; return ok }
	if len(stock.In(fleet.WordPressCore))+len(stock.In(fleet.WordPressAddon))+len(stock.In(fleet.WordPressTheme)) == 0 {
		return nil
	}
	return []document{{address: s.Address, limit: wordpressLimit, read: func(r io.Reader) (findings, error) {
		return readWordPress(r, s.Name, wanted)
	}}}
}

// wordpressRow is the part of a record that is read.
type wordpressRow struct {
	ID            string                   `json:"id"`
	Title         string                   `json:"title"`
	Software      []wordpressSoftware      `json:"software"`
	Informational bool                     `json:"informational"`
	References    []string                 `json:"references"`
	CVSS          *struct{ Rating string } `json:"cvss"`
	CVE           string                   `json:"cve"`
	Published     string                   `json:"published"`
}

type wordpressSoftware struct {
	Type     string                   `json:"type"` // core, plugin, theme
	Slug     string                   `json:"slug"`
	Affected map[string]wordpressSpan `json:"affected_versions"`
	Patched  []string                 `json:"patched_versions"`
}

type wordpressSpan struct {
	From   string `json:"from_version"` // "*" is from the first
	FromIn bool   `json:"from_inclusive"`
	To     string `json:"to_version"` // "*" is up to the last
	ToIn   bool   `json:"to_inclusive"`
}

// readWordPress reads a feed record by record, so that the memory it takes does
// not depend on the feed's size.
func readWordPress(r io.Reader, source string, wanted func(fleet.Ware) bool) (findings, error) {
	var out findings
	d := json.NewDecoder(r)
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return out, errors.Join(errors.New("the feed is not an object of records"), err)
	}
	for d.More() {
		id, err := d.Token()
		if err != nil {
			return out, fmt.Errorf("the feed breaks off: %w", err)
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return out, fmt.Errorf("the feed breaks off at record %.40v: %w", id, err)
		}
		var row wordpressRow
		if len(raw) > wordpressRecord || json.Unmarshal(raw, &row) != nil {
			out.skipped++
			continue
		}
		for _, s := range row.Software {
			row.take(&out, s, source, wanted)
		}
	}
	_, err := d.Token()
	return out, err
}

// take adds what a record says of one piece of software, if it is here.
func (row wordpressRow) take(out *findings, s wordpressSoftware, source string, wanted func(fleet.Ware) bool) {
	world := map[string]string{"core": fleet.WordPressCore, "plugin": fleet.WordPressAddon, "theme": fleet.WordPressTheme}[s.Type]
	w := fleet.WareOf(world, s.Slug)
	if world == "" || !wanted(w) || row.Informational {
		return
	}
	a := fleet.Advisory{ID: row.ID, Source: source, Ware: w, Title: row.Title, CVE: row.CVE, At: when(row.Published)}
	if row.CVSS != nil {
		a.Severity = fleet.ParseSeverity(row.CVSS.Rating)
	}
	if len(row.References) > 0 {
		a.URL = row.References[0]
	}
	if len(s.Patched) == 1 {
		a.Fix = s.Patched[0]
	}
	var spans []string
	for _, v := range s.Affected {
		spans = append(spans, v.text())
	}
	slices.Sort(spans)
	a.Affected = strings.Join(spans, "|")
	out.add(a)
}

// text writes a span as fleet.ParseAffected reads it.
func (v wordpressSpan) text() string {
	var out []string
	if v.From != "*" {
		out = append(out, map[bool]string{true: ">=", false: ">"}[v.FromIn]+v.From)
	}
	if v.To != "*" {
		out = append(out, map[bool]string{true: "<=", false: "<"}[v.ToIn]+v.To)
	}
	if len(out) == 0 {
		return "*"
	}
	return strings.Join(out, ",")
}
