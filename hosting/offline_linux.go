package hosting

import (
	"context"
	"os"
	"time"

	"github.com/distrobot/distrobot/internal/run"
)

// Offline lets a program run without a network, in a network namespace of its
// own, where this machine allows that; otherwise the command is unchanged and
// the host's firewall has to keep the site's user off the network. Without
// being root, a user namespace is needed, which some systems forbid.
func Offline(ctx context.Context, c run.Command) run.Command {
	flags := []string{"--net"}
	if c.As != nil || os.Geteuid() != 0 {
		flags = []string{"--user", "--map-current-user", "--net"}
	}
	try := run.Command{Program: "unshare", Args: append(flags, "--", "true"), Env: c.Env, As: c.As, Timeout: 5 * time.Second}
	program, err := run.LookPath(c.Program, c.Env)
	if err != nil {
		return c // its own error says more
	}
	if _, err := run.Run(ctx, try); err != nil {
		return c
	}
	c.Args = append(append(flags, "--", program), c.Args...)
	c.Program = "unshare"
	return c
}
