package fleet

import (
	"context"
	"time"
)

// Known gives what counts as known of a distribution whose repository shows ref:
// what news is counted from. Before the first reading that is the best platform
// that came from the repository, and ref itself if there is none.
func (n *News) Known(ctx context.Context, d DistName, ref Ref) (known Ref, err error) {
	err = n.Store.Update(ctx, Catalogue, func(tx Tx) error {
		known = Ref{}
		l, err := listen(tx, d)
		if err != nil || l == nil {
			return err
		}
		if !l.known {
			l.begin()
			if err := l.firstHead(ref); err != nil {
				return err
			}
		}
		known = l.cursor.Head
		return nil // nothing was put, so nothing is written
	})
	return known, err
}

// A Noted is what a forge came to say of a tag after it was announced.
type Noted struct {
	Tag      string // short name
	Note     string // foreign text
	Page     string // https only
	Security bool
}

// Noted adds the release of a tag to its announcement, if that still waits for a
// person and knows of no release yet. One that was held back by quiet hours is
// shown at once when it turns out to mend a security hole. It reports whether
// anything was added.
func (n *News) Noted(ctx context.Context, id string, r Noted) (bool, error) {
	added := false
	err := n.Store.Update(ctx, Catalogue, func(tx Tx) error {
		added = false
		a := Announcement{ID: id}
		if found, err := tx.Get(&a); err != nil || !found {
			return err
		}
		if !a.Open() || a.Released || !a.To.IsTag() || a.To.Short() != r.Tag {
			return nil
		}
		d, err := mustDist(tx, a.Distribution)
		if err != nil {
			return err
		}
		added = true
		was := a.Security
		a.Released, a.Page = true, r.Page
		if note := CleanLines(r.Note, maxNote); note != "" {
			a.Note = note
		}
		a.Security = a.Security || r.Security || saysSecurity(a)
		if a.Security && !was && d.Policy.Hurry && a.Ripe.After(tx.Now()) {
			a.Ripe = tx.Now()
		}
		free := !a.Held.IsZero() && a.Security && !was && d.Hush.Until(tx.Now(), true).IsZero()
		if free {
			a.Held = time.Time{}
		}
		tx.Put(&a)
		tx.Emit(a.notice(!free))
		return nil
	})
	return added, err
}
