package store

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/distrobot/distrobot/fleet"
)

// Durability is what a server says about what it keeps. A value that it will
// not tell (managed ones forbid CONFIG) is "unknown", a number then 0.
type Durability struct {
	Version    string        // "7.0.15"
	InProcess  bool          // "memory": nothing is kept
	Role       string        // "master" for one that takes writes
	AppendOnly string        // "yes" or "no"
	Fsync      string        // "always", "everysec" or "no"
	Eviction   string        // maxmemory-policy; anything but "noeviction" loses rows
	Writing    string        // "ok", or what the last write of its file said
	Evicted    int64         // keys that it evicted since it was started
	Memory     float64       // how much of maxmemory is used, 0 to 1; 0 without a limit
	Replicas   int           // connected to it
	Skew       time.Duration // of its clock against this machine's
}

// unknown is a value that cannot be asked for.
const unknown = "unknown"

// Durability asks the server; of a Cluster all masters, and gives what the one
// says that would lose most.
func (s *Store) Durability(ctx context.Context) (Durability, error) {
	cluster, ok := s.client.(*redis.ClusterClient)
	if !ok {
		return s.durabilityOf(ctx, s.client)
	}
	var mu sync.Mutex
	var all []Durability
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error {
		d, err := s.durabilityOf(ctx, c)
		mu.Lock()
		defer mu.Unlock()
		all = append(all, d)
		return err
	})
	if err != nil || len(all) == 0 {
		return Durability{}, away("ask the servers of the Cluster", cmp.Or(err, context.DeadlineExceeded))
	}
	return slices.MaxFunc(all, func(a, b Durability) int { return cmp.Compare(a.danger(), b.danger()) }), nil
}

// settings are what is asked for by CONFIG GET, one by one: Redis before 7.0
// takes only one name.
var settings = []string{"appendonly", "appendfsync", "maxmemory-policy"}

// durabilityOf asks one server, in one round trip.
func (s *Store) durabilityOf(ctx context.Context, c redis.UniversalClient) (Durability, error) {
	begun := time.Now()
	var clock *redis.TimeCmd
	var told *redis.StringCmd
	set := map[string]*redis.MapStringStringCmd{}
	// The first failure, such as a setting that may not be read, is no failure of all.
	_, _ = c.Pipelined(ctx, func(p redis.Pipeliner) error {
		clock, told = p.Time(ctx), p.Info(ctx)
		for _, name := range settings {
			set[name] = p.ConfigGet(ctx, name)
		}
		return nil
	})
	at, err := clock.Result()
	if err != nil {
		return Durability{}, away("read the clock", err)
	}
	info := told.Val() // empty if it is not told: a Redis in this process knows none
	config := func(name string) string {
		if v, ok := set[name].Val()[name]; ok {
			return v
		}
		return unknown
	}
	d := Durability{
		InProcess: s.inProcess, Skew: at.Sub(begun.Add(time.Since(begun) / 2)),
		Version: infoOf(info, "redis_version"), Role: infoOf(info, "role"), Writing: infoOf(info, "aof_last_write_status"),
		AppendOnly: config("appendonly"), Fsync: config("appendfsync"), Eviction: config("maxmemory-policy"),
		Evicted: numberOf(info, "evicted_keys"), Replicas: int(numberOf(info, "connected_slaves")),
	}
	if most := numberOf(info, "maxmemory"); most > 0 {
		d.Memory = float64(numberOf(info, "used_memory")) / float64(most)
	}
	if d.AppendOnly == unknown {
		d.AppendOnly = cmp.Or(map[string]string{"1": "yes", "0": "no"}[infoOf(info, "aof_enabled")], unknown)
	}
	if d.Eviction == unknown {
		d.Eviction = infoOf(info, "maxmemory_policy")
	}
	return d, nil
}

// infoOf finds a field in the answer of INFO.
func infoOf(info, name string) string {
	for line := range strings.Lines(info) {
		if v, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(v)
		}
	}
	return unknown
}

// numberOf finds a number in the answer of INFO; 0 if it is not told.
func numberOf(info, name string) int64 {
	n, err := strconv.ParseInt(infoOf(info, name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// waits reports whether the server has WAITAOF: Redis 7.2, and Valkey, which
// calls itself 7.2.4.
func (d Durability) waits() bool { return !older(d.Version, "7.2") }

// older compares versions; one that cannot be read is not older.
func older(have, than string) bool {
	h, ok := fleet.ParseVersion(have)
	t, _ := fleet.ParseVersion(than)
	return ok && h.Compare(t) < 0
}
