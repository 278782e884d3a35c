package store

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// ACL is what an account of its own needs on the server, after "on >PASSWORD":
// the keys of the store and of the queue, the channel by which tasks are
// cancelled, and single commands. It may see the names of other keys (backups
// scan for their own), but not read them, change settings or drop everything. On a Cluster every node needs it, with
// Sentinel every server.
var ACL = "resetkeys ~db:* ~asynq:* resetchannels &asynq:cancel -@all +@connection -@admin -@dangerous +" + strings.Join(allowed(), " +")

// allowed lists the commands of ACL.
func allowed() []string {
	return slices.Concat(
		// What connects, and WAITAOF, which older servers do not know by name, is in @connection.
		strings.Fields("info config|get time"),                                               // to know what is kept
		strings.Fields("cluster|slots cluster|shards cluster|nodes cluster|keyslot command"), // on a Cluster
		strings.Fields("role"), // behind Sentinel
		strings.Fields("eval evalsha script|load multi exec"),
		strings.Fields("scan"), // backups, migrations, changes of the key
		strings.Fields("exists del expire pexpire expireat pexpireat persist pttl ttl type memory|usage"),
		strings.Fields("get set setex incr incrby hget hset hsetnx hmget hgetall hdel hexists"),
		strings.Fields("sadd srem smembers scard sismember zadd zrem zcard zscore zcount zrange zrangebyscore zrevrangebyscore zrevrange zremrangebyscore"),
		strings.Fields("lpush rpush rpop lpop rpoplpush lrem lrange llen"),
		strings.Fields("xadd xdel xrange xrevrange xtrim xlen publish subscribe"),
	)
}

// Forbidden lists the commands among those that the program needs which its
// account may not use on the store's keys. Nothing is changed: each is called
// with too few or with foreign arguments on a key of its own, and only refusals
// by the account's rules count.
func (s *Store) Forbidden(ctx context.Context) ([]string, error) {
	if s.inProcess {
		return nil, nil
	}
	key := s.keys.meta() + ":probe"
	var out []string
	for _, p := range probes(key) {
		err := s.client.Do(ctx, p...).Err()
		if err == nil {
			continue
		}
		if strings.HasPrefix(err.Error(), "NOPERM") {
			out = append(out, strings.ToUpper(p[0].(string)))
			continue
		}
		if !isReply(err) {
			return nil, away("try the account", err)
		}
	}
	return out, nil
}

// probes are calls that change nothing that lasts.
func probes(key string) [][]any {
	return [][]any{
		{"time"}, {"info"}, {"config", "get", "appendonly"}, {"wait", 0, 1},
		{"eval", "return redis.call('EXISTS', KEYS[1])", 1, key},
		{"exists", key}, {"del", key}, {"pexpire", key, 1}, {"expireat", key, 1}, {"persist", key}, {"pttl", key}, {"memory", "usage", key},
		{"get", key}, {"set", key, "", "px", 1}, {"incr", key}, {"del", key}, {"hget", key, "x"}, {"hsetnx", key, "x", ""}, {"hgetall", key}, {"del", key},
		{"sadd", key, "x"}, {"srem", key, "x"}, {"smembers", key}, {"scard", key},
		{"zadd", key, 1, "x"}, {"zrange", key, 0, -1}, {"zrem", key, "x"}, {"zcard", key},
		{"xadd", key, "*", "x", ""}, {"xrange", key, "-", "+"}, {"xrevrange", key, "+", "-"}, {"xdel", key, "0-1"}, {"del", key},
		{"lpush", key, "x"}, {"rpoplpush", key, key}, {"lrem", key, 1, "x"}, {"llen", key}, {"lrange", key, 0, -1}, {"del", key},
		{"publish", "asynq:cancel", ""},
	}
}

// isReply reports whether the server answered, be it with an error.
func isReply(err error) bool {
	var reply redis.Error
	return errors.As(err, &reply)
}
