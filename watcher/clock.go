package watcher

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/distrobot/distrobot/fleet"
)

// Clock implements fleet.Clockwork for five cron fields in an IANA time zone.
//
// Schedules mean wall-clock time. A firing that falls into the hour that is
// skipped when clocks go forward comes at the end of that hour, not a day
// later; one in the hour that comes twice comes in the first of the two only.
type Clock struct{}

var _ fleet.Clockwork = Clock{}

// field is what may stand in one of the five fields. "=" is not among it: cron's
// parser reads TZ=… and panics on some values of it.
var field = regexp.MustCompile(`^[0-9A-Za-z*,/?-]{1,60}$`)

const scheduleHint = "Five fields are needed: minute, hour, day, month, weekday. 0 9 * * 1-5 is nine o'clock on working days."

// Next implements fleet.Clockwork.
func (Clock) Next(spec, zone string, after time.Time) (time.Time, error) {
	loc, err := location(zone)
	if err != nil {
		return time.Time{}, err
	}
	schedule, err := parseSpec(spec)
	if err != nil {
		return time.Time{}, err
	}
	// The schedule runs over wall-clock time written as UTC, where every day
	// has 24 hours; only its answers meet the zone.
	local := after.In(loc)
	wall := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), local.Nanosecond(), time.UTC)
	for {
		if wall = schedule.Next(wall); wall.IsZero() {
			return time.Time{}, fleet.Errorf(fleet.Invalid, "The schedule %q never comes.", fleet.Clean(spec, 60)).
				WithHint("Look at its day and month.")
		}
		if at := moment(wall, loc); at.After(after) {
			return at, nil
		}
	}
}

func location(zone string) (*time.Location, error) {
	loc, err := time.LoadLocation(zone)
	if err != nil || zone == "" || zone == "Local" {
		return nil, fleet.Errorf(fleet.Invalid, "%q is not a time zone.", fleet.Clean(zone, 60)).
			WithHint("Write it like Europe/Berlin, America/New_York or UTC.").Because(err)
	}
	return loc, nil
}

// parseSpec parses five fields. The parser is known to panic on odd input, so
// a panic is an error too.
func parseSpec(spec string) (schedule cron.Schedule, err error) {
	defer func() {
		if r := recover(); r != nil {
			schedule, err = nil, invalidSpec(spec, fmt.Errorf("the parser panicked: %v", r))
		}
	}()
	fields := strings.Fields(spec)
	if len(fields) != 5 {
		return nil, invalidSpec(spec, nil)
	}
	for _, f := range fields {
		if !field.MatchString(f) {
			return nil, invalidSpec(spec, nil)
		}
	}
	parser := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)
	if schedule, err = parser.Parse(strings.Join(fields, " ")); err != nil {
		return nil, invalidSpec(spec, err)
	}
	return schedule, nil
}

func invalidSpec(spec string, cause error) error {
	return fleet.Errorf(fleet.Invalid, "%q is not a schedule.", fleet.Clean(spec, 60)).WithHint(scheduleHint).Because(cause)
}

// moment is when a clock in loc first shows a wall time, or, if it skips that
// time, the moment at which it skips it.
func moment(wall time.Time, loc *time.Location) time.Time {
	// Offsets change by less than a day and far less often than daily: those a
	// day before and after are the two that the wall time can have.
	before, after := offsetAt(wall.Add(-26*time.Hour), loc), offsetAt(wall.Add(26*time.Hour), loc)
	first, second := wall.Add(-max(before, after)), wall.Add(-min(before, after))
	for _, at := range []time.Time{first, second} {
		if offsetAt(at, loc) == wall.Sub(at) {
			return at.In(loc)
		}
	}
	start, _ := second.In(loc).ZoneBounds()
	return start
}

func offsetAt(t time.Time, loc *time.Location) time.Duration {
	_, seconds := t.In(loc).Zone()
	return time.Duration(seconds) * time.Second
}
