package fleet

import (
	"context"
	"maps"
	"time"
)

// Mutes are the distributions that one person does not want on their page for now.
// They are that person's alone: channels hear of a distribution as before, what
// waits for the person's decision is still listed, and so are holes in what runs.
type Mutes struct {
	Person string                 `json:"person"` // Actor.ID
	Until  map[DistName]time.Time `json:"until"`  // the zero time is until the person ends it
}

// maxMutes bounds what one person mutes.
const maxMutes = 100

// Key implements Record.
func (m *Mutes) Key() Key { return Key{Catalogue, "mutes", m.Person} }

// Entries implements Record: it is only read by its person.
func (m *Mutes) Entries() []Entry { return nil }

// Hold gives those that hold at a time.
func (m Mutes) Hold(now time.Time) map[DistName]time.Time {
	out := maps.Clone(m.Until)
	maps.DeleteFunc(out, func(_ DistName, until time.Time) bool { return !until.IsZero() && !until.After(now) })
	return out
}

// Muter mutes distributions for people, each for themselves.
type Muter struct{ Store Store }

// Mute leaves a distribution out of a person's page until a time; zero is until
// Unmute. What is muted already gets the new end. Errors: NotFound, Invalid for an
// end in the past, and Refused beyond 100 of them.
func (z *Muter) Mute(ctx context.Context, d DistName, until time.Time, who Actor) error {
	return z.change(ctx, d, who, func(m *Mutes, tx Tx) error {
		if !until.IsZero() && !until.After(tx.Now()) {
			return Errorf(Invalid, "That would be over already: %s.", Moment(until))
		}
		m.Until[d] = until
		if len(m.Until) > maxMutes {
			return Errorf(Refused, "You have muted %d distributions already.", maxMutes).WithHint("End some of them in my App Home.")
		}
		return nil
	})
}

// Unmute shows a distribution to a person again. Errors: NotFound for an unknown
// distribution, and Refused if it is not muted.
func (z *Muter) Unmute(ctx context.Context, d DistName, who Actor) error {
	return z.change(ctx, d, who, func(m *Mutes, _ Tx) error {
		if _, muted := m.Until[d]; !muted {
			return Errorf(Refused, "You have not muted %s.", d)
		}
		delete(m.Until, d)
		return nil
	})
}

// change changes a person's mutes; those that are over are forgotten.
func (z *Muter) change(ctx context.Context, d DistName, who Actor, rule func(*Mutes, Tx) error) error {
	return z.Store.Update(ctx, Catalogue, func(tx Tx) error {
		if _, err := mustDist(tx, d); err != nil {
			return err
		}
		m := Mutes{Person: who.ID}
		if _, err := tx.Get(&m); err != nil {
			return err
		}
		if m.Until = m.Hold(tx.Now()); m.Until == nil {
			m.Until = map[DistName]time.Time{}
		}
		if err := rule(&m, tx); err != nil {
			return err
		}
		tx.Put(&m)
		return nil
	})
}
