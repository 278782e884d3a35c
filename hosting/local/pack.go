package local

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/google/renameio/v2"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/database"
)

var _ hosting.Mobile = (*Backend)(nil)

// The parcels of a site that moves, in DATA/parcels/TASK. The first two are made
// while visitors go on.
const (
	parcelSecrets   = "secrets.json"
	parcelShared    = "shared.tar.zst"
	parcelListing   = "listing.json"    // all shared files as they are in the end
	parcelChanges   = "changes.tar.zst" // those that are not as in the first parcel
	parcelVersioned = "versioned.tar.zst"
	parcelDatabase  = "database.zst"
)

// What the sending side keeps beside them: what the first parcel holds, and which
// parcels are whole.
const (
	packedSeen  = ".seen.json"
	packedFirst = ".first.json"
	packedLast  = ".last.json"
)

var taskName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$`)

func (b *Backend) parcels(task fleet.TaskID) string {
	return filepath.Join(b.Data, "parcels", string(task))
}

// Parcel implements hosting.Receiver.
func (b *Backend) Parcel(task fleet.TaskID, name string) (string, error) {
	known := []string{parcelSecrets, parcelShared, parcelListing, parcelChanges, parcelVersioned, parcelDatabase}
	if !taskName.MatchString(string(task)) || !slices.Contains(known, name) {
		return "", fleet.Errorf(fleet.Invalid, "There is no parcel %q of a task %q.", fleet.Clean(name, 40), fleet.Clean(string(task), 40))
	}
	return filepath.Join(b.parcels(task), name), nil
}

// Discharge implements hosting.Receiver.
func (b *Backend) Discharge(_ context.Context, task fleet.TaskID) error {
	if !taskName.MatchString(string(task)) {
		return fleet.Errorf(fleet.Invalid, "%q is no task.", fleet.Clean(string(task), 40))
	}
	return errors.Join(removeTree(b.parcels(task)), b.pruneParcels(time.Now()))
}

// Laid implements hosting.Receiver.
func (b *Backend) Laid(_ context.Context, c hosting.Copy) (hosting.Record, error) {
	r, err := record(b.site(c.URI).genOf(c))
	return r, hosting.Explain("read the site's record", err)
}

// Weigh implements hosting.Sender.
func (b *Backend) Weigh(ctx context.Context, c hosting.Copy) (before, held hosting.Amount, err error) {
	s := b.site(c.URI)
	parts, err := s.sharedParts(s.path("live"))
	if err != nil {
		return before, held, err
	}
	for _, p := range parts {
		a, _, err := measure(p.dir)
		if err != nil {
			return before, held, err
		}
		before.Files += a.Files
		before.Bytes += a.Bytes
	}
	held, err = b.Size(ctx, c.URI, c.Generation)
	return before, held, err
}

// Pack implements hosting.Sender. A note of the parcels is written when they are
// whole: from then on they stay what they are, since the other side may have
// fetched them.
func (b *Backend) Pack(ctx context.Context, c hosting.Copy, last bool) ([]fleet.TransitPart, error) {
	var out []fleet.TransitPart
	err := b.guarded(ctx, c, func(s site, _ *os.File) error {
		dir, note := b.parcels(c.Task), packedFirst
		if last {
			note = packedLast
		}
		err := readJSON(filepath.Join(dir, note), &out)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		pack := b.packFirst
		if last {
			pack = b.packLast
		}
		names, err := pack(ctx, s, c)
		if err != nil {
			return err
		}
		for _, name := range names {
			part, err := partOf(dir, name)
			if err != nil {
				return err
			}
			out = append(out, part)
		}
		return writeJSON(filepath.Join(dir, note), out)
	})
	return out, hosting.Explain("pack the site", err)
}

func partOf(dir, name string) (fleet.TransitPart, error) {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return fleet.TransitPart{}, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	return fleet.TransitPart{Name: name, Digest: hex.EncodeToString(h.Sum(nil)), Bytes: n}, err
}

// packFirst packs the shared files and the secrets. What the files are is noted
// before they are read: whatever changes later differs from the note.
func (b *Backend) packFirst(ctx context.Context, s site, c hosting.Copy) ([]string, error) {
	dir := b.parcels(c.Task)
	live, err := filepath.EvalSymlinks(s.path("live"))
	if err != nil {
		return nil, err
	}
	parts, err := s.sharedParts(live)
	if err != nil {
		return nil, err
	}
	seen, err := listParts(ctx, parts)
	if err != nil {
		return nil, err
	}
	if err := writeJSON(filepath.Join(dir, packedSeen), seen); err != nil {
		return nil, err
	}
	if _, err := pack(ctx, filepath.Join(dir, parcelShared), parts...); err != nil {
		return nil, err
	}
	secrets, err := s.secrets()
	if err != nil {
		return nil, err
	}
	// The passwords of its database are the other server's to make.
	delete(secrets, secretDatabase)
	delete(secrets, secretInherited)
	text, err := json.Marshal(secrets)
	if err != nil {
		return nil, err
	}
	return []string{parcelSecrets, parcelShared}, renameio.WriteFile(filepath.Join(dir, parcelSecrets), text, 0o600)
}

// packLast packs the rest, while nobody writes.
func (b *Backend) packLast(ctx context.Context, s site, c hosting.Copy) ([]string, error) {
	dir := b.parcels(c.Task)
	live, err := filepath.EvalSymlinks(s.path("live"))
	if err != nil {
		return nil, err
	}
	if err := s.packChanges(ctx, dir, live); err != nil {
		return nil, err
	}
	names := []string{parcelListing, parcelChanges, parcelVersioned}
	if _, err := pack(ctx, filepath.Join(dir, parcelVersioned), part{dir: filepath.Join(live, "versioned")}); err != nil {
		return nil, err
	}
	r, err := record(live)
	if err != nil || r.Database == nil {
		return names, err
	}
	st, err := b.store(r.Database.Engine)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, parcelDatabase)
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	o := database.Options{}
	if c.App.Database != nil {
		o.SkipRows = c.App.Database.Volatile
	}
	_, err = st.Dump(ctx, r.Database.Name, file, o)
	return append(names, parcelDatabase), err
}

// packChanges packs the shared files that are not as the first parcel has them.
func (s site) packChanges(ctx context.Context, dir, live string) error {
	parts, err := s.sharedParts(live)
	if err != nil {
		return err
	}
	var seen, now listing
	if err := readJSON(filepath.Join(dir, packedSeen), &seen); err != nil {
		return fmt.Errorf("what the first parcel holds: %w", err)
	}
	if now, err = listParts(ctx, parts); err != nil {
		return err
	}
	changed := now.since(seen)
	for i := range parts {
		parts[i].only = changed
	}
	if _, err := pack(ctx, filepath.Join(dir, parcelChanges), parts...); err != nil {
		return err
	}
	return writeJSON(filepath.Join(dir, parcelListing), now)
}

func readJSON(path string, v any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}

// staleAfter is how long parcels are kept whose task came to no end here.
const staleAfter = 7 * 24 * time.Hour

// pruneParcels deletes parcels that nobody has touched for long.
func (b *Backend) pruneParcels(now time.Time) error {
	all, err := os.ReadDir(filepath.Join(b.Data, "parcels"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range all {
		info, infoErr := e.Info()
		if infoErr == nil && now.Sub(info.ModTime()) > staleAfter {
			err = errors.Join(err, removeTree(filepath.Join(b.Data, "parcels", e.Name())))
		}
	}
	return err
}
