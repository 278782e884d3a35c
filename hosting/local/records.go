package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// record reads the record in a generation's directory.
func record(gen string) (hosting.Record, error) {
	b, err := os.ReadFile(filepath.Join(gen, "site.json"))
	if err != nil {
		return hosting.Record{}, err
	}
	return hosting.ParseRecord(b)
}

func (s site) liveRecord() (hosting.Record, error) { return record(s.path("live")) }

// writeRecord writes the record of generation c.Generation.
func (b *Backend) writeRecord(s site, c hosting.Copy) error {
	r := hosting.RecordOf(c, b.Host, time.Now())
	var err error
	if r.Database, err = b.databaseOf(s, c); err != nil {
		return err
	}
	return writeJSON(filepath.Join(s.genOf(c), "site.json"), r)
}

// Live implements hosting.Records.
func (b *Backend) Live(_ context.Context, uri fleet.URI) (hosting.Record, error) {
	r, err := b.site(uri).liveRecord()
	if errors.Is(err, fs.ErrNotExist) {
		return r, fleet.Errorf(fleet.NotFound, "This host serves no site %s.", uri)
	}
	return r, err
}

// Pin implements hosting.Records.
func (b *Backend) Pin(ctx context.Context, c hosting.Copy, reason string) error {
	return hosting.Explain("write the site's record", b.guarded(ctx, c, func(s site, _ *os.File) error {
		n, err := s.live()
		if err != nil || n == 0 {
			return err
		}
		r, err := record(s.gen(n))
		if err != nil {
			return err
		}
		r.Pinned, r.Fence = reason, c.Fence
		return writeJSON(filepath.Join(s.gen(n), "site.json"), r)
	}))
}

// All implements hosting.Records. A site whose record cannot be read does not
// hide the others: they are returned together with its error.
func (b *Backend) All(context.Context) ([]hosting.Record, error) {
	entries, err := os.ReadDir(filepath.Join(b.Data, "sites"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var out []hosting.Record
	for _, e := range entries {
		uri, ok := siteOf(e.Name())
		if !ok {
			continue
		}
		r, readErr := b.site(uri).liveRecord()
		switch {
		case readErr == nil && r.URI == uri:
			out = append(out, r)
		case errors.Is(readErr, fs.ErrNotExist): // being made, or it never came to life
		default:
			err = errors.Join(err, fmt.Errorf("record of %s: %w", uri, readErr))
		}
	}
	return out, err
}

// Size implements hosting.Records.
func (b *Backend) Size(ctx context.Context, uri fleet.URI, generation int64) (hosting.Amount, error) {
	gen := b.site(uri).gen(generation)
	a, _, err := measure(filepath.Join(gen, "versioned"))
	if err != nil {
		return a, err
	}
	r, err := record(gen)
	if errors.Is(err, fs.ErrNotExist) {
		return a, nil // of a site that is being made
	}
	if err != nil || r.Database == nil {
		return a, err
	}
	st, err := b.store(r.Database.Engine)
	if err != nil {
		return a, err
	}
	n, err := st.Size(ctx, r.Database.Name)
	a.Bytes += n
	return a, err
}
