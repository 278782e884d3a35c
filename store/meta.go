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
const Schema = 2

// markOfKey is what the key signs in the meta row, so that another key is known
// for what it is before every row looks forged.
const markOfKey = "the key of this data"

// mark marks an empty Redis as ours.
func (s *Store) mark(ctx context.Context) error {
	key := s.keys.meta()
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.HSetNX(ctx, key, "schema", Schema)
		p.HSetNX(ctx, key, "key", s.check.sign(markOfKey))
		p.HSetNX(ctx, key, "created", time.Now().UTC().Format(time.RFC3339))
		return nil
	})
	return away("mark the data", err)
}

// checkMeta refuses data of a newer or older program and of another key, and
// marks an empty Redis as ours.
func (s *Store) checkMeta(ctx context.Context, maintain bool) error {
	if err := s.mark(ctx); err != nil {
		return err
	}
	v, err := s.client.HMGet(ctx, s.keys.meta(), "schema", "key").Result()
	if err != nil {
		return away("read the schema", err)
	}
	schema, _ := v[0].(string)
	mark, _ := v[1].(string)
	if s.schema, err = strconv.Atoi(schema); err != nil || s.schema < 1 {
		return fleet.Errorf(fleet.Refused, "The data in Redis carries the schema %.20q, which no distrobot has written.", schema).
			WithHint("Point DISTROBOT_REDIS_URL at the right Redis, or restore a backup.")
	}
	if s.schema > Schema {
		return fleet.Errorf(fleet.Refused, "The data in Redis was written by a newer distrobot (schema %d; this program understands %d).", s.schema, Schema).
			WithHint("Start the newer version, or restore a backup that was made before the update.")
	}
	if s.schema < Schema && !maintain {
		return fleet.Errorf(fleet.Refused, "The data in Redis was written by an older distrobot (schema %d; this program keeps schema %d).", s.schema, Schema).
			WithHint("See what a migration would do: distrobot schema. Make a backup with the older version first.")
	}
	if !s.check.valid(mark, markOfKey) {
		return fleet.Errorf(fleet.Refused, "DISTROBOT_KEY is not the key that this data was signed with; nothing was tampered with as far as that goes.").
			WithHint("Set the former key, or name it in DISTROBOT_KEY_OLD and sign anew: distrobot resign.")
	}
	return s.openEpoch(ctx)
}
