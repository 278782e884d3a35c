//go:build !linux

package local

import (
	"context"

	"github.com/distrobot/distrobot/internal/run"
)

// offline changes nothing: only Linux has network namespaces.
func offline(_ context.Context, c run.Command) run.Command { return c }
