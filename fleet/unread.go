package fleet

import (
	"context"
	"fmt"
	"time"
)

// failed counts a failed poll. The alarm is raised once and follows the reason.
func (l *listening) failed(reason string) error {
	c := &l.cursor
	c.Fails++
	before := c.Failing
	c.Failing = reason
	if c.Fails < failuresToTell || c.Alarm != "" && before == reason {
		return nil
	}
	text := fmt.Sprintf("%s What it newly offers is not noticed until it can be read again.", reason)
	if c.Alarm == "" {
		c.Alarm = fmt.Sprintf("%s/unreadable/%d", l.dist.Name, l.tx.Now().UnixMilli())
		return l.alarm(Alarm{ID: c.Alarm, Title: fmt.Sprintf("%s cannot be read", l.dist.Name), Text: text, Tone: Warn,
			Held: l.dist.Hush.Until(l.tx.Now(), false)})
	}
	a := Alarm{ID: c.Alarm}
	if found, err := l.tx.Get(&a); err != nil || !found {
		return err
	}
	a.Text = text
	l.tx.Put(&a)
	l.tx.Emit(a.notice(true))
	return nil
}

// recovered ends a series of failures and reports whether there was one.
func (l *listening) recovered() (bool, error) {
	c := &l.cursor
	if c.Fails == 0 && c.Alarm == "" {
		return false, nil
	}
	id := c.Alarm
	c.Fails, c.Failing, c.Alarm = 0, "", ""
	a := Alarm{ID: id}
	if id == "" {
		return true, nil
	}
	if found, err := l.tx.Get(&a); err != nil || !found {
		return true, err
	}
	a.Over, a.Ended, a.Held = true, l.tx.Now(), time.Time{} // one that nobody saw yet is over without a word
	l.tx.Put(&a)
	l.tx.Emit(a.notice(true))
	return true, nil
}

// Missed tells that a distribution was not read since a time, unless it was, or
// people know already; it reports whether they are told. The next reading ends
// the alarm.
func (n *News) Missed(ctx context.Context, d DistName, since time.Time) (bool, error) {
	told := false
	err := n.Store.Update(ctx, Catalogue, func(tx Tx) error {
		told = false
		l, err := listen(tx, d)
		if err != nil || l == nil || l.dist.Track.None() {
			return err
		}
		last := l.cursor.Checked
		if last.IsZero() {
			last = l.dist.Created
		}
		if l.cursor.Alarm != "" || last.After(since) {
			return nil
		}
		reason := fmt.Sprintf("Its repository was not read since %s.", Moment(last))
		if l.cursor.Failing != "" {
			reason += " The last attempt: " + l.cursor.Failing
		}
		l.cursor.Fails, told = failuresToTell-1, true
		if err := l.failed(Clean(reason, 300)); err != nil {
			return err
		}
		tx.Put(&l.cursor)
		return nil
	})
	return told && err == nil, err
}
