package fleet

import (
	"context"
	"time"
)

// News turns head moves into announcements.
type News struct {
	Store Store
	// Settle is how long a distribution that builds by itself waits after a
	// move for the next one: a burst of pushes is one build. 0 waits for none.
	Settle time.Duration
}

// Heard moves a distribution's cursor to a head and, in the same commit, makes
// or amends its announcement; it reports whether the head moved.
//
// The first reading of a repository announces nothing, unless an older version
// of it was built already: what is there then is built, not announced (see
// Start). Afterwards a branch that points elsewhere is news, and a tag that is
// better than the known one. A known tag that points elsewhere is an alarm; a
// tag or branch that is gone changes nothing. A poll under older rules of the
// distribution changes nothing either.
func (n *News) Heard(ctx context.Context, h Head) (bool, error) {
	moved := false
	err := n.Store.Update(ctx, Catalogue, func(tx Tx) error {
		moved = false
		l, err := listen(tx, h.Distribution)
		if err != nil || l == nil || l.dist.Rules != h.Rules {
			return err
		}
		if l.dist.Policy.Build == Automatic {
			l.settle = n.Settle
		}
		moved, err = l.hear(h)
		return err
	})
	return moved, err
}

// Start sets what is known of a distribution to a ref that is being built, so
// that whatever is newer becomes news. It is called when a distribution was
// added and its first platform ordered, and when a person builds another ref.
// An announcement of the same ref is left to the builder.
func (n *News) Start(ctx context.Context, d DistName, known Ref) error {
	return n.Store.Update(ctx, Catalogue, func(tx Tx) error {
		l, err := listen(tx, d)
		if err != nil || l == nil || l.dist.Track.None() {
			return err
		}
		if !l.known {
			l.begin()
		}
		l.cursor.Head = known
		if known.IsTag() {
			l.remember(map[string]string{known.Short(): known.Commit})
		}
		tx.Put(&l.cursor)
		return nil
	})
}

// failuresToTell is how many polls in a row must fail until people are told:
// single failures are everyday life on the internet.
const failuresToTell = 3

// Failing counts a failed poll; after three in a row the channel is told once,
// and again when it is over. The reason is one sentence for people.
func (n *News) Failing(ctx context.Context, d DistName, reason string) error {
	return n.Store.Update(ctx, Catalogue, func(tx Tx) error {
		l, err := listen(tx, d)
		if err != nil || l == nil || l.dist.Track.None() {
			return err
		}
		if err := l.failed(Clean(reason, 300)); err != nil {
			return err
		}
		tx.Put(&l.cursor)
		return nil
	})
}

// longestSnooze keeps an announcement from being forgotten.
const longestSnooze = 366 * 24 * time.Hour

// Snooze hides an announcement's buttons until a time, then shows it again.
func (n *News) Snooze(ctx context.Context, id string, until time.Time, who Actor) (Announcement, error) {
	a := Announcement{ID: id}
	err := n.Store.Update(ctx, Catalogue, func(tx Tx) error {
		a = Announcement{ID: id}
		if found, err := tx.Get(&a); err != nil {
			return err
		} else if !found {
			return Errorf(NotFound, "There is no announcement %s.", clip(id, 60))
		}
		if !a.Open() {
			return Errorf(Refused, "This announcement is %s; there is nothing to snooze.", a.State)
		}
		if now := tx.Now(); !until.After(now) || until.Sub(now) > longestSnooze {
			return Errorf(Invalid, "An announcement can be snoozed until a time within a year from now.")
		}
		a.State, a.Until, a.By = NewsSnoozed, until, who
		tx.Put(&a)
		tx.Emit(a.notice(true), Effect{Audit: &AuditEvent{At: tx.Now(), Who: who, What: "news.snoozed", About: a.ID,
			Detail: map[string]string{"until": until.UTC().Format(time.RFC3339)}}})
		return nil
	})
	return a, err
}

// Unsnooze shows a snoozed announcement again before its time.
func (n *News) Unsnooze(ctx context.Context, id string, who Actor) (Announcement, error) {
	a := Announcement{ID: id}
	err := n.Store.Update(ctx, Catalogue, func(tx Tx) error {
		a = Announcement{ID: id}
		if found, err := tx.Get(&a); err != nil {
			return err
		} else if !found {
			return Errorf(NotFound, "There is no announcement %s.", clip(id, 60))
		}
		if a.State != NewsSnoozed {
			return Errorf(Refused, "This announcement is not snoozed; it is %s.", a.State)
		}
		a.State, a.Until, a.By = NewsOpen, time.Time{}, Actor{}
		tx.Put(&a)
		tx.Emit(a.notice(false), audited(tx, who, "news.woken", a.ID))
		return nil
	})
	return a, err
}

// wakeAtOnce bounds how many announcements one commit wakes.
const wakeAtOnce = 50

// wake opens a snoozed announcement, or frees one that was held back, if its
// time has come.
func (a *Announcement) wake(now time.Time) bool {
	switch {
	case a.State == NewsSnoozed && !a.Until.After(now):
		a.State, a.Until, a.By = NewsOpen, time.Time{}, Actor{}
		return true
	case !a.Held.IsZero() && !a.Held.After(now):
		a.Held = time.Time{}
		return true
	}
	return false
}

// Wake opens announcements that were snoozed or held back, and shows alarms that
// were, once their time has come; returns how many.
func (n *News) Wake(ctx context.Context) (int, error) {
	woken := 0
	err := n.Store.Update(ctx, Catalogue, func(tx Tx) error {
		woken = 0
		ids, err := tx.List(Snoozed, Page{To: tx.Now().UnixMilli(), Limit: wakeAtOnce})
		if err != nil {
			return err
		}
		for _, id := range ids {
			a := Announcement{ID: id}
			if found, err := tx.Get(&a); err != nil {
				return err
			} else if !found || !a.wake(tx.Now()) {
				continue
			}
			tx.Put(&a)
			tx.Emit(a.notice(false))
			woken++
		}
		alarms, err := wakeAlarms(tx)
		woken += alarms
		return err
	})
	return woken, err
}

// wakeAlarms shows the alarms that were held back until now.
func wakeAlarms(tx Tx) (int, error) {
	ids, err := tx.List(HeldAlarms, Page{To: tx.Now().UnixMilli(), Limit: wakeAtOnce})
	if err != nil {
		return 0, err
	}
	woken := 0
	for _, id := range ids {
		a := Alarm{ID: id}
		if found, err := tx.Get(&a); err != nil {
			return woken, err
		} else if !found || a.Held.IsZero() {
			continue
		}
		a.free(tx)
		woken++
	}
	return woken, nil
}

// free shows an alarm that was held back.
func (a *Alarm) free(tx Tx) {
	a.Held = time.Time{}
	tx.Put(a)
	tx.Emit(a.notice(false))
}

// notice promises that the announcement will be shown; edit only where it was
// posted before.
func (a Announcement) notice(edit bool) Effect {
	return Effect{Notice: &Notice{Subject: SubjectOf(AboutNews, a.ID), Channel: a.Channel, Edit: edit}}
}
