package local

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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
	return writeJSON(filepath.Join(s.gen(c.Generation), "site.json"), hosting.RecordOf(c, b.Host, time.Now()))
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

// Size implements hosting.Records. The digest is over paths, sizes and
// modification times, so that it can be taken while visitors wait.
func (b *Backend) Size(_ context.Context, uri fleet.URI, generation int64) (hosting.Amount, error) {
	return measure(filepath.Join(b.site(uri).gen(generation), "versioned"))
}

func measure(dir string) (hosting.Amount, error) {
	var a hosting.Amount
	h := sha256.New()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%q %o %d %d\n", path[len(dir):], info.Mode(), info.Size(), info.ModTime().UnixNano())
		if info.Mode().IsRegular() {
			a.Files++
			a.Bytes += info.Size()
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	a.Digest = hex.EncodeToString(h.Sum(nil))
	return a, err
}

// Remove implements hosting.Records. The directory's name goes first: a site
// that is being deleted is neither served nor found.
func (b *Backend) Remove(ctx context.Context, c hosting.Copy) error {
	gone := filepath.Join(b.Data, "sites", ".gone-"+siteName(c.URI))
	err := removeTree(gone)
	if err == nil {
		err = b.guarded(ctx, c, func(s site, _ *os.File) error { return os.Rename(string(s), gone) })
	}
	if err == nil {
		err = removeTree(gone)
	}
	return hosting.Explain("delete the site", err)
}
