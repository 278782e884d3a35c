package store

import (
	"context"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/distrobot/distrobot/fleet"
)

// Resign signs with the present key whatever an earlier one (Options.OldKeys)
// signed, while the program runs; afterwards the earlier key is not needed any
// more. What none of the keys signed stays as it is and is named. Without act it
// only counts. The audit record is verified up to its end and goes on from there
// under the present key: its signatures are what they were when it was written.
func (s *Store) Resign(ctx context.Context, act bool) (Resigned, error) {
	var out Resigned
	newest := &Store{rows: signer{s.rows.keys[:1]}}
	err := s.walkRows(ctx, func(rows []rawRow) error {
		old := rows[:0:0]
		for _, r := range rows {
			switch {
			case r.record == nil || newest.soundRow(r.record, r.key, r.fields):
			case !s.soundRow(r.record, r.key, r.fields):
				out.Bad = append(out.Bad, r.key)
			default:
				old = append(old, r)
			}
		}
		if !act {
			out.Rows += len(old)
			return nil
		}
		n, err := s.rewrite(ctx, old, s.resigned)
		out.Rows += n
		return err
	})
	if err != nil || !act {
		return out, err
	}
	if out.Effects, err = s.resignOutboxes(ctx); err != nil {
		return out, err
	}
	if err := s.rebase(ctx); err != nil {
		return out, err
	}
	return out, away("mark the key", s.client.HSet(ctx, s.keys.meta(), "key", s.check.sign(markOfKey)).Err())
}

// resignOutboxes signs waiting effects anew: each is added again and the old
// entry dropped in one transaction. Effects may be carried twice anyway.
func (s *Store) resignOutboxes(ctx context.Context) (int, error) {
	fams, err := s.families(ctx)
	if err != nil {
		return 0, err
	}
	newest, total := signer{s.effects.keys[:1]}, 0
	for _, fam := range fams {
		entries, err := s.client.XRange(ctx, s.keys.outbox(fam), "-", "+").Result()
		if err != nil {
			return total, away("read the outbox", err)
		}
		for _, m := range entries {
			doc, _ := m.Values[fieldEffect].(string)
			sum, _ := m.Values[fieldMAC].(string)
			if newest.valid(sum, string(fam), doc) || !s.effects.valid(sum, string(fam), doc) {
				continue
			}
			_, err := s.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
				p.XAdd(ctx, &redis.XAddArgs{Stream: s.keys.outbox(fam), Values: []string{fieldEffect, doc, fieldMAC, s.effects.sign(string(fam), doc)}})
				p.XDel(ctx, s.keys.outbox(fam), m.ID)
				return nil
			})
			if err != nil {
				return total, away("sign effects anew", err)
			}
			total++
		}
	}
	return total, nil
}

// A base is where the signatures of the audit record begin to count: the events
// up to Number were verified when the key changed, and Digest is of all of them
// that are not archived.
type base struct {
	Number int64     `json:"n"`
	Digest string    `json:"digest"`
	Cut    chainHead `json:"cut,omitzero"` // the last event that was archived; the record here begins after it
}

// Key implements fleet.Record.
func (b *base) Key() fleet.Key { return fleet.Key{Family: fleet.AuditLog, Noun: "chain", ID: "base"} }

// Entries implements fleet.Record.
func (b *base) Entries() []fleet.Entry { return nil }

// rebase verifies the audit record under all keys and notes how far that went.
func (s *Store) rebase(ctx context.Context) error {
	n, end, err := s.verify(ctx, nil)
	if err != nil {
		return err
	}
	err = s.Update(ctx, fleet.AuditLog, func(tx fleet.Tx) error {
		b := base{}
		if _, err := tx.Get(&b); err != nil {
			return err
		}
		b = end
		tx.Put(&b)
		return nil
	})
	if err != nil {
		return err
	}
	id := "key/" + strconv.Itoa(n) + "/" + s.check.sign(markOfKey)[:8]
	return s.Record(ctx, id, fleet.AuditEvent{At: time.Now().UTC(), Who: fleet.System("resign"), What: "key.changed",
		About: fleet.Plural(n, "event", "events") + " verified"})
}
