package fleet

import (
	"slices"
	"strings"
	"time"
)

// A Day is how a distribution, or the whole fleet, stood on one day, as the
// first look of that day (UTC) found it.
type Day struct {
	Date    string `json:"d"` // as dayForm has it
	Sites   int    `json:"s"` // of distributions with an upgrade target
	Behind  int    `json:"b"` // of them, out of date
	Exposed int    `json:"x"` // sites exposed to a hole that is known of; NotKnown without a source of advisories
	Oldest  int    `json:"a"` // whole days for which the oldest has been out of date; 0 when none is
}

// NotKnown is what a Day says where nobody could tell.
const NotKnown = -1

// dayForm is how days are named: they sort by their names.
const dayForm = time.DateOnly

// At is the beginning of the day; the zero time for a name that is none.
func (d Day) At() time.Time {
	t, err := time.Parse(dayForm, d.Date)
	if err != nil {
		return time.Time{}
	}
	return t
}

// A Trend is the days of one distribution, or of the whole fleet. A day on which
// nobody looked is not among them.
type Trend struct {
	Distribution DistName `json:"dist,omitempty"` // "" is the whole fleet
	Days         []Day    `json:"days"`           // oldest first, at most MaxDays
}

// MaxDays is how many days a trend keeps: a year can be told from the last.
const MaxDays = 400

// wholeFleet stands where the name of a distribution would: no name begins so.
const wholeFleet = "*"

// Key implements Record.
func (t *Trend) Key() Key { return Key{Feeds, "trend", trendID(t.Distribution)} }

// Entries implements Record: all of them, by name.
func (t *Trend) Entries() []Entry {
	return []Entry{{Index: allTrends, Member: trendID(t.Distribution)}}
}

var allTrends = Index{Feeds, "trends"}

func trendID(d DistName) string {
	if d == "" {
		return wholeFleet
	}
	return fold(string(d))
}

func trendRow(t *Trend, id string) { t.Distribution = DistName(strings.TrimPrefix(id, wholeFleet)) }

// With adds a day and drops what is older than MaxDays before it. A day that is
// there already stays as it is, so that taking it twice or late changes nothing,
// and so does a day before the last: a clock was set back.
func (t Trend) With(d Day) (Trend, bool) {
	if n := len(t.Days); d.At().IsZero() || n > 0 && t.Days[n-1].Date >= d.Date {
		return t, false
	}
	from := d.At().AddDate(0, 0, 1-MaxDays).Format(dayForm)
	t.Days = append(slices.DeleteFunc(slices.Clone(t.Days), func(old Day) bool { return old.Date < from }), d)
	return t, true
}

// near gives the day nearest to another, at most so many days away.
func (t Trend) near(at time.Time, within int) (Day, bool) {
	best, away := Day{}, time.Duration(within)*24*time.Hour+1
	for _, d := range t.Days {
		if off := d.At().Sub(at).Abs(); off < away {
			best, away = d, off
		}
	}
	return best, best.Date != ""
}

// A Course is what became of the upgrade targets of one distribution.
type Course struct {
	Distribution DistName  `json:"dist"`
	Sites        int       `json:"sites"`    // it had at the last look
	Rollouts     []Rollout `json:"rollouts"` // oldest first, at most MaxRollouts
}

// A Rollout is one platform's time as the upgrade target.
type Rollout struct {
	Distribution DistName     `json:"-"`
	Platform     PlatformName `json:"platform"`
	Announced    time.Time    `json:"announced"`     // its version; or when its platform was ordered, if nothing announced it
	Target       time.Time    `json:"target"`        // since when it is the target
	Sites        int          `json:"sites"`         // most that had to come to it
	Done         time.Time    `json:"done,omitzero"` // when the last of them had come
	Over         time.Time    `json:"over,omitzero"` // when another target followed
}

// Took is how long it was from the announcement to the last site; 0 if that has
// not come.
func (r Rollout) Took() time.Duration {
	if r.Done.IsZero() {
		return 0
	}
	return r.Done.Sub(r.Announced)
}

// MaxRollouts is how many of them a course keeps.
const MaxRollouts = 50

// Key implements Record.
func (c *Course) Key() Key { return Key{Feeds, "course", fold(string(c.Distribution))} }

// Entries implements Record: all of them, by name.
func (c *Course) Entries() []Entry {
	return []Entry{{Index: allCourses, Member: fold(string(c.Distribution))}}
}

var allCourses = Index{Feeds, "courses"}

func courseRow(c *Course, name string) { c.Distribution = DistName(name) }

// A Sighting is how a distribution stands at a moment, and what is known of its
// target.
type Sighting struct {
	Standing  Standing
	Target    Platform
	Announced time.Time // its version; zero if nothing announced it
	At        time.Time
}

// Seen is the rule that follows a distribution: a new target begins a rollout,
// the last site that comes to it ends one. It reports whether anything changed.
func (c Course) Seen(s Sighting) (Course, bool) {
	total := s.Standing.OnTarget + s.Standing.OutOfDate
	old := c
	c.Rollouts = slices.Clone(c.Rollouts)
	n := len(c.Rollouts)
	if n == 0 || c.Rollouts[n-1].Platform != s.Target.Name {
		c.begin(s)
		n = len(c.Rollouts)
	}
	r := &c.Rollouts[n-1]
	r.Sites = max(r.Sites, s.Standing.OutOfDate)
	if r.Done.IsZero() && r.Sites > 0 && s.Standing.OutOfDate == 0 && s.Standing.OnTarget > 0 {
		r.Done = s.At
	}
	c.Sites = total
	return c, c.Sites != old.Sites || !slices.Equal(c.Rollouts, old.Rollouts)
}

// begin adds the rollout of a target. All sites that the distribution had have to
// come to it; of the first one that is ever seen it is taken that it has been the
// target since it was ready. One that is the target again begins anew.
func (c *Course) begin(s Sighting) {
	r := Rollout{Platform: s.Target.Name, Announced: s.Announced, Target: s.At}
	if r.Announced.IsZero() {
		r.Announced = s.Target.Created
	}
	again := slices.ContainsFunc(c.Rollouts, func(x Rollout) bool { return x.Platform == r.Platform })
	switch n := len(c.Rollouts); {
	case n > 0:
		c.Rollouts[n-1].Over, r.Sites = s.At, c.Sites
	case !s.Target.Ready.IsZero():
		r.Target = s.Target.Ready
	}
	if again || r.Announced.IsZero() || r.Announced.After(s.At) {
		r.Announced = r.Target
	}
	c.Rollouts = append(c.Rollouts, r)
	c.Rollouts = c.Rollouts[max(0, len(c.Rollouts)-MaxRollouts):]
}

// since is when the sites of a platform became out of date: when another target
// followed it, or, if it never was one, when a target came that is newer than it.
func (c Course) since(p Platform) time.Time {
	last := -1
	for i, r := range c.Rollouts {
		if r.Platform == p.Name {
			last = i
		}
	}
	for _, r := range c.Rollouts[last+1:] {
		if last >= 0 || r.Target.After(p.Created) {
			return r.Target
		}
	}
	return p.Created
}

// Day gives the figures of a distribution on a day.
func (c Course) Day(s Standing, exposed int, at time.Time) Day {
	d := Day{Date: at.UTC().Format(dayForm), Sites: s.OnTarget + s.OutOfDate, Behind: s.OutOfDate, Exposed: exposed}
	for _, b := range s.Behind {
		if since := c.since(b.Platform); !since.IsZero() {
			d.Oldest = max(d.Oldest, int(at.Sub(since)/(24*time.Hour)))
		}
	}
	return d
}
