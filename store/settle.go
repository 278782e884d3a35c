package store

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/distrobot/distrobot/fleet"
)

// How long a commit that must last waits for a replica and for the disk. Both
// together stay below the time a reply may take.
const (
	replicaTime = time.Second
	diskTime    = 1500 * time.Millisecond
)

// Last implements what fleet.Last asks for.
func (t *tx) Last(l fleet.Lasting) { t.last = &l }

// permitted refuses a commit that authorises something on a server that would
// lose it.
func (s *Store) permitted(ctx context.Context, t *tx) error {
	if t.last == nil || !t.last.Authorises {
		return nil
	}
	return s.Keeps(ctx)
}

// settle waits until a commit under an op key would outlast a crash of the
// server, as far as it can tell. An error says that the commit is gone: the
// server that had it lost its place to a replica that did not.
//
// WAIT and WAITAOF wait for what was written before on their own connection,
// and the commit may have gone over another one, or been redirected. So they
// follow a write of their own, in one pipeline, which is one connection: its
// place in the server's history is after the commit's. That write touches the
// op key, and so tells whether the commit is there.
func (s *Store) settle(ctx context.Context, fam fleet.Family, opKey string, l *fleet.Lasting) error {
	if s.inProcess {
		return nil
	}
	d, err := s.standing(ctx)
	if err != nil {
		return s.unsure(l, fam, err) // the commit stands; only this is not known
	}
	disk := d.AppendOnly != "no" && d.Fsync != "always" && d.waits()
	copies := d.Replicas > 0 || s.copies.Load()
	if d.Replicas > 0 {
		s.copies.Store(true)
	}
	if !disk && !copies {
		return nil
	}
	node, err := s.masterOf(ctx, fam)
	if err != nil {
		return s.unsure(l, fam, err)
	}
	var there *redis.BoolCmd
	var copied, written *redis.Cmd
	_, err = node.Pipelined(ctx, func(p redis.Pipeliner) error {
		there = p.PExpire(ctx, opKey, s.remember)
		if copies {
			copied = p.Do(ctx, "WAIT", 1, replicaTime.Milliseconds())
		}
		if disk {
			written = p.Do(ctx, "WAITAOF", 1, 0, diskTime.Milliseconds())
		}
		return nil
	})
	switch {
	case there.Err() != nil: // redirected, or away
		return s.unsure(l, fam, there.Err())
	case !there.Val():
		return away("wait for the disk", fmt.Errorf("the commit %s is gone: another server has taken over", opKey))
	case lacking(copied) || lacking(written):
		return nil
	case err != nil:
		return s.unsure(l, fam, err)
	case !confirmed(copied) || !confirmed(written):
		return s.unsure(l, fam, fmt.Errorf("it did not say so in time"))
	}
	return nil
}

// unsure notes that a commit stands without its being known for how long.
func (s *Store) unsure(l *fleet.Lasting, fam fleet.Family, why error) error {
	if l.Unsure != nil {
		*l.Unsure = true
	}
	s.log.Warn("a commit stands, but it is not confirmed that it is on the disk of Redis", slog.String("family", string(fam)), slog.Any("error", why))
	return nil
}

// masterOf gives the server that keeps a family.
func (s *Store) masterOf(ctx context.Context, fam fleet.Family) (redis.UniversalClient, error) {
	if cluster, ok := s.client.(*redis.ClusterClient); ok {
		return cluster.MasterForKey(ctx, s.keys.outbox(fam))
	}
	return s.client, nil
}

// lacking reports that the server has no such command, or that its account may
// not use it; doctor tells people of both.
func lacking(c *redis.Cmd) bool {
	if c == nil || c.Err() == nil {
		return false
	}
	return strings.HasPrefix(c.Err().Error(), "ERR unknown command") || strings.HasPrefix(c.Err().Error(), "NOPERM")
}

// confirmed reads the answer of WAIT, a number of replicas, or of WAITAOF, the
// number of this server's disks (at most 1) and of its replicas'.
func confirmed(c *redis.Cmd) bool {
	if c == nil {
		return true
	}
	switch v := c.Val().(type) {
	case int64:
		return v >= 1
	case []any:
		n, ok := v[0].(int64)
		return len(v) == 2 && ok && n >= 1
	}
	return false
}
