package fleet

import (
	"context"
	"strconv"
	"strings"
	"time"
)

const (
	// auditLook bounds how many events one search looks at; it then says how far
	// it came.
	auditLook = 50_000
	// auditLate is how long after it happened an event may still reach the record,
	// while the storage or whoever carries effects is away.
	auditLate = 7 * 24 * time.Hour
)

// Found is a page of a search through the record.
type Found struct {
	Events []AuditEvent // newest first
	Before string       // where the next page begins: the number of the last event; "" if there is none
	Looked int          // events that were looked at
	Short  bool         // older ones were not looked at any more; Before leads on
}

// FindEvents gives up to n events that a query chooses, newest first, from
// before a number on ("" is the end of the record).
func FindEvents(ctx context.Context, t Trail, q AuditQuery, before string, n int) (Found, error) {
	var out Found
	for at := before; ; {
		page, next, err := t.Events(ctx, at, min(500, max(n, 100)))
		if err != nil || len(page) == 0 {
			out.Before = ""
			return out, err
		}
		for _, e := range page {
			out.Looked++
			if !q.Since.IsZero() && e.At.Before(q.Since.Add(-auditLate)) {
				out.Before = ""
				return out, nil
			}
			if q.Matches(e) {
				if len(out.Events) == n {
					return out, nil // there is one more
				}
				out.Events = append(out.Events, e)
			}
			if len(out.Events) == n || out.Looked == auditLook {
				out.Before = strconv.FormatInt(e.Number, 10)
			}
			if out.Looked == auditLook {
				out.Short = true
				return out, nil
			}
		}
		if at = next; next == "" {
			out.Before = ""
			return out, nil
		}
	}
}

// ParseSince reads a moment in the past: a length ("90m", "36h", "7d", "4w") back
// from now, a date, or a moment as RFC 3339 has it. Dates are UTC.
func ParseSince(s string, now time.Time) (time.Time, error) {
	s = strings.TrimSpace(s)
	units := map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}
	if len(s) > 1 {
		if n, err := strconv.Atoi(s[:len(s)-1]); err == nil && n >= 0 && n < 100_000 && units[s[len(s)-1]] > 0 {
			return now.Add(-time.Duration(n) * units[s[len(s)-1]]), nil
		}
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		if at, err := time.Parse(layout, s); err == nil {
			return at, nil
		}
	}
	return time.Time{}, Errorf(Invalid, "%q is no moment in the past.", clip(s, 40)).
		WithHint("Say how long ago (90m, 36h, 7d, 4w) or a date (2026-11-30).")
}
