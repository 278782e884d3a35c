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

// Note writes the record of a generation whose content is kept elsewhere, its
// database too. Switch makes it the live one; Abandon and Tidy delete it.
func (b *Backend) Note(ctx context.Context, c hosting.Copy) error {
	c.App.Database = nil
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

// Follow makes the record of a generation the live one that came about by other
// means than a task. Its fence is above all that this machine has seen.
func (b *Backend) Follow(ctx context.Context, c hosting.Copy) error {
	fence, err := b.Above(ctx, c.URI)
	if err != nil {
		return err
	}
	c.Fence = fence
	if err := b.Note(ctx, c); err != nil {
		return err
	}
	return b.Switch(ctx, c)
}

// Above gives a fence above all that this machine has seen of a site. Programs
// that a task left behind hold the site's lock as long as they live, and are
// waited for.
func (b *Backend) Above(ctx context.Context, uri fleet.URI) (int64, error) {
	s := b.site(uri)
	if err := os.MkdirAll(s.path("gen"), 0o755); err != nil {
		return 0, hosting.Explain("write the site's record", err)
	}
	f, err := os.OpenFile(s.path("lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return 0, hosting.Explain("write the site's record", err)
	}
	defer f.Close()
	if err := await(ctx, f); err != nil {
		return 0, hosting.Explain("write the site's record", err)
	}
	seen, _ := readHolder(f)
	if live, err := s.liveRecord(); err == nil {
		seen.fence = max(seen.fence, live.Fence)
	}
	return seen.fence + 1, nil
}
