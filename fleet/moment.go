package fleet

import (
	"regexp"
	"time"
)

// momentLayout is how a moment stands in a sentence. Sentences are kept (in the
// reason of a plan, in an alarm) and are read in many time zones, so it names its
// zone and its year, and whoever draws them finds it again: see Moments.
const momentLayout = "2 Jan 2006 15:04 UTC"

var momentText = regexp.MustCompile(`\b\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2} UTC\b`)

// Moment writes a moment into a sentence: "22 Nov 2026 12:00 UTC".
func Moment(t time.Time) string { return t.UTC().Format(momentLayout) }

// Moments divides a span at the moments that stand in its text, so that each can
// be shown in the reader's time zone. The texts of the parts make the text of the
// span. Code stays whole, and what is a mention, link or moment already.
func Moments(s Span) []Span {
	if s.Code || s.User != "" || s.Room != "" || s.URL != "" || !s.Time.IsZero() {
		return []Span{s}
	}
	var out []Span
	rest := s.Text
	for rest != "" {
		at := momentText.FindStringIndex(rest)
		if at == nil {
			break
		}
		when, err := time.Parse(momentLayout, rest[at[0]:at[1]])
		if err != nil { // 31 Feb: somebody else's words
			break
		}
		if at[0] > 0 {
			out = append(out, Span{Text: rest[:at[0]], Bold: s.Bold})
		}
		out = append(out, Span{Text: rest[at[0]:at[1]], Bold: s.Bold, Time: when})
		rest = rest[at[1]:]
	}
	if rest != "" || len(out) == 0 {
		out = append(out, Span{Text: rest, Bold: s.Bold})
	}
	return out
}

// InZones is Moments for the spans of a line.
func InZones(spans []Span) []Span {
	out := make([]Span, 0, len(spans))
	for _, s := range spans {
		out = append(out, Moments(s)...)
	}
	return out
}
