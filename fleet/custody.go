package fleet

import (
	"context"
	"time"
)

// A Custody tells people in the channel when the storage would lose what they
// approve, when it has lost everything, and when it is well again. Every
// replica may tell; each thing is said once.
type Custody struct {
	Store   Store
	Channel string // where alarms of the storage go
}

// custodyNews remembers which alarm of the storage is open.
type custodyNews struct {
	Open string `json:"open,omitempty"` // id of the alarm; "" when all is well
	Text string `json:"text,omitempty"` // what it says
}

// Key implements Record.
func (c *custodyNews) Key() Key { return Key{Catalogue, "custody", "storage"} }

// Entries implements Record.
func (c *custodyNews) Entries() []Entry { return nil }

// Tell shows what is wrong, an Error for people, or with nil that it is over.
func (c *Custody) Tell(ctx context.Context, wrong *Error) error {
	text := ""
	if wrong != nil {
		text = Clean(wrong.Text+" "+wrong.Hint, 900)
	}
	return c.Store.Update(ctx, Catalogue, func(tx Tx) error {
		news := custodyNews{}
		if _, err := tx.Get(&news); err != nil || news.Text == text {
			return err
		}
		if news.Open != "" {
			a := Alarm{ID: news.Open}
			found, err := tx.Get(&a)
			if err != nil {
				return err
			}
			if found {
				a.Over, a.Ended = true, tx.Now()
				tx.Put(&a)
				tx.Emit(shown(SubjectOf(AboutAlarm, a.ID), a.Channel))
			}
		}
		news = custodyNews{}
		if wrong != nil {
			news = custodyNews{Open: "storage/" + tx.Now().UTC().Format(time.RFC3339Nano), Text: text}
			if err := c.raise(tx, news.Open, "Nothing can be approved now", text); err != nil {
				return err
			}
		}
		tx.Put(&news)
		return nil
	})
}

// Emptied tells that everything was lost, and how it is brought back. id is
// what marks this loss: it is told once.
func (c *Custody) Emptied(ctx context.Context, id string) error {
	return c.Store.Update(ctx, Catalogue, func(tx Tx) error {
		return c.raise(tx, "emptied/"+id, "Redis was emptied",
			"What was under way does not go on; sites that waited are open again, wholly old or wholly new. "+
				"Bring all back with “distrobot restore FILE”, or without a backup: distrobot do \"site adopt --all\"")
	})
}

// raise makes an alarm unless it was made before.
func (c *Custody) raise(tx Tx, id, title, text string) error {
	a := Alarm{ID: id}
	if found, err := tx.Get(&a); err != nil || found {
		return err
	}
	a.Title, a.Text, a.Tone, a.About, a.At, a.Channel = title, text, Bad, "storage", tx.Now(), c.Channel
	tx.Put(&a)
	tx.Emit(shown(SubjectOf(AboutAlarm, a.ID), c.Channel), audited(tx, System("storage"), "storage.alarm", title, "text", text))
	return nil
}
