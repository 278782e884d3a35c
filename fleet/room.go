package fleet

import "context"

// TellRoom raises an alarm about a channel that Slack lets nothing be posted to,
// once until it is over; text says what to do about it, and "" that messages
// arrive there again.
func TellRoom(ctx context.Context, s Store, channel, text string) error {
	id := "room:" + Clean(channel, 40)
	return s.Update(ctx, Catalogue, func(tx Tx) error {
		if text == "" {
			return endAlarm(tx, id)
		}
		a := Alarm{ID: id}
		text := text + " Messages to it are kept until then."
		if found, err := tx.Get(&a); err != nil || found && !a.Over && a.Text == text {
			return err
		}
		a = Alarm{ID: id, Title: "Messages do not arrive", Tone: Bad, At: tx.Now(), About: Clean(channel, 40), Text: text}
		tx.Put(&a)
		tx.Emit(a.notice(false), Effect{Audit: &AuditEvent{At: a.At, Who: System("slack"), What: "alarm.raised", About: a.About,
			Detail: map[string]string{"alarm": a.ID, "text": clip(a.Text, 300)}}})
		return nil
	})
}
