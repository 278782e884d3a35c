package main

import (
	"context"

	"github.com/distrobot/distrobot/fleet"
)

// tampering passes on the rows that the store refused, without ever blocking it.
type tampering chan fleet.Key

func (t tampering) tell(k fleet.Key) {
	select {
	case t <- k:
	default: // people are busy with a hundred of them; the next reading tells
	}
}

// tellTampered raises an alarm for each row that was refused.
func (a *app) tellTampered(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case k := <-a.tampered:
			a.log.Error("a record was changed by somebody without the key; it is refused", "family", string(k.Family), "noun", k.Noun, "id", k.ID)
			if err := fleet.TellTampered(ctx, a.store, k); err != nil && ctx.Err() == nil {
				a.log.Warn("the alarm about a tampered record was not raised", "err", err)
			}
		}
	}
}
