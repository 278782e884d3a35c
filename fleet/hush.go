package fleet

import (
	"context"
	"slices"
	"strings"
	"time"
)

// A Hush is what people do not want to hear of a distribution. It authorises
// nothing and voids no plan.
type Hush struct {
	Ignored string    `json:"ignored,omitempty"` // tags that are never offered, separated by spaces
	Muted   time.Time `json:"muted,omitzero"`    // nothing is announced before
	By      Actor     `json:"by,omitzero"`       // who muted it
	Hours   string    `json:"hours,omitempty"`   // quiet hours, "22:00-07:00 Europe/Berlin": only security is announced
}

// Bounds of a Hush.
const (
	maxIgnored  = 50
	longestMute = 100 * 365 * 24 * time.Hour // until somebody unmutes it
)

func (h Hush) ignored() []string { return strings.Fields(fold(h.Ignored)) }

func (h Hush) check() error {
	if h.Hours == "" {
		return nil
	}
	_, err := parseQuiet(h.Hours)
	return err
}

// Until gives the time before which an announcement is held back, zero for none.
// A mute holds everything, quiet hours everything but security.
func (h Hush) Until(now time.Time, security bool) time.Time {
	out := time.Time{}
	if h.Muted.After(now) {
		out, now = h.Muted, h.Muted
	}
	if q, err := parseQuiet(h.Hours); err == nil && !security {
		if end := q.end(now); !end.IsZero() {
			return end
		}
	}
	return out
}

// quiet is a span of every day, in minutes from midnight; from may be after to.
type quiet struct {
	from, to int
	zone     *time.Location
}

func parseQuiet(text string) (quiet, error) {
	wrong := Errorf(Invalid, "%q are not quiet hours.", Clean(text, 60)).
		WithHint("Write them like 22:00-07:00, or 22:00-07:00 Europe/Berlin.")
	span, zone, _ := strings.Cut(strings.TrimSpace(text), " ")
	from, to, ok := strings.Cut(span, "-")
	if !ok {
		return quiet{}, wrong
	}
	q := quiet{zone: time.UTC}
	var err error
	for i, part := range []string{from, to} {
		at, err := time.Parse("15:04", part)
		if err != nil {
			return quiet{}, wrong.Because(err)
		}
		*[]*int{&q.from, &q.to}[i] = at.Hour()*60 + at.Minute()
	}
	if zone = strings.TrimSpace(zone); zone != "" {
		if q.zone, err = time.LoadLocation(zone); err != nil || zone == "Local" {
			return quiet{}, wrong.Because(err)
		}
	}
	if q.from == q.to {
		return quiet{}, wrong
	}
	return q, nil
}

// end gives when the quiet hours around now end, zero if it is none of them.
// It goes by the clock on the wall, so a change of clocks neither lengthens nor
// shortens what people see there.
func (q quiet) end(now time.Time) time.Time {
	local := now.In(q.zone)
	minute := local.Hour()*60 + local.Minute()
	day := local.Day()
	switch {
	case q.from < q.to && (minute < q.from || minute >= q.to):
		return time.Time{}
	case q.from > q.to && minute >= q.to && minute < q.from:
		return time.Time{}
	case q.from > q.to && minute >= q.from:
		day++
	}
	return time.Date(local.Year(), local.Month(), day, q.to/60, q.to%60, 0, 0, q.zone)
}

// Ignore says that a version is not to be offered; the announcement that waits
// with it is closed, and whatever else is new since then is announced instead.
func (n *News) Ignore(ctx context.Context, d DistName, tag string, who Actor) error {
	if tag == "" || len(tag) > MaxVersion || strings.ContainsAny(tag, " \t\n") || Clean(tag, 2*MaxVersion) != tag {
		return Errorf(Invalid, "%q cannot be the name of a version.", Clean(tag, 60))
	}
	return n.hush(ctx, d, func(l *listening) error {
		h := &l.dist.Hush
		if slices.Contains(h.ignored(), fold(tag)) {
			return Errorf(Exists, "Version %s of %s is ignored already.", Clean(tag, 60), l.dist.Name)
		}
		if len(h.ignored()) >= maxIgnored {
			return Errorf(Refused, "More than %d versions of %s are ignored already.", maxIgnored-1, l.dist.Name).
				WithHint("Follow a narrower range instead: %s edit %s --versions '^2.0'", Slash, l.dist.Name)
		}
		h.Ignored = strings.TrimSpace(h.Ignored + " " + tag)
		l.tx.Emit(audited(l.tx, who, "news.ignored", string(l.dist.Name), "version", tag))
		return l.close(tag, who)
	})
}

// close closes the waiting announcement of an ignored version.
func (l *listening) close(tag string, who Actor) error {
	a, err := l.latest()
	if err != nil || a == nil || !a.Open() || !a.To.IsTag() || fold(a.To.Short()) != fold(tag) {
		return err
	}
	a.State, a.By, a.Until, a.Held = NewsIgnored, who, time.Time{}, time.Time{}
	l.tx.Put(a)
	l.tx.Emit(a.notice(true))
	if l.known && l.cursor.Head.Name == a.To.Name {
		l.cursor.Head = a.From
		l.tx.Put(&l.cursor)
	}
	return nil
}

// Unignore offers a version again.
func (n *News) Unignore(ctx context.Context, d DistName, tag string, who Actor) error {
	return n.hush(ctx, d, func(l *listening) error {
		kept := slices.DeleteFunc(strings.Fields(l.dist.Hush.Ignored), func(t string) bool { return fold(t) == fold(tag) })
		if len(kept) == len(strings.Fields(l.dist.Hush.Ignored)) {
			return Errorf(NotFound, "Version %s of %s is not ignored.", Clean(tag, 60), l.dist.Name)
		}
		l.dist.Hush.Ignored = strings.Join(kept, " ")
		l.tx.Emit(audited(l.tx, who, "news.offered", string(l.dist.Name), "version", Clean(tag, 60)))
		return nil
	})
}

// Mute holds back what is announced of a distribution for a time; 0 means until
// Unmute. What it newly offers is recorded, and shown afterwards.
func (n *News) Mute(ctx context.Context, d DistName, length time.Duration, who Actor) (until time.Time, err error) {
	err = n.hush(ctx, d, func(l *listening) error {
		if length < 0 || length > longestMute {
			return Errorf(Invalid, "A distribution cannot be muted for that long.")
		}
		if until = l.tx.Now().Add(length); length == 0 {
			until = l.tx.Now().Add(longestMute)
		}
		l.dist.Hush.Muted, l.dist.Hush.By = until, who
		l.tx.Emit(audited(l.tx, who, "news.muted", string(l.dist.Name), "until", until.UTC().Format(time.RFC3339)))
		return nil
	})
	return until, err
}

// Unmute shows what was held back, and announces again.
func (n *News) Unmute(ctx context.Context, d DistName, who Actor) error {
	return n.hush(ctx, d, func(l *listening) error {
		if !l.dist.Hush.Muted.After(l.tx.Now()) {
			return Errorf(Refused, "Distribution %s is not muted.", l.dist.Name)
		}
		l.dist.Hush.Muted, l.dist.Hush.By = time.Time{}, Actor{}
		l.tx.Emit(audited(l.tx, who, "news.unmuted", string(l.dist.Name)))
		if alarm := (Alarm{ID: l.cursor.Alarm}); alarm.ID != "" {
			if found, err := l.tx.Get(&alarm); err != nil {
				return err
			} else if found && !alarm.Held.IsZero() {
				alarm.free(l.tx)
			}
		}
		a, err := l.latest()
		if err != nil || a == nil || a.Held.IsZero() {
			return err
		}
		a.Held = time.Time{}
		l.tx.Put(a)
		l.tx.Emit(a.notice(false))
		return nil
	})
}

// hush changes what is heard of a distribution.
func (n *News) hush(ctx context.Context, d DistName, change func(*listening) error) error {
	return n.Store.Update(ctx, Catalogue, func(tx Tx) error {
		l, err := listen(tx, d)
		if err != nil {
			return err
		}
		if l == nil {
			return Errorf(NotFound, "There is no distribution %s.", Clean(string(d), 60))
		}
		if err := change(l); err != nil {
			return err
		}
		tx.Put(&l.dist)
		return nil
	})
}
