package fleet

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Trends keeps how the fleet stood day by day, and how long new versions took to
// reach the last site.
type Trends struct {
	Store Store
	Keep  time.Duration // how long plans are kept once they have ended; 0 or less: for ever

	mu    sync.Mutex
	taken string // the day whose sample this process knows to be taken
}

// Sample follows the upgrade targets and takes the sample of a day once it has
// begun. It is cheap, may be called often and by every replica, and returns how
// many rows it wrote.
func (t *Trends) Sample(ctx context.Context) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	standings, err := (&Catalog{Store: t.Store}).Standing(ctx)
	if err != nil {
		return 0, err
	}
	now, err := clockOf(ctx, t.Store, Feeds)
	if err != nil {
		return 0, err
	}
	courses, written, err := t.follow(ctx, standings, now)
	day := now.UTC().Format(dayForm)
	if err != nil || t.taken == day {
		return written, err
	}
	here := figures{standings: standings, courses: courses, at: now}
	if here.perils, here.known, err = (&Advisories{Store: t.Store}).counted(ctx); err != nil {
		return written, err
	}
	for _, of := range here.days() {
		n, err := t.put(ctx, of)
		if written += n; err != nil {
			return written, err
		}
	}
	n, err := t.forget(ctx)
	if err == nil {
		t.taken = day
	}
	return written + n, err
}

// clockOf reads the store's clock.
func clockOf(ctx context.Context, s Store, fam Family) (now time.Time, err error) {
	err = s.Update(ctx, fam, func(tx Tx) error {
		now = tx.Now()
		return nil
	})
	return now, err
}

// courses reads what is known of the targets of distributions.
func (t *Trends) courses(ctx context.Context) (map[string]Course, error) {
	names, err := t.Store.List(ctx, allCourses, Page{})
	if err != nil || len(names) == 0 {
		return map[string]Course{}, err
	}
	rows, _, err := soundRows(ctx, t.Store, names, courseRow)
	out := make(map[string]Course, len(rows))
	for _, c := range rows {
		out[fold(string(c.Distribution))] = c
	}
	return out, err
}

// follow brings the courses up to date with how distributions stand.
func (t *Trends) follow(ctx context.Context, standings []Standing, now time.Time) (map[string]Course, int, error) {
	courses, err := t.courses(ctx)
	if err != nil {
		return nil, 0, err
	}
	written := 0
	for _, s := range standings {
		name := fold(string(s.Distribution.Name))
		c := courses[name]
		sight := Sighting{Standing: s, Target: Platform{Name: s.Distribution.Target}, At: now}
		if _, changed := c.Seen(sight); !changed {
			continue
		}
		if sight, err = t.sight(ctx, sight); err != nil {
			return nil, written, err
		}
		if courses[name], err = t.see(ctx, sight); err != nil {
			return nil, written, err
		}
		written++
	}
	return courses, written, nil
}

// sight reads what is known of the target.
func (t *Trends) sight(ctx context.Context, s Sighting) (Sighting, error) {
	if _, err := t.Store.Read(ctx, &s.Target); err != nil {
		return s, err
	}
	if s.Target.News == "" {
		return s, nil
	}
	news := Announcement{ID: s.Target.News}
	if _, err := t.Store.Read(ctx, &news); err != nil && CodeOf(err) != Tampered {
		return s, err
	} else if err == nil {
		s.Announced = news.At
	}
	return s, nil
}

// see writes how a distribution stands into its course. One that was changed by
// somebody without the key begins anew.
func (t *Trends) see(ctx context.Context, s Sighting) (Course, error) {
	var out Course
	err := t.Store.Update(ctx, Feeds, func(tx Tx) error {
		c := Course{Distribution: s.Standing.Distribution.Name}
		if _, err := tx.Get(&c); CodeOf(err) == Tampered {
			c = Course{}
		} else if err != nil {
			return err
		}
		c.Distribution = s.Standing.Distribution.Name
		s.At = tx.Now()
		changed := false
		if out, changed = c.Seen(s); changed {
			tx.Put(&out)
		}
		return nil
	})
	return out, err
}

// Figures are worked out from how the fleet stands.
type figures struct {
	standings []Standing
	perils    map[DistName]Peril
	known     bool // a source of advisories has been read
	courses   map[string]Course
	at        time.Time
}

// A dayOf is the day of one distribution, or of the whole fleet.
type dayOf struct {
	of  DistName
	day Day
}

// days gives the figures, those of the whole fleet first. A distribution without
// sites has none. Exposed are also sites on platforms without a distribution.
func (p figures) days() []dayOf {
	all := Day{Date: p.at.UTC().Format(dayForm), Exposed: NotKnown}
	if p.known {
		all.Exposed = 0
		for _, x := range p.perils {
			all.Exposed += x.Sites
		}
	}
	var out []dayOf
	for _, s := range p.standings {
		exposed := NotKnown
		if p.known {
			exposed = p.perils[s.Distribution.Name].Sites
		}
		d := p.courses[fold(string(s.Distribution.Name))].Day(s, exposed, p.at)
		all.Sites, all.Behind, all.Oldest = all.Sites+d.Sites, all.Behind+d.Behind, max(all.Oldest, d.Oldest)
		if d.Sites > 0 {
			out = append(out, dayOf{s.Distribution.Name, d})
		}
	}
	if all.Sites == 0 {
		return nil
	}
	return append([]dayOf{{"", all}}, out...)
}

// read reports whether any source of advisories has ever been read.
func (l Library) read() bool {
	return slices.ContainsFunc(l.Feeds, func(f Feed) bool { return !f.Checked.IsZero() })
}

// counted gives how many sites are exposed; known is false where no source of
// advisories has ever been read.
func (as *Advisories) counted(ctx context.Context) (perils map[DistName]Peril, known bool, err error) {
	feeds, err := as.Feeds(ctx)
	if err != nil || !(Library{Feeds: feeds}).read() {
		return nil, false, err
	}
	perils, err = as.Perils(ctx)
	return perils, err == nil, err
}

// put adds a day, once.
func (t *Trends) put(ctx context.Context, d dayOf) (written int, err error) {
	err = t.Store.Update(ctx, Feeds, func(tx Tx) error {
		row := Trend{Distribution: d.of}
		if _, err := tx.Get(&row); CodeOf(err) == Tampered {
			row = Trend{}
		} else if err != nil {
			return err
		}
		row.Distribution, written = d.of, 0
		if next, added := row.With(d.day); added {
			written = 1
			tx.Put(&next)
		}
		return nil
	})
	return written, err
}
