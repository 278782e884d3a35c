package local

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/run"
)

// An isolation remembers for whose programs this machine was seen to make a
// namespace without a network. To find out costs two more processes, which
// visitors need not wait for: what was found out when a copy was prepared holds
// for its update. A no is not remembered, it may have been a matter of time.
type isolation struct {
	mu   sync.Mutex
	seen map[uint32]time.Time // by user
}

// seenFor is for how long a yes holds.
const seenFor = 10 * time.Minute

// offline is hosting.Offline that asks only if it does not know.
func (i *isolation) offline(ctx context.Context, c run.Command) run.Command {
	i.mu.Lock()
	seen, ok := i.seen[userID(c)]
	i.mu.Unlock()
	if ok && time.Since(seen) < seenFor {
		return hosting.Isolate(c)
	}
	return i.learn(ctx, c)
}

// learn is hosting.Offline that remembers.
func (i *isolation) learn(ctx context.Context, c run.Command) run.Command {
	if !hosting.CanIsolate(ctx, c) {
		return c
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.seen == nil {
		i.seen = map[uint32]time.Time{}
	}
	i.seen[userID(c)] = time.Now()
	return hosting.Isolate(c)
}

func userID(c run.Command) uint32 {
	if c.As != nil {
		return c.As.UID
	}
	return uint32(os.Geteuid())
}
