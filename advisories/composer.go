package advisories

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// composerBatch is how many packages one request names: its address stays below
// what servers take, and unchanged answers are not sent again.
const composerBatch = 50

// composerLimit bounds one answer in bytes.
const composerLimit = 16 << 20

// composerDocuments asks Packagist's API, which `composer audit` asks too:
// GET …?packages[]=vendor/name&packages[]=… . Only names are sent.
func composerDocuments(s Source, stock fleet.Stocked) []document {
	var out []document
	wares := stock.In(fleet.ComposerWares)
	for len(wares) > 0 {
		n := min(len(wares), composerBatch)
		query := make([]string, n)
		wanted := map[fleet.Ware]bool{}
		for i, w := range wares[:n] {
			_, name := w.Cut()
			query[i], wanted[w] = "packages%5B%5D="+url.QueryEscape(name), true
		}
		out = append(out, document{address: s.base() + "/?" + strings.Join(query, "&"), limit: composerLimit, read: func(r io.Reader) (findings, error) {
			return readComposer(r, s.Name, func(w fleet.Ware) bool { return wanted[w] })
		}})
		wares = wares[n:]
	}
	return out
}

// composerAnswer is the part of the API's answer that is read.
type composerAnswer struct {
	Advisories json.RawMessage `json:"advisories"` // by package; an empty list when there is none
}

type composerAdvisory struct {
	ID       string `json:"advisoryId"`
	Package  string `json:"packageName"`
	RemoteID string `json:"remoteId"`
	Title    string `json:"title"`
	Link     string `json:"link"`
	CVE      string `json:"cve"`
	Affected string `json:"affectedVersions"`
	Reported string `json:"reportedAt"`
	Severity string `json:"severity"`
}

// readComposer reads an answer of the API.
func readComposer(r io.Reader, source string, wanted func(fleet.Ware) bool) (findings, error) {
	var answer composerAnswer
	if err := json.NewDecoder(r).Decode(&answer); err != nil {
		return findings{}, fmt.Errorf("the answer is not JSON: %w", err)
	}
	by := map[string]json.RawMessage{}
	var none []any
	switch {
	case answer.Advisories == nil:
		return findings{}, fmt.Errorf("the answer has no advisories")
	case json.Unmarshal(answer.Advisories, &by) == nil:
	case json.Unmarshal(answer.Advisories, &none) != nil || len(none) > 0:
		return findings{}, fmt.Errorf("the advisories are not by package")
	}
	var out findings
	for name, raw := range by {
		w := fleet.WareOf(fleet.ComposerWares, name)
		if !wanted(w) {
			continue
		}
		for _, one := range each(raw) {
			var a composerAdvisory
			if json.Unmarshal(one, &a) != nil {
				out.skipped++
				continue
			}
			out.add(fleet.Advisory{ID: a.ID, Source: source, Ware: w, Title: a.Title, URL: a.Link, CVE: a.CVE,
				Severity: fleet.ParseSeverity(a.Severity), Affected: a.Affected, Fix: fixOf(a.Affected), At: when(a.Reported)})
		}
	}
	return out, nil
}

// each gives the items of a list, or the values of an object: PHP writes a list
// with holes as an object.
func each(raw json.RawMessage) []json.RawMessage {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil {
		return list
	}
	var by map[string]json.RawMessage
	_ = json.Unmarshal(raw, &by) // what is neither has no items
	for _, v := range by {
		list = append(list, v)
	}
	return list
}

// fixOf is the first version without a hole that a range of one span names:
// 1.2 of ">=1.0,<1.2". Ranges of several spans have several.
func fixOf(affected string) string {
	if strings.Contains(affected, "|") {
		return ""
	}
	i := strings.LastIndexByte(affected, '<')
	if i < 0 || strings.HasPrefix(affected[i:], "<=") {
		return ""
	}
	return strings.TrimSpace(strings.TrimRight(affected[i+1:], ", "))
}

// when reads a moment as sources write it; zero if it is none.
func when(text string) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02"} {
		if t, err := time.Parse(layout, text); err == nil && t.Year() > 1990 && t.Year() < 2200 {
			return t.UTC()
		}
	}
	return time.Time{}
}
