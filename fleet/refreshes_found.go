package fleet

import (
	"context"
	"fmt"
	"time"
)

// A Looked is what a look has found.
type Looked struct {
	Task         TaskID
	Distribution DistName
	Base         PlatformName
	Moves        []Move // none: nothing is newer
	Lock         []byte // the refreshed lock, if anything is
	Note         string // what would keep it from being built; "" if nothing is known of
}

// Found records the outcome of a look: one notice per change, edited in place
// while nobody has acted on it, and none when nothing moved. What comes from a
// look that is not the one under way any more, or tells of a platform that is
// not the newest any more, changes nothing. Recording it again changes nothing.
func (rs *Refreshes) Found(ctx context.Context, f Looked) error {
	file := Lockfile{Owner: LockOfRefresh(f.Distribution)}
	if len(f.Moves) > 0 {
		if err := file.Pack(f.Lock); err != nil {
			return err
		}
	}
	return rs.Store.Update(ctx, Catalogue, func(tx Tx) error {
		row := Lookout{Distribution: f.Distribution}
		found, err := tx.Get(&row)
		if err != nil || !found || row.Task != f.Task {
			return err
		}
		row.Task, row.Fails, row.Failing = "", 0, ""
		if err := row.recovered(tx); err != nil {
			return err
		}
		err = offer(tx, &row, f, file)
		tx.Put(&row)
		return err
	})
}

// offer makes, edits or closes the offer of a distribution.
func offer(tx Tx, row *Lookout, f Looked, file Lockfile) error {
	d, err := mustDist(tx, f.Distribution)
	if err != nil {
		return err
	}
	base, err := lockedPlatform(tx, d)
	if isAnswer(err) || err == nil && base.Name != f.Base {
		return nil
	}
	if err != nil {
		return err
	}
	last, err := latestRefresh(tx, *row)
	if err != nil {
		return err
	}
	if len(f.Moves) == 0 {
		if last != nil && last.State == RefreshOpen {
			last.supersede(tx)
		}
		return nil
	}
	now := newRefresh(tx, base, f, file.Sum)
	if last != nil && last.same(now) && last.State != RefreshSuperseded || d.Hush.Muted.After(tx.Now()) {
		return nil
	}
	now.Channel = d.Policy.Channel
	if err := keepLock(tx, file); err != nil {
		return err
	}
	if last != nil && last.State == RefreshOpen {
		now.ID, now.Channel = last.ID, last.Channel
		tx.Put(&now)
		tx.Emit(edited(SubjectOf(AboutRefresh, now.ID)))
		return nil
	}
	row.N++
	now.ID = RefreshID(d.Name, row.N)
	if found, err := tx.Get(&Refresh{ID: now.ID}); err != nil || found {
		return orRefused(err, "The refresh %s is there already.", now.ID)
	}
	tx.Put(&now)
	tx.Emit(Effect{Notice: &Notice{Subject: SubjectOf(AboutRefresh, now.ID), Channel: now.Channel, At: d.Hush.Until(tx.Now(), false)}},
		audited(tx, System("schedule"), "refresh.offered", now.ID, "platform", string(base.Name), "lock", now.Lock))
	return nil
}

func newRefresh(tx Tx, base Platform, f Looked, sum string) Refresh {
	r := Refresh{Distribution: base.Distribution, Base: base.Name, Ref: base.Ref, Moves: f.Moves, Total: len(f.Moves),
		Lock: sum, Note: Clean(f.Note, 300), State: RefreshOpen, At: tx.Now()}
	for _, m := range f.Moves {
		r.Majors += bit(m.Major)
	}
	r.Moves = r.Moves[:min(len(r.Moves), MaxMoves)]
	return r
}

// keepLock puts a lock in the place of its owner's former one.
func keepLock(tx Tx, file Lockfile) error {
	have := Lockfile{Owner: file.Owner}
	if _, err := tx.Get(&have); err != nil {
		return err
	}
	tx.Put(&file)
	return nil
}

// Failed counts a look that failed; after three in a row the channel is told
// once, and again when it is over. The reason is one sentence for people.
func (rs *Refreshes) Failed(ctx context.Context, d DistName, task TaskID, reason string) error {
	return rs.Store.Update(ctx, Catalogue, func(tx Tx) error {
		row := Lookout{Distribution: d}
		found, err := tx.Get(&row)
		if err != nil || !found || row.Task != task {
			return err
		}
		row.Task, row.Failing = "", Clean(reason, 300)
		if row.Fails++; row.Fails == failuresToTell && row.Alarm == "" {
			if err := row.alarm(tx); err != nil {
				return err
			}
		}
		tx.Put(&row)
		return nil
	})
}

func (l *Lookout) alarm(tx Tx) error {
	d, err := mustDist(tx, l.Distribution)
	if err != nil {
		return err
	}
	a := Alarm{ID: fmt.Sprintf("%s/outdated/%d", l.Distribution, tx.Now().UnixMilli())}
	if found, err := tx.Get(&a); found || err != nil {
		return err
	}
	a.Title = fmt.Sprintf("%s: newer packages cannot be looked for", l.Distribution)
	a.Text = l.Failing
	a.Tone, a.About, a.At, a.Channel = Warn, string(l.Distribution), tx.Now(), d.Policy.Channel
	l.Alarm = a.ID
	tx.Put(&a)
	tx.Emit(a.notice(false))
	return nil
}

// recovered ends the alarm about failed looks.
func (l *Lookout) recovered(tx Tx) error {
	if l.Alarm == "" {
		return nil
	}
	a := Alarm{ID: l.Alarm}
	l.Alarm = ""
	found, err := tx.Get(&a)
	if err != nil || !found {
		return err
	}
	a.Over, a.Ended = true, tx.Now()
	tx.Put(&a)
	tx.Emit(a.notice(true))
	return nil
}

// Newest tells when a distribution was looked at last and what was offered
// then; zero values if never.
func (rs *Refreshes) Newest(ctx context.Context, d DistName) (time.Time, Refresh, error) {
	row := Lookout{Distribution: d}
	if found, err := rs.Store.Read(ctx, &row); err != nil || !found[0] || row.N == 0 {
		return row.Looked, Refresh{}, err
	}
	r := Refresh{ID: RefreshID(d, row.N)}
	_, err := rs.Store.Read(ctx, &r)
	return row.Looked, r, err
}
