package fleet

import (
	"fmt"
	"time"
)

// How a sentence compares: with the day nearest to monthBefore days ago, if one
// was kept within monthSlack days of it, else with the first day of a trend of
// at least trendShort days.
const (
	monthBefore = 30
	monthSlack  = 3
	trendShort  = 2
)

// TellTrend says in words what a chart of the trend shows: how its last day stands
// and how it stood a month before; "" of a trend without days.
func TellTrend(t Trend) string {
	if len(t.Days) == 0 {
		return ""
	}
	now := t.Days[len(t.Days)-1]
	out := fmt.Sprintf("%d of %s out of date", now.Behind, Plural(now.Sites, "site is", "sites are"))
	if now.Exposed >= 0 {
		out += fmt.Sprintf(", %d exposed", now.Exposed)
	}
	if then, words := t.before(now); words != "" {
		out += fmt.Sprintf("; %s %d", words, then.Behind)
		if then.Exposed >= 0 && now.Exposed >= 0 {
			out += fmt.Sprintf(" and %d", then.Exposed)
		}
	}
	if now.Behind > 0 && now.Oldest > 0 {
		out += "; the oldest waits for " + Plural(now.Oldest, "day", "days")
	}
	return out + "."
}

// before gives a day to compare the last one with, and words for it; "" if the
// trend is too short.
func (t Trend) before(now Day) (Day, string) {
	if d, ok := t.near(now.At().AddDate(0, 0, -monthBefore), monthSlack); ok {
		return d, "a month ago"
	}
	first := t.Days[0]
	age := now.At().Sub(first.At())
	if age < trendShort*24*time.Hour {
		return Day{}, ""
	}
	if age > monthBefore*24*time.Hour { // there is a gap where a month ago would be
		if d, ok := t.near(now.At().AddDate(0, 0, -monthBefore), monthBefore-trendShort); ok {
			first = d
		}
	}
	return first, "on " + first.At().Format("2 Jan 2006")
}
