package bench

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/distrobot/distrobot/store/storetest"
)

// launchRedis starts a server in dir that writes its file out before each reply,
// and gives its URL. Whoever gets through to dir may use it.
func launchRedis(ctx context.Context, dir string) (url string, stop func(), err error) {
	dir = filepath.Join(dir, "redis")
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return "", nil, err
	}
	socket := filepath.Join(dir, "s")
	end, err := storetest.Launch(ctx, []string{"redis-server", "--port", "0", "--unixsocket", socket, "--unixsocketperm", "777", "--dir", dir, "--save", "",
		"--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"}, dir)
	if err != nil {
		return "", nil, err
	}
	stop = func() {
		wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
		defer cancel()
		_ = end(wait) // a server that is told to end says so
	}
	if err := awaitSocket(ctx, socket); err != nil {
		stop()
		return "", nil, err
	}
	return "unix://" + socket, stop, nil
}

// awaitSocket returns when a server accepts connections.
func awaitSocket(ctx context.Context, socket string) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		c, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
		if err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("redis-server does not listen: %w", err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}
