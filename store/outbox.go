package store

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"

	"github.com/redis/go-redis/v9"

	"github.com/distrobot/distrobot/fleet"
)

// fieldEffect holds an effect as JSON in an entry of an outbox; fieldMAC signs
// it, because effects create tasks.
const fieldEffect = "e"

// Waiting implements fleet.Outbox. All outboxes are asked in one round trip: a bot
// looks at them several times a second, most of the time in vain.
func (s *Store) Waiting(ctx context.Context, fams ...fleet.Family) ([]fleet.Family, error) {
	var out []fleet.Family
	for part := range slices.Chunk(fams, maxPipeline) {
		sizes := make([]*redis.IntCmd, len(part))
		_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, fam := range part {
				sizes[i] = p.XLen(ctx, s.keys.outbox(fam))
			}
			return nil
		})
		if err != nil {
			return nil, away("look at the outboxes", err)
		}
		for i, size := range sizes {
			if size.Val() > 0 {
				out = append(out, part[i])
			}
		}
	}
	return out, nil
}

// Pending implements fleet.Outbox. An entry that this program did not write
// (its signature is wrong) is moved to the family's refused stream, logged,
// and never given out.
func (s *Store) Pending(ctx context.Context, fam fleet.Family, n int) ([]fleet.PendingEffect, error) {
	if err := checkFamily(fam); err != nil {
		return nil, err
	}
	entries, err := s.client.XRangeN(ctx, s.keys.outbox(fam), "-", "+", int64(n)).Result()
	if err != nil {
		return nil, away("read the outbox", err)
	}
	out := make([]fleet.PendingEffect, 0, len(entries))
	for _, m := range entries {
		doc, _ := m.Values[fieldEffect].(string)
		mac, _ := m.Values[fieldMAC].(string)
		p := fleet.PendingEffect{ID: m.ID}
		if !s.effects.valid(mac, string(fam), doc) || json.Unmarshal([]byte(doc), &p.Effect) != nil {
			if err := s.refuse(ctx, fam, m); err != nil {
				return nil, err
			}
			continue
		}
		out = append(out, p)
	}
	return out, nil
}

// refuse moves a forged entry out of the way, where an operator finds it.
func (s *Store) refuse(ctx context.Context, fam fleet.Family, m redis.XMessage) error {
	s.log.Error("an effect was forged or changed; it is refused",
		slog.String("family", string(fam)), slog.String("entry", m.ID), slog.String("kept_in", s.keys.refused(fam)))
	_, err := s.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.XAdd(ctx, &redis.XAddArgs{Stream: s.keys.refused(fam), MaxLen: 1000,
			Values: []string{"entry", m.ID, "values", fleet.Clean(fmt.Sprint(m.Values), 4000)}})
		p.XDel(ctx, s.keys.outbox(fam), m.ID)
		return nil
	})
	return away("set a forged effect aside", err)
}

// Ack implements fleet.Outbox.
func (s *Store) Ack(ctx context.Context, fam fleet.Family, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	if err := checkFamily(fam); err != nil {
		return err
	}
	return away("acknowledge effects", s.client.XDel(ctx, s.keys.outbox(fam), ids...).Err())
}
