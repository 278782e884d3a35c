package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// The audit record is a stream. Each entry holds the event as JSON ("e"), the
// id it was recorded under ("i"), its number from 1 ("n") and "mac", an HMAC
// over the mac before it and all of these: a chain that breaks at the first
// changed, missing or inserted entry. The head row holds number and mac of the
// last entry and is signed like every authorising row.

// chainHead is the end of the chain.
type chainHead struct {
	Number int64  `json:"n"`
	MAC    string `json:"mac"`
}

// Key implements fleet.Record.
func (h *chainHead) Key() fleet.Key {
	return fleet.Key{Family: fleet.AuditLog, Noun: "chain", ID: "head"}
}

// Entries implements fleet.Record.
func (h *chainHead) Entries() []fleet.Entry { return nil }

// recorded remembers for 90 days that an id was recorded.
type recorded struct {
	ID string `json:"-"`
}

// Key implements fleet.Record.
func (r *recorded) Key() fleet.Key { return fleet.Key{Family: fleet.AuditLog, Noun: "seen", ID: r.ID} }

// Entries implements fleet.Record.
func (r *recorded) Entries() []fleet.Entry { return nil }

// Life implements fleet.Expiring.
func (r *recorded) Life() time.Duration { return 90 * 24 * time.Hour }

// Record implements fleet.Trail.
func (s *Store) Record(ctx context.Context, id string, e fleet.AuditEvent) error {
	doc, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("store: encode audit event: %w", err)
	}
	return s.Update(ctx, fleet.AuditLog, func(ft fleet.Tx) error {
		t, head, seen := ft.(*tx), &chainHead{}, &recorded{ID: id}
		if found, err := t.Get(seen); err != nil || found {
			return err
		}
		if _, err := t.Get(head); err != nil {
			return err
		}
		head.Number++
		n := strconv.FormatInt(head.Number, 10)
		head.MAC = s.chain.sign(head.MAC, n, id, string(doc))
		t.Put(head)
		t.Put(seen)
		t.append(s.keys.audit(), "e", string(doc), "i", id, "n", n, fieldMAC, head.MAC)
		return nil
	})
}

// Events implements fleet.Trail.
func (s *Store) Events(ctx context.Context, before string, n int) ([]fleet.AuditEvent, string, error) {
	from := "+"
	if before != "" {
		from = "(" + before
	}
	entries, err := s.client.XRevRangeN(ctx, s.keys.audit(), from, "-", int64(n)).Result()
	if err != nil {
		return nil, "", away("read the audit record", err)
	}
	out := make([]fleet.AuditEvent, 0, len(entries))
	for _, m := range entries {
		var e fleet.AuditEvent
		doc, _ := m.Values["e"].(string)
		if err := json.Unmarshal([]byte(doc), &e); err != nil {
			return nil, "", tampered("audit event " + m.ID)
		}
		out = append(out, e)
		before = m.ID
	}
	return out, before, nil
}

// Verify implements fleet.Trail. Events that are recorded meanwhile may or may
// not be counted. Events from before a change of the key were verified then.
func (s *Store) Verify(ctx context.Context) (int, error) {
	n, _, err := s.verify(ctx)
	return n, err
}

// verify is Verify; it also gives where the record ends, to begin from later.
func (s *Store) verify(ctx context.Context) (int, base, error) {
	end, from := chainHead{}, base{}
	if _, err := s.Read(ctx, &end, &from); err != nil {
		return 0, from, err
	}
	sum := sha256.New()
	var at chainHead
	for after := "-"; at.Number < end.Number; {
		entries, err := s.client.XRangeN(ctx, s.keys.audit(), after, "+", maxPipeline).Result()
		if err != nil {
			return 0, from, away("read the audit record", err)
		}
		if len(entries) == 0 {
			return int(at.Number), from, tampered(fmt.Sprintf("audit event %d (missing)", at.Number+1))
		}
		for _, m := range entries {
			if at, err = s.link(at, m.Values, from.Number); err != nil {
				return int(at.Number), from, err
			}
			fmt.Fprintf(sum, "%q %q %q\n", m.Values["i"], m.Values["e"], at.MAC)
			if at.Number == from.Number && hex.EncodeToString(sum.Sum(nil)) != from.Digest {
				return 0, from, tampered(fmt.Sprintf("one of the audit events 1 to %d", at.Number))
			}
			if at.Number == end.Number && at.MAC != end.MAC {
				return int(at.Number), from, tampered(fmt.Sprintf("audit event %d", at.Number))
			}
			after = "(" + m.ID
		}
	}
	return int(at.Number), base{Number: at.Number, Digest: hex.EncodeToString(sum.Sum(nil))}, nil
}

// link checks the entry that follows at and gives it as the new end. Up to
// number from the events are verified by their digest.
func (s *Store) link(at chainHead, values map[string]any, from int64) (chainHead, error) {
	get := func(f string) string { v, _ := values[f].(string); return v }
	n := strconv.FormatInt(at.Number+1, 10)
	if get("n") != n || at.Number+1 > from && !s.chain.valid(get(fieldMAC), at.MAC, n, get("i"), get("e")) {
		return at, tampered("audit event " + n)
	}
	return chainHead{Number: at.Number + 1, MAC: get(fieldMAC)}, nil
}
