package fleet

import (
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // zones of sites, on machines that have none
)

// A Window says when a site may be moved: spans of the days of a week by the
// clock on the wall of its zone. The zero Window is always open.
type Window struct {
	spans []weekly
	zone  *time.Location
}

// weekly is one span: it opens on the days at minute from, and closes at minute
// to of the same day, or of the next one if that is not later.
type weekly struct {
	days     [7]bool // by time.Weekday, of the opening
	from, to int     // minutes from midnight; to may be 24·60
}

// Always is the window of a site that may be moved at any time, whatever its
// distribution says.
const Always = "always"

const maxWindow = 200 // characters

// ParseWindow reads "Mon-Fri 22:00-05:00 Europe/Zurich", "Sat,Sun 00:00-24:00"
// or several of them with ";" between. Without days it opens every day. zone, an
// IANA name, is that of the site: it comes before the one in the text; without
// either it is UTC. "" and Always are always open. Errors are of code Invalid.
func ParseWindow(text, zone string) (Window, error) {
	text = strings.TrimSpace(text)
	if text == "" || strings.EqualFold(text, Always) {
		return Window{}, nil
	}
	wrong := func(what string) error {
		return Errorf(Invalid, "%q is not a maintenance window.", Clean(what, 80)).
			WithHint("Write it like Mon-Fri 22:00-05:00 Europe/Zurich, or Sat,Sun 00:00-24:00.")
	}
	if len(text) > maxWindow {
		return Window{}, wrong(text)
	}
	w := Window{zone: time.UTC}
	named := ""
	for part := range strings.SplitSeq(text, ";") {
		s, own, ok := parseWeekly(strings.Fields(part))
		if !ok || own != "" && named != "" && own != named {
			return Window{}, wrong(part)
		}
		w.spans = append(w.spans, s)
		if own != "" {
			named = own
		}
	}
	if zone == "" {
		zone = named
	}
	var err error
	if named != "" {
		if _, err = ParseZone(named); err != nil {
			return Window{}, err
		}
	}
	w.zone, err = ParseZone(zone)
	return w, err
}

// ParseZone reads the name of a time zone; "" is UTC. The error is of code Invalid.
func ParseZone(name string) (*time.Location, error) {
	z, err := time.LoadLocation(name)
	if err != nil || strings.EqualFold(name, "local") {
		return nil, Errorf(Invalid, "%q is not a time zone.", Clean(name, 60)).WithHint("Write it like Europe/Zurich.").Because(err)
	}
	return z, nil
}

// parseWeekly reads [DAYS] HH:MM-HH:MM [ZONE].
func parseWeekly(words []string) (s weekly, zone string, ok bool) {
	if len(words) > 0 && !strings.ContainsAny(words[0], ":") {
		if s.days, ok = parseDays(words[0]); !ok {
			return s, "", false
		}
		words = words[1:]
	} else {
		s.days = [7]bool{true, true, true, true, true, true, true}
	}
	if len(words) == 0 || len(words) > 2 {
		return s, "", false
	}
	from, to, both := strings.Cut(words[0], "-")
	s.from, ok = parseMinute(from)
	if !ok || !both || s.from == 24*60 {
		return s, "", false
	}
	if s.to, ok = parseMinute(to); !ok || s.to == s.from || s.to == 0 && s.from == 0 {
		return s, "", false
	}
	if s.to == 0 {
		s.to = 24 * 60
	}
	if len(words) == 2 {
		zone = words[1]
	}
	return s, zone, true
}

func parseMinute(s string) (int, bool) {
	if s == "24:00" {
		return 24 * 60, true
	}
	at, err := time.Parse("15:04", s)
	return at.Hour()*60 + at.Minute(), err == nil
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// parseDays reads "Mon-Fri", "Sat,Sun", "Fri-Mon,Wed" or "daily".
func parseDays(text string) (days [7]bool, ok bool) {
	text = strings.ToLower(text)
	if text == "daily" {
		return [7]bool{true, true, true, true, true, true, true}, true
	}
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		a := slices.Index(weekdays, first)
		b := a
		if isRange {
			b = slices.Index(weekdays, last)
		}
		if a < 0 || b < 0 {
			return days, false
		}
		for d := a; ; d = (d + 1) % 7 {
			days[d] = true
			if d == b {
				break
			}
		}
	}
	return days, true
}

// Open reports whether the window is open at a time, and until when; if it is
// closed, when it opens next. An always open one closes at the zero time, and
// so does one that is open all week; one that never opens gives the zero time.
func (w Window) Open(now time.Time) (open bool, until time.Time) {
	if len(w.spans) == 0 {
		return true, time.Time{}
	}
	var next time.Time
	for _, o := range w.around(now) {
		if !now.Before(o.from) && now.Before(o.to) {
			return true, w.closes(now, o.to)
		}
		if o.from.After(now) && (next.IsZero() || o.from.Before(next)) {
			next = o.from
		}
	}
	return false, next
}

// closes follows windows that begin where one ends, for at most a week.
func (w Window) closes(now, end time.Time) time.Time {
	for grown := true; grown; {
		grown = false
		for _, o := range w.around(end) {
			if !o.from.After(end) && o.to.After(end) {
				end, grown = o.to, true
			}
		}
		if end.Sub(now) > 8*24*time.Hour {
			return time.Time{}
		}
	}
	return end
}

type opening struct{ from, to time.Time }

// around gives the openings from the day before a time until eight days after.
// A change of clocks shortens or lengthens one; nothing is left of one that
// lies wholly in the hour that is skipped.
func (w Window) around(now time.Time) []opening {
	local := now.In(w.zone)
	var out []opening
	for day := -1; day <= 8; day++ {
		date := time.Date(local.Year(), local.Month(), local.Day()+day, 0, 0, 0, 0, time.UTC)
		for _, s := range w.spans {
			if !s.days[date.Weekday()] {
				continue
			}
			to := s.to
			if to <= s.from {
				to += 24 * 60
			}
			o := opening{wallTime(date, s.from, w.zone), wallTime(date, to, w.zone)}
			if o.from.Before(o.to) {
				out = append(out, o)
			}
		}
	}
	return out
}

// wallTime is the first moment at which the clocks of a zone show so many minutes
// after the midnight of a date, or more if they skip that: the hour that clocks
// show twice counts from its first time on.
func wallTime(date time.Time, minutes int, zone *time.Location) time.Time {
	shown := date.Add(time.Duration(minutes) * time.Minute) // as if the zone were UTC
	_, early := shown.Add(-24 * time.Hour).In(zone).Zone()
	_, late := shown.Add(24 * time.Hour).In(zone).Zone()
	for _, offset := range []int{max(early, late), min(early, late)} {
		at := shown.Add(-time.Duration(offset) * time.Second)
		if _, is := at.In(zone).Zone(); is == offset {
			return at
		}
	}
	begins, _ := shown.Add(-time.Duration(early) * time.Second).In(zone).ZoneBounds()
	return begins
}

// siteWindow is the window of a site under the policy of its distribution: its
// own, or else the distribution's, by the clocks where the site is.
func siteWindow(p Policy, s Site) (Window, error) {
	text := s.Window
	if text == "" {
		text = p.Window
	}
	return ParseWindow(text, s.Zone)
}
