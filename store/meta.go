package store

import (
	"context"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/distrobot/distrobot/fleet"
)

// Schema is the version of the data's shape. It rises only when an older
// program would misread what a newer one writes; fields may be added freely.
const Schema = 1

// checkMeta refuses data of a newer program and marks an empty Redis as ours.
func (s *Store) checkMeta(ctx context.Context) error {
	key := s.keys.meta()
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.HSetNX(ctx, key, "schema", Schema)
		p.HSetNX(ctx, key, "epoch", 1)
		p.HSetNX(ctx, key, "created", time.Now().UTC().Format(time.RFC3339))
		return nil
	})
	if err != nil {
		return away("mark the data", err)
	}
	v, err := s.client.HGet(ctx, key, "schema").Result()
	if err != nil {
		return away("read the schema", err)
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 {
		return fleet.Errorf(fleet.Refused, "The data in Redis carries the schema %.20q, which no distrobot has written.", v).
			WithHint("Point DISTROBOT_REDIS_URL at the right Redis, or restore a backup.")
	}
	if n > Schema {
		return fleet.Errorf(fleet.Refused, "The data in Redis was written by a newer distrobot (schema %d; this program understands %d).", n, Schema).
			WithHint("Start the newer version, or restore a backup that was made before the update.")
	}
	return nil
}

// Epoch counts how often the data was restored from a backup, from 1. Fences
// of an older epoch are lower than all of this one.
func (s *Store) Epoch(ctx context.Context) (int64, error) {
	n, err := s.client.HGet(ctx, s.keys.meta(), "epoch").Int64()
	return n, away("read the epoch", err)
}

// RaiseEpoch begins a new epoch, after a restore, so that whoever acts under
// what was lost is refused. Raising it twice does no harm.
func (s *Store) RaiseEpoch(ctx context.Context) (int64, error) {
	n, err := s.client.HIncrBy(ctx, s.keys.meta(), "epoch", 1).Result()
	return n, away("raise the epoch", err)
}
