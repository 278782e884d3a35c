package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

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
	doc, err := json.Marshal(e.Redacted())
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

// Events implements fleet.Trail. before is what an earlier call gave, or the
// number of an event.
func (s *Store) Events(ctx context.Context, before string, n int) ([]fleet.AuditEvent, string, error) {
	from := "+"
	if before != "" {
		id, err := s.placeOf(ctx, before)
		if err != nil || id == "" {
			return nil, "", err
		}
		from = "(" + id
	}
	since := base{}
	if _, err := s.Read(ctx, &since); err != nil {
		return nil, "", err
	}
	entries, err := s.client.XRevRangeN(ctx, s.keys.audit(), from, "-", int64(n)).Result()
	if err != nil {
		return nil, "", away("read the audit record", err)
	}
	out := make([]fleet.AuditEvent, 0, len(entries))
	for _, m := range entries {
		l := lineOf(m)
		if l.Number <= since.Cut.Number && l.Number > 0 {
			break // archived; what is left of it is no part of the record
		}
		e, err := l.event()
		if err != nil {
			return nil, "", err
		}
		out = append(out, e)
		before = m.ID
	}
	return out, before, nil
}

// A TrailLine is one entry of the audit record as it is exported, one JSON
// object a line. MAC is an HMAC under DISTROBOT_KEY over Prev, Number, ID and
// Event, so a line proves itself, and each proves the one before.
type TrailLine struct {
	Number int64           `json:"n"`
	ID     string          `json:"id"` // under which it was recorded once
	Event  json.RawMessage `json:"event"`
	Prev   string          `json:"prev"` // MAC of the entry before, "" for the first
	MAC    string          `json:"mac"`
}

// lineOf reads an entry of the stream, except for Prev.
func lineOf(m redis.XMessage) TrailLine {
	get := func(f string) string { v, _ := m.Values[f].(string); return v }
	n, _ := strconv.ParseInt(get("n"), 10, 64) // 0 is no number of an event
	return TrailLine{Number: n, ID: get("i"), Event: json.RawMessage(get("e")), MAC: get(fieldMAC)}
}

// event decodes what a line records.
func (l TrailLine) event() (fleet.AuditEvent, error) {
	var e fleet.AuditEvent
	if err := json.Unmarshal(l.Event, &e); err != nil {
		return e, tampered(fmt.Sprintf("audit event %d", l.Number))
	}
	e.Number = l.Number
	return e, nil
}

// placeOf gives the id in the stream of the event with a number: the numbers
// rise with the ids, whose first part is a time in ms, so the times are halved
// until it is found. An id is given back as it is; "" is before the first.
func (s *Store) placeOf(ctx context.Context, number string) (string, error) {
	want, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return number, nil
	}
	low, high := int64(0), int64(0)
	last, err := s.client.XRevRangeN(ctx, s.keys.audit(), "+", "-", 1).Result()
	if err != nil || len(last) == 0 {
		return "", away("read the audit record", err)
	}
	if lineOf(last[0]).Number < want {
		return "+", nil
	}
	first, err := s.client.XRangeN(ctx, s.keys.audit(), "-", "+", 1).Result()
	if err != nil || len(first) == 0 {
		return "", away("read the audit record", err)
	}
	for low, high = msOf(first[0].ID), msOf(last[0].ID); low < high; {
		mid := low + (high-low+1)/2
		at, err := s.client.XRangeN(ctx, s.keys.audit(), strconv.FormatInt(mid, 10), "+", 1).Result()
		if err != nil {
			return "", away("read the audit record", err)
		}
		if len(at) == 0 || lineOf(at[0]).Number > want {
			high = mid - 1
		} else {
			low = mid
		}
	}
	for from := strconv.FormatInt(low, 10); ; {
		part, err := s.client.XRangeN(ctx, s.keys.audit(), from, "+", maxPipeline).Result()
		if err != nil || len(part) == 0 {
			return "", away("read the audit record", err)
		}
		for _, m := range part {
			if lineOf(m).Number >= want {
				return m.ID, nil
			}
			from = "(" + m.ID
		}
	}
}

// msOf gives the time in the id of an entry.
func msOf(id string) int64 {
	ms, _, _ := strings.Cut(id, "-")
	n, _ := strconv.ParseInt(ms, 10, 64)
	return n
}
