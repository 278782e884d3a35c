package store

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/distrobot/distrobot/fleet"
)

// maxPipeline bounds how many commands go to the server in one batch, so that
// a long list does not hold others up.
const maxPipeline = 500

// Read implements fleet.Store.
func (s *Store) Read(ctx context.Context, recs ...fleet.Record) ([]bool, error) {
	found := make([]bool, 0, len(recs))
	for part := range slices.Chunk(recs, maxPipeline) {
		rows, err := s.fetch(ctx, part)
		if err != nil {
			return nil, err
		}
		for i, r := range part {
			rev, err := s.decode(r, r.Key(), rows[i])
			if err != nil {
				return nil, err
			}
			found = append(found, rev > 0)
		}
	}
	return found, nil
}

// fetch reads the fields of rows in one batch.
func (s *Store) fetch(ctx context.Context, recs []fleet.Record) ([]map[string]string, error) {
	for _, r := range recs {
		if err := checkFamily(r.Key().Family); err != nil {
			return nil, err
		}
	}
	cmds := make([]*redis.MapStringStringCmd, len(recs))
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, r := range recs {
			cmds[i] = p.HGetAll(ctx, s.keys.row(r.Key()))
		}
		return nil
	})
	if err != nil {
		return nil, away("read rows", err)
	}
	out := make([]map[string]string, len(recs))
	for i, c := range cmds {
		out[i] = c.Val()
	}
	return out, nil
}

// List implements fleet.Store.
func (s *Store) List(ctx context.Context, ix fleet.Index, page fleet.Page) ([]string, error) {
	if err := checkFamily(ix.Family); err != nil {
		return nil, err
	}
	if plain(ix) {
		return s.listPlain(ctx, ix, page)
	}
	args := redis.ZRangeArgs{
		Key: s.keys.index(ix), ByScore: true, Rev: page.Descending,
		Start: "-inf", Stop: "+inf",
		Offset: int64(page.Offset), Count: int64(cmp.Or(page.Limit, math.MaxInt32)),
	}
	if page.From != 0 {
		args.Start = strconv.FormatInt(page.From, 10)
	}
	if page.To != 0 {
		args.Stop = strconv.FormatInt(page.To, 10)
	}
	if page.Descending { // Redis wants the higher bound first, and the client passes what it is given
		args.Start, args.Stop = args.Stop, args.Start
	}
	out, err := s.client.ZRangeArgs(ctx, args).Result()
	return out, away("list "+ix.Name, err)
}

// listPlain sorts a set by name here: its members have no scores.
func (s *Store) listPlain(ctx context.Context, ix fleet.Index, page fleet.Page) ([]string, error) {
	if page.From > 0 || page.To < 0 {
		return nil, nil // every score is zero
	}
	out, err := s.client.SMembers(ctx, s.keys.index(ix)).Result()
	if err != nil {
		return nil, away("list "+ix.Name, err)
	}
	slices.Sort(out)
	if page.Descending {
		slices.Reverse(out)
	}
	out = out[min(page.Offset, len(out)):]
	if page.Limit > 0 {
		out = out[:min(page.Limit, len(out))]
	}
	return out, nil
}

// Count implements fleet.Store.
func (s *Store) Count(ctx context.Context, ixs ...fleet.Index) ([]int, error) {
	for _, ix := range ixs {
		if err := checkFamily(ix.Family); err != nil {
			return nil, err
		}
	}
	out := make([]int, 0, len(ixs))
	for part := range slices.Chunk(ixs, maxPipeline) {
		cmds := make([]*redis.IntCmd, len(part))
		_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, ix := range part {
				if plain(ix) {
					cmds[i] = p.SCard(ctx, s.keys.index(ix))
				} else {
					cmds[i] = p.ZCard(ctx, s.keys.index(ix))
				}
			}
			return nil
		})
		if err != nil {
			return nil, away("count", err)
		}
		for _, c := range cmds {
			out = append(out, int(c.Val()))
		}
	}
	return out, nil
}
