// Package store keeps everything in Redis and is the only importer of
// go-redis. It implements fleet.Store, fleet.Outbox, fleet.Logs and
// fleet.Trail over a single Redis, a Sentinel group, a Cluster, a child server
// on a unix socket ("local") or a Redis inside this process ("memory").
//
// Rules live in fleet. Redis only compares and sets: each Update reads rows
// with their revisions, runs the rule in Go, and hands guards and writes to
// one script, commit.lua, which works within one slot. The loser of a race
// reads again and decides again. Every key of a family carries the family as
// its hash tag (keys.go), nothing scans, and all times are the server's.
package store
