package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/distrobot/distrobot/fleet"
)

// Normal work never scans. Backups, migrations and signing anew do: they must
// find rows that no index names. They ask only for keys with our prefix, a few
// hundred at a time, so that others are not held up.

// walkBatch is how many keys a server looks at in one call.
const walkBatch = 500

var globs = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`)

// walk gives all keys of ours in batches, one batch at a time. Keys that stay
// there throughout are given at least once; in a Cluster whose slots are being
// moved some may be missed.
func (s *Store) walk(ctx context.Context, f func(keys []string) error) error {
	one := func(ctx context.Context, c redis.Cmdable) error {
		for cursor := uint64(0); ; {
			keys, next, err := c.Scan(ctx, cursor, globs.Replace(s.keys.prefix)+":{*", walkBatch).Result()
			if err != nil {
				return away("walk through the data", err)
			}
			if len(keys) > 0 {
				if err := f(keys); err != nil {
					return err
				}
			}
			if cursor = next; cursor == 0 {
				return nil
			}
		}
	}
	cluster, ok := s.client.(*redis.ClusterClient)
	if !ok {
		return one(ctx, s.client)
	}
	var turn sync.Mutex // the client visits the servers at once
	return cluster.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error {
		turn.Lock()
		defer turn.Unlock()
		return one(ctx, c)
	})
}

// A rawRow is a row as it is kept.
type rawRow struct {
	key    fleet.Key
	record fleet.Record // empty, of the row's noun; nil if no program of ours knows it
	fields map[string]string
	life   int64 // milliseconds until it is forgotten; 0: never
}

// walkRows gives all rows in batches.
func (s *Store) walkRows(ctx context.Context, f func(rows []rawRow) error) error {
	return s.walk(ctx, func(keys []string) error {
		rows, err := s.rawRows(ctx, keys)
		if err != nil || len(rows) == 0 {
			return err
		}
		return f(rows)
	})
}

// rawRows reads those of the keys that are rows; ones that are gone are left out.
func (s *Store) rawRows(ctx context.Context, keys []string) ([]rawRow, error) {
	var out []rawRow
	var hashes []*redis.MapStringStringCmd
	var lives []*redis.DurationCmd
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, key := range keys {
			is, row := s.keys.whole(key)
			if is != isRow {
				continue
			}
			out = append(out, rawRow{key: row, record: blankRow(row)})
			hashes, lives = append(hashes, p.HGetAll(ctx, key)), append(lives, p.PTTL(ctx, key))
		}
		return nil
	})
	if err != nil {
		return nil, away("read rows", err)
	}
	for i := range out {
		out[i].fields = hashes[i].Val()
		out[i].life = max(lives[i].Val().Milliseconds(), 0)
	}
	return slices.DeleteFunc(out, func(r rawRow) bool { return len(r.fields) == 0 }), nil
}

// blankRow knows the store's own nouns besides those of fleet.
func blankRow(k fleet.Key) fleet.Record {
	switch {
	case k.Family == fleet.AuditLog && k.Noun == "chain" && k.ID == "base":
		return &base{}
	case k.Family == fleet.AuditLog && k.Noun == "chain":
		return &chainHead{}
	case k.Family == fleet.AuditLog && k.Noun == "seen":
		return &recorded{ID: k.ID}
	}
	return fleet.Blank(k)
}

// rewrite puts new fields into rows that are as they were read, in one commit a
// row, many at a time; rows that changed meanwhile are left alone. Indexes do
// not change with it. It gives how many were written.
func (s *Store) rewrite(ctx context.Context, rows []rawRow, next func(rawRow) ([]string, error)) (int, error) {
	batches := make([]*batch, 0, len(rows))
	for _, r := range rows {
		fields, err := next(r)
		if err != nil {
			return 0, err
		}
		if fields == nil {
			continue
		}
		b := newBatch(s.keys.op(r.key.Family, newOp()), s.keys.epoch(r.key.Family))
		key := s.keys.row(r.key)
		b.guards = append(b.guards, b.pos(key), r.fields[fieldRev])
		b.row(key, r.life, fields)
		batches = append(batches, b)
	}
	return s.runAll(ctx, batches)
}

// runAll sends commits in one pipeline and gives how many took effect. One that
// was refused by its guard is no error.
func (s *Store) runAll(ctx context.Context, batches []*batch) (int, error) {
	if len(batches) == 0 {
		return 0, nil
	}
	if err := s.loadScript(ctx); err != nil {
		return 0, err
	}
	cmds := make([]*redis.Cmd, len(batches))
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, b := range batches {
			cmds[i] = s.script.EvalSha(ctx, p, b.keys, s.args(b)...)
		}
		return nil
	})
	if err != nil {
		return 0, away("commit many rows", err)
	}
	done := 0
	for _, c := range cmds {
		v, _, err := verdictOf(c.Slice())
		switch {
		case err != nil:
			return done, err
		case v == fenced:
			return done, s.outlived()
		case v == committed || v == already:
			done++
		}
	}
	return done, nil
}

// loadScript makes the script known to every server: in a pipeline it cannot be
// sent when it is found missing.
func (s *Store) loadScript(ctx context.Context) error {
	load := func(ctx context.Context, c redis.Scripter) error {
		return away("load the script", s.script.Load(ctx, c).Err())
	}
	if cluster, ok := s.client.(*redis.ClusterClient); ok {
		return cluster.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error { return load(ctx, c) })
	}
	return load(ctx, s.client)
}

// verdictOf reads the answer of commit.lua.
func verdictOf(got []any, err error) (verdict, string, error) {
	if err != nil {
		return lost, "", away("commit", err)
	}
	if len(got) == 2 {
		code, ok := got[0].(int64)
		stamp, ok2 := got[1].(string)
		if ok && ok2 {
			return verdict(code), stamp, nil
		}
	}
	return lost, "", fmt.Errorf("store: commit answered %v", got)
}
