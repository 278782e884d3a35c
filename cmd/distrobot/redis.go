package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/distrobot/distrobot/internal/run"
)

// startRedis starts the redis-server of DISTROBOT_REDIS_URL=local as a child
// that dies with this process; its append-only file is written before each
// answer, so nothing that was acknowledged is lost by that.
func startRedis(log *slog.Logger) func(ctx context.Context, argv []string, dir string) (func(context.Context) error, error) {
	return func(_ context.Context, argv []string, dir string) (func(context.Context) error, error) {
		if _, err := run.LookPath(argv[0], os.Environ()); err != nil {
			return nil, fmt.Errorf("DISTROBOT_REDIS_URL=local needs the program %s (Debian package redis-server): %w", argv[0], err)
		}
		// The server outlives the context of the start: the store stops it last.
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, err := run.Run(ctx, run.Command{Program: argv[0], Args: argv[1:], Dir: dir, Env: run.Environ()})
			if err != nil && ctx.Err() == nil {
				log.Error("redis-server ended by itself", "err", err)
			}
		}()
		return func(stop context.Context) error {
			cancel()
			select {
			case <-done:
				return nil
			case <-stop.Done():
				return stop.Err()
			}
		}, nil
	}
}
