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
	return s.readEpoch(ctx)
}
