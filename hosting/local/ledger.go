package local

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// Guard runs act while it holds the site's lock under c.Fence, for backends
// that keep a site's content elsewhere and its records here. lock is handed to
// the programs that act starts. A lower fence than the site has seen is refused
// with code Stale.
func (b *Backend) Guard(ctx context.Context, c hosting.Copy, act func(lock *os.File) error) error {
	return hosting.Explain("keep the site's records", b.guarded(ctx, c, func(_ site, lock *os.File) error { return act(lock) }))
}

// Note writes the record of a generation whose content is kept elsewhere. Switch
// makes it the live one; Abandon and Tidy delete it.
func (b *Backend) Note(ctx context.Context, c hosting.Copy) error {
	return hosting.Explain("write the site's record", b.guarded(ctx, c, func(s site, _ *os.File) error {
		if err := s.notLive(c); err != nil {
			return err
		}
		if err := os.MkdirAll(s.genOf(c), 0o755); err != nil {
			return err
		}
		return b.writeRecord(s, c)
	}))
}

// Generation reads the record of one generation of a site; NotFound if there is
// none.
func (b *Backend) Generation(uri fleet.URI, n int64) (hosting.Record, error) {
	r, err := record(b.site(uri).gen(n))
	if errors.Is(err, fs.ErrNotExist) {
		return r, fleet.Errorf(fleet.NotFound, "This host has no record of generation %d of %s.", n, uri)
	}
	return r, err
}
