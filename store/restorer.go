package store

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/distrobot/distrobot/fleet"
)

// A restorer writes what a backup holds, many rows in one pipeline.
type restorer struct {
	store   *Store
	rest    fleet.Restoration
	end     int64 // number of the last audit event
	told    Restored
	batches []*batch
	entries []*redis.XAddArgs
}

// take takes a line; the rows come in commits of their own, with their index
// entries and what follows from them.
func (r *restorer) take(ctx context.Context, l backupLine) error {
	s := r.store
	row, err := s.settled(&r.told, r.rest, l)
	if err != nil {
		return err
	}
	if row == nil {
		if err := r.entry(l); err != nil {
			return err
		}
	} else if b, err := r.commit(row); err != nil {
		return err
	} else if b != nil {
		r.batches = append(r.batches, b)
	}
	if len(r.batches)+len(r.entries) < walkBatch {
		return nil
	}
	return r.flush(ctx)
}

// commit makes the commit of a row; nil if its life is over.
func (r *restorer) commit(row *settledRow) (*batch, error) {
	s, key := r.store, row.rec.Key()
	if h, ok := row.rec.(*chainHead); ok {
		r.end = h.Number
	}
	life := int64(0)
	if row.until > 0 {
		if life = row.until - r.rest.Now.UnixMilli(); life <= 0 {
			return nil, nil
		}
	}
	fields, err := s.encode(row.rec, row.rev)
	if err != nil {
		return nil, err
	}
	b := newBatch(s.keys.op(key.Family, newOp()), s.keys.epoch(key.Family))
	b.guard(s.keys.row(key), 0) // a row that the backup holds twice is written once
	b.row(s.keys.row(key), life, fields)
	for _, e := range row.rec.Entries() {
		b.enter(s.keys.index(e.Index), life, e)
	}
	for _, e := range row.effects {
		doc, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		b.add(s.keys.outbox(key.Family), fieldEffect, string(doc), fieldMAC, s.effects.sign(string(key.Family), string(doc)))
	}
	return b, nil
}

// entry takes an entry of a stream.
func (r *restorer) entry(l backupLine) error {
	s, values := r.store, map[string]string{}
	for i := 0; i+1 < len(l.Entry); i += 2 {
		values[l.Entry[i]] = l.Entry[i+1]
	}
	add := &redis.XAddArgs{ID: l.ID}
	switch l.Noun {
	case isLog:
		add.Stream = s.keys.in(l.Family) + "task:" + l.Key
	case isAudit:
		if n, err := strconv.ParseInt(values["n"], 10, 64); err != nil || n > r.end {
			return nil // recorded after the end that the backup names
		}
		add.Stream = s.keys.audit()
	case isOutbox:
		var e fleet.Effect
		doc := values[fieldEffect]
		if !s.effects.valid(values[fieldMAC], string(l.Family), doc) || json.Unmarshal([]byte(doc), &e) != nil {
			return nil // it would have been refused
		}
		b, err := json.Marshal(r.rest.SettleEffect(e))
		if err != nil {
			return err
		}
		add.ID, add.Stream = "", s.keys.outbox(l.Family)
		values = map[string]string{fieldEffect: string(b), fieldMAC: s.effects.sign(string(l.Family), string(b))}
	default:
		return damaged("it holds a stream of a kind that this program does not know")
	}
	flat := make([]string, 0, 2*len(values))
	for _, f := range slices.Sorted(maps.Keys(values)) {
		flat = append(flat, f, values[f])
	}
	add.Values = flat
	r.entries = append(r.entries, add)
	return nil
}

// flush writes what was taken.
func (r *restorer) flush(ctx context.Context) error {
	if _, err := r.store.runAll(ctx, r.batches); err != nil {
		return err
	}
	r.batches = r.batches[:0]
	if len(r.entries) == 0 {
		return nil
	}
	cmds, err := r.store.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, e := range r.entries {
			p.XAdd(ctx, e)
			if strings.HasSuffix(e.Stream, ":log") {
				p.PExpire(ctx, e.Stream, logLife)
			}
		}
		return nil
	})
	r.entries = r.entries[:0]
	for _, c := range cmds {
		// An entry that a backup holds twice is there already.
		if e := c.Err(); e != nil && !strings.Contains(e.Error(), "equal or smaller") {
			return away("restore a stream", errors.Join(e, err))
		}
	}
	return nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
