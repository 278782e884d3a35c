package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/distrobot/distrobot/cmd/distrobot/sample"
)

// cmdFlush: flush empties Redis, as somebody does who takes it for a cache.
func cmdFlush(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(withRedis(ts, func(ctx context.Context, c *redis.Client) error { return c.FlushAll(ctx).Err() }))
}

// withRedis lends the script's Redis to somebody who has no key.
func withRedis(ts *testscript.TestScript, do func(context.Context, *redis.Client) error) error {
	o, err := redis.ParseURL(ts.Getenv("DISTROBOT_REDIS_URL"))
	ts.Check(err)
	c := redis.NewClient(o)
	defer c.Close()
	return do(context.Background(), c)
}

// cmdFreeze: freeze NAME stops a program, whose children go on; with ! it goes
// on as well.
func cmdFreeze(ts *testscript.TestScript, neg bool, args []string) {
	sig := syscall.SIGSTOP
	if neg {
		sig = syscall.SIGCONT
	}
	ts.Check(ts.Value(procsKey{}).(procs)[args[0]].cmd.Process.Signal(sig))
}

// cmdLatch: latch adds the release 9.0.0, whose update waits at a door, to the
// repository of the command sample.
func cmdLatch(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(addLatched(filepath.Join(ts.Getenv("WORK"), "latched"), filepath.Join(ts.Getenv("WORK"), "forge", sample.Repository)))
}

// cmdDoor: door DATA SITE waits until the update of a site is at its door; with !
// the door is opened.
func cmdDoor(ts *testscript.TestScript, neg bool, args []string) {
	files := filepath.Join(ts.Getenv("WORK"), args[0], "sites", args[1], "shared", "web", "files")
	if neg {
		ts.Check(os.WriteFile(filepath.Join(files, "door"), nil, 0o644))
		return
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		_, err := os.Stat(filepath.Join(files, "waits"))
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("the update of %s does not come to its door: %v", args[1], err)
		}
	}
}

// cmdLive: live DATA SITE GENERATION checks which generation a site's visitors get.
func cmdLive(ts *testscript.TestScript, _ bool, args []string) {
	to, err := os.Readlink(filepath.Join(ts.Getenv("WORK"), args[0], "sites", args[1], "live"))
	ts.Check(err)
	if to != args[2] {
		ts.Fatalf("%s", fmt.Sprintf("%s is at %s, want %s", args[1], to, args[2]))
	}
}

// cmdSchema: schema N marks the state as one of a program of that schema. What
// another schema would hold besides is tried in the tests of store.
func cmdSchema(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(withRedis(ts, func(ctx context.Context, c *redis.Client) error {
		return c.HSet(ctx, "db:{m}:meta", "schema", args[0]).Err()
	}))
}
