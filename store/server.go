package store

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/distrobot/distrobot/fleet"
)

// Server names the server that answers by its run id, which Redis makes anew at
// each start: another one may be without the last writes. Of a Cluster it names
// all masters. A Redis that tells nothing of itself is always the same.
func (s *Store) Server(ctx context.Context) (string, error) {
	cluster, ok := s.client.(*redis.ClusterClient)
	if !ok {
		return serverOf(ctx, s.client)
	}
	var mu sync.Mutex
	var all []string
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error {
		id, err := serverOf(ctx, c)
		mu.Lock()
		defer mu.Unlock()
		all = append(all, id)
		return err
	})
	slices.Sort(all)
	return strings.Join(all, " "), err
}

func serverOf(ctx context.Context, c redis.UniversalClient) (string, error) {
	info, err := c.Info(ctx, "server").Result()
	if err == nil {
		return infoOf(info, "run_id"), nil
	}
	if worded := away("ask which server answers", err); fleet.CodeOf(worded) == fleet.Later && !redis.HasErrorPrefix(err, "NOPERM") {
		return "", worded
	}
	return unknown, nil // it forbids INFO, or has none
}
