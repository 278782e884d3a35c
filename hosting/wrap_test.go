package hosting_test

import (
	"context"
	"strings"
	"time"

	"github.com/distrobot/distrobot/hosting"
)

// onRelease does something right after the first release.
type onRelease struct {
	hosting.Backend
	then func()
}

func (o onRelease) Release(ctx context.Context, c hosting.Copy) (time.Duration, error) {
	d, err := o.Backend.Release(ctx, c)
	if d > 0 && c.Generation == 2 {
		o.then()
	}
	return d, err
}

// edit replaces a text in one file.
func (f tree) edit(name, old, new string) tree {
	f[name] = strings.Replace(f[name], old, new, 1)
	return f
}
