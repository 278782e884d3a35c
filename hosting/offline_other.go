//go:build !linux

package hosting

import (
	"context"

	"github.com/distrobot/distrobot/internal/run"
)

// Offline changes nothing: only Linux has network namespaces.
func Offline(_ context.Context, c run.Command) run.Command { return c }

// Isolated changes nothing and says so.
func Isolated(_ context.Context, c run.Command) (run.Command, bool) { return c, false }

// CanIsolate says no.
func CanIsolate(context.Context, run.Command) bool { return false }

// Isolate changes nothing.
func Isolate(c run.Command) run.Command { return c }
