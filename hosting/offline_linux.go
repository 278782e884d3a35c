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
	flags := []string{"--net"}
	if c.As != nil || os.Geteuid() != 0 {
		flags = []string{"--user", "--map-current-user", "--net"}
	}
	program, err := run.LookPath(c.Program, c.Env)
	if err != nil {
		return c, true // its own error says more
	}
	try := run.Command{Program: "unshare", Args: append(flags, "--", "true"), Env: c.Env, As: c.As, Timeout: 5 * time.Second}
	if _, err := run.Run(ctx, try); err != nil {
		return c, false
	}
	c.Args = append(append(flags, "--", program), c.Args...)
	c.Program = "unshare"
	return c, true
}
