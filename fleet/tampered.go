package fleet

import "context"

// TellTampered raises an alarm about a row that was changed by somebody without
// the key, once a row. What the row says is not used for anything.
func TellTampered(ctx context.Context, s Store, k Key) error {
	name := Clean(k.Noun+" "+k.ID, 200)
	return s.Update(ctx, Catalogue, func(tx Tx) error {
		a := Alarm{ID: "tampered:" + string(k.Family) + ":" + name}
		if found, err := tx.Get(&a); err != nil || found && !a.Over {
			return err
		}
		a.Title, a.Tone, a.At, a.About, a.Over = "A record was tampered with", Bad, tx.Now(), name, false
		a.Text = "The record of " + name + " was changed in Redis by somebody without the key. It is refused, and nothing is done because of it. " +
			"Find out who can write to Redis; then bring the record back from a backup, or make it again."
		tx.Put(&a)
		tx.Emit(shown(SubjectOf(AboutAlarm, a.ID), ""), audited(tx, System("store"), "record.tampered", name))
		return nil
	})
}
