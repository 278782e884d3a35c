package local

import (
	"context"
	"strings"
	"time"

	"github.com/distrobot/distrobot/internal/run"
)

// PHP implements hosting.Traffic. The command line's version stands for that of
// PHP-FPM: both come from the same packages, and updates run on the first.
func (b *Backend) PHP(ctx context.Context) string {
	r, err := run.Run(ctx, run.Command{
		Program: "php", Args: []string{"-n", "-r", "echo PHP_MAJOR_VERSION, '.', PHP_MINOR_VERSION, '.', PHP_RELEASE_VERSION;"},
		Env: []string{programPath}, Timeout: 10 * time.Second,
	})
	if err != nil {
		return ""
	}
	return strings.TrimSpace(r.Stdout)
}
