package store

import "github.com/redis/go-redis/v9"

// Conn lends the store's connection to the queue: it has the shape of asynq's
// RedisConnOpt. Closing what it makes leaves the store's connection open.
type Conn struct{ client redis.UniversalClient }

// Conn gives the connection for the queue, on the same Redis.
func (s *Store) Conn() Conn { return Conn{s.client} }

// MakeRedisClient implements asynq.RedisConnOpt.
func (c Conn) MakeRedisClient() any { return lent{c.client} }

// lent is a client that its borrower cannot close.
type lent struct{ redis.UniversalClient }

// Close does nothing.
func (lent) Close() error { return nil }
