package hosting

import (
	"context"
	"os"
	"time"

	"github.com/distrobot/distrobot/internal/run"
)

// Offline lets a program run without a network, in a network namespace of its
// own, where this machine allows that; otherwise the command is unchanged and
// the host's firewall has to keep the site's user off the network.
func Offline(ctx context.Context, c run.Command) run.Command {
	c, _ = Isolated(ctx, c)
	return c
}

// Isolated is Offline that tells whether it could. Without being root, a user
// namespace is needed, which some systems forbid. There is no loopback inside
// either.
func Isolated(ctx context.Context, c run.Command) (run.Command, bool) {
	if !CanIsolate(ctx, c) {
		return c, false
	}
	return Isolate(c), true
}

// CanIsolate tries whether this machine lets the user of a command do without a
// network; it starts a program for that.
func CanIsolate(ctx context.Context, c run.Command) bool {
	try := run.Command{Program: "unshare", Args: append(isolating(c), "--", "true"), Env: c.Env, As: c.As, Timeout: 5 * time.Second}
	_, err := run.Run(ctx, try)
	return err == nil
}

// Isolate is Isolated where CanIsolate said yes.
func Isolate(c run.Command) run.Command {
	program, err := run.LookPath(c.Program, c.Env)
	if err != nil {
		return c // its own error says more
	}
	c.Args = append(append(isolating(c), "--", program), c.Args...)
	c.Program = "unshare"
	return c
}

func isolating(c run.Command) []string {
	if c.As != nil || os.Geteuid() != 0 {
		return []string{"--user", "--map-current-user", "--net"}
	}
	return []string{"--net"}
}
