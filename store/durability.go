package store

import (
	"context"
	"strings"
	"time"
)

// Durability is what the server says about what it keeps, for the doctor. A
// value that the server will not tell (managed ones forbid CONFIG) is "unknown".
type Durability struct {
	Version    string        // "7.0.15"
	InProcess  bool          // "memory": nothing is kept
	Role       string        // "master" for one that takes writes
	AppendOnly string        // "yes" or "no"
	Fsync      string        // "always", "everysec" or "no"
	Eviction   string        // maxmemory-policy; anything but "noeviction" loses rows
	Writing    string        // "ok", or what the last write of its file said
	Skew       time.Duration // of its clock against this machine's
}

// unknown is a value that cannot be asked for.
const unknown = "unknown"

// Durability asks the server. Of a Cluster it asks one node.
func (s *Store) Durability(ctx context.Context) (Durability, error) {
	begun := time.Now()
	at, err := s.client.Time(ctx).Result()
	if err != nil {
		return Durability{}, away("read the clock", err)
	}
	d := Durability{InProcess: s.inProcess, Skew: at.Sub(begun.Add(time.Since(begun) / 2))}
	info, err := s.client.Info(ctx).Result()
	if err != nil {
		info = "" // a Redis in this process knows no INFO of everything
	}
	d.Version, d.Role = infoOf(info, "redis_version"), infoOf(info, "role")
	d.Writing = infoOf(info, "aof_last_write_status")
	d.AppendOnly = s.config(ctx, "appendonly")
	d.Fsync = s.config(ctx, "appendfsync")
	d.Eviction = s.config(ctx, "maxmemory-policy")
	if d.AppendOnly == unknown {
		d.AppendOnly = map[string]string{"1": "yes", "0": "no", unknown: unknown}[infoOf(info, "aof_enabled")]
	}
	if d.Eviction == unknown {
		d.Eviction = infoOf(info, "maxmemory_policy")
	}
	return d, nil
}

// config reads a setting, if the server lets it be read.
func (s *Store) config(ctx context.Context, name string) string {
	got, err := s.client.ConfigGet(ctx, name).Result()
	if v, ok := got[name]; err == nil && ok {
		return v
	}
	return unknown
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
