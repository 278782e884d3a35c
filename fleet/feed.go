package fleet

import (
	"slices"
	"strings"
	"time"
)

// A Feed is a source of advisories, as its last readings went. Its name is what
// the operator set: "drupal", "composer", "wordpress", "file:/etc/…".
type Feed struct {
	Name    string    `json:"name"`
	Next    time.Time `json:"next"`              // when it is due; raised by the lease of who reads it
	Checked time.Time `json:"checked,omitzero"`  // when all of it was read well last: what is known is as of then
	Tried   time.Time `json:"tried,omitzero"`    // when it was read last, well or not
	Failing string    `json:"failing,omitempty"` // why it could not be read, one sentence; "" when it could
	Fails   int       `json:"fails,omitempty"`   // failed readings in a row
	Count   int       `json:"count"`             // advisories that are kept
	Skipped int       `json:"skipped,omitempty"` // advisories nobody could make out
	Pages   []string  `json:"pages,omitempty"`   // ids of its pages
	Rev     int64     `json:"rev"`               // raised when anything it says changed
	Watched bool      `json:"watched,omitempty"` // it was among the settings when the bot started last
}

// Key implements Record.
func (f *Feed) Key() Key { return Key{Feeds, "feed", f.Name} }

// Entries implements Record: all of them, by name.
func (f *Feed) Entries() []Entry { return []Entry{{Index: AllFeeds, Member: f.Name}} }

// AllFeeds lists the sources of advisories by name.
var AllFeeds = Index{Feeds, "feeds"}

// A FeedPage is one document of a source, as far as it is about packages that
// are installed here.
type FeedPage struct {
	ID         string     `json:"id"`               // "FEED|URL"
	Tag        string     `json:"tag,omitempty"`    // its ETag
	Modified   string     `json:"mod,omitempty"`    // its Last-Modified, as sent
	Wanted     string     `json:"wanted,omitempty"` // digest of what was looked for in it
	Advisories []Advisory `json:"adv,omitempty"`
	Skipped    int        `json:"skipped,omitempty"`
	At         time.Time  `json:"at"` // when it was read, or known to be unchanged
}

// Key implements Record.
func (p *FeedPage) Key() Key { return Key{Feeds, "feedpage", p.ID} }

// Entries implements Record.
func (p *FeedPage) Entries() []Entry { return nil }

// Bounds of what is kept of sources.
const (
	MaxFeeds     = 20   // sources
	MaxFeedPages = 2000 // documents of one source
	MaxPageAdvs  = 500  // advisories of one document
)

// asOf is the oldest time as of which a source that is set is known.
func (l Library) asOf() time.Time {
	var out time.Time
	for _, f := range l.Feeds {
		if !f.Checked.IsZero() && (out.IsZero() || f.Checked.Before(out)) {
			out = f.Checked
		}
	}
	return out
}

// failing names the sources that cannot be read.
func (l Library) failing() []string {
	var out []string
	for _, f := range l.Feeds {
		if f.Failing != "" {
			out = append(out, f.Name)
		}
	}
	slices.Sort(out)
	return out
}

// tellDated says as of when advisories are known, if sources cannot be read.
func tellDated(asOf time.Time, failing []string) []Line {
	if len(failing) == 0 {
		return nil
	}
	names := make([]string, len(failing))
	for i, n := range failing {
		names[i] = Clean(n, 60)
	}
	l := Say("⚠️ " + Plural(len(names), "source", "sources") + " of advisories cannot be read now (" + strings.Join(names, ", ") + "); ")
	if asOf.IsZero() {
		l.Spans = append(l.Spans, Span{Text: "nothing is known from there."})
	} else {
		l.Spans = append(l.Spans, Span{Text: "what is shown is as of "}, When(asOf), Span{Text: "."})
	}
	return []Line{l}
}
