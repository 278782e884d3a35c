package local

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/database"
)

// The files of a backup, in DATA/backups/SITE/NAME.
const (
	backupDatabase  = "database.zst"
	backupVersioned = "versioned.tar.zst"
	backupShared    = "shared.tar.zst"
	backupRecord    = "site.json"
	backupMade      = "backup.json"
)

// made is what is told of a backup once it is in its place, by whoever put it
// there or by the worker that comes after: how much it is, and which older ones
// go for it.
type made struct {
	Amount   hosting.Amount `json:"amount"`
	Replaces []string       `json:"replaces,omitempty"`
}

func (b *Backend) backupDir(uri fleet.URI) string {
	return filepath.Join(b.Data, "backups", siteName(uri))
}

// Backup implements hosting.Backups. It is made beside its place and put there
// by one rename when it is proven.
func (b *Backend) Backup(ctx context.Context, c hosting.Copy, keep int) (hosting.Amount, []string, error) {
	if err := fleet.CheckBackupName(c.Backup); err != nil {
		return hosting.Amount{}, nil, err
	}
	var m made
	err := b.guarded(ctx, c, func(s site, _ *os.File) (err error) {
		place := filepath.Join(b.backupDir(c.URI), c.Backup)
		if _, err := os.Lstat(place); err == nil { // an earlier attempt got through
			if m, err = readMade(place); err != nil {
				return err
			}
			return b.dropBackups(c.URI, m.Replaces)
		}
		tmp := filepath.Join(b.backupDir(c.URI), ".tmp")
		if err := errors.Join(removeTree(tmp), os.MkdirAll(tmp, 0o700)); err != nil {
			return err
		}
		if m.Amount, err = b.backupInto(ctx, s, tmp); err != nil {
			return err
		}
		if m.Replaces, err = b.oldBackups(c.URI, c.Backup, keep); err != nil {
			return err
		}
		if err := writeJSON(filepath.Join(tmp, backupMade), m); err != nil {
			return err
		}
		if err := errors.Join(os.Rename(tmp, place), syncDir(b.backupDir(c.URI))); err != nil {
			return err
		}
		return b.dropBackups(c.URI, m.Replaces)
	})
	return m.Amount, m.Replaces, hosting.Explain("back the site up", err)
}

// backupInto writes the parts of a backup.
func (b *Backend) backupInto(ctx context.Context, s site, dir string) (hosting.Amount, error) {
	var sum hosting.Amount
	live, err := filepath.EvalSymlinks(s.path("live"))
	if err != nil {
		return sum, err
	}
	r, err := record(live)
	if err != nil {
		return sum, err
	}
	shared, err := s.sharedParts(live)
	if err != nil {
		return sum, err
	}
	for to, parts := range map[string][]part{backupVersioned: {{dir: filepath.Join(live, "versioned")}}, backupShared: shared} {
		a, err := pack(ctx, filepath.Join(dir, to), parts...)
		if err != nil {
			return sum, err
		}
		if err := readPack(filepath.Join(dir, to), func(*tar.Header, io.Reader) error { return nil }); err != nil {
			return sum, fmt.Errorf("the backup cannot be read again: %w", err)
		}
		sum.Files += a.Files
		sum.Bytes += a.Bytes
	}
	if r.Database != nil {
		st, err := b.store(r.Database.Engine)
		if err != nil {
			return sum, err
		}
		file := filepath.Join(dir, backupDatabase)
		archive, err := st.Dump(ctx, r.Database.Name, file, database.Options{Hot: true})
		if err != nil {
			return sum, err
		}
		if err := b.proven(ctx, s, st, file); err != nil {
			return sum, err
		}
		sum.Bytes += archive.Bytes
	}
	return sum, writeJSON(filepath.Join(dir, backupRecord), r)
}

// sharedParts are the shared data. What a site that was taken over has elsewhere
// is packed as if it were here.
func (s site) sharedParts(gen string) ([]part, error) {
	v, err := readView(gen)
	if err != nil {
		return nil, err
	}
	all := []part{{dir: s.path("shared"), skip: map[string]bool{}}}
	for _, p := range v.Shared {
		info, err := os.Lstat(s.path("shared", p))
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			continue
		}
		real, err := filepath.EvalSymlinks(s.path("shared", p))
		if err != nil {
			return nil, err
		}
		all[0].skip[p] = true
		all = append(all, part{dir: real, prefix: p})
	}
	return all, nil
}

// oldBackups gives the names of all but the keep newest, made being one of them.
func (b *Backend) oldBackups(uri fleet.URI, made string, keep int) ([]string, error) {
	entries, err := os.ReadDir(b.backupDir(uri))
	if err != nil || keep <= 0 {
		return nil, err
	}
	names := []string{made}
	for _, e := range entries {
		if fleet.CheckBackupName(e.Name()) == nil {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names) // by time
	return names[:max(0, len(names)-keep)], nil
}

// dropBackups deletes backups; names come from oldBackups.
func (b *Backend) dropBackups(uri fleet.URI, names []string) error {
	for _, name := range names {
		if err := fleet.CheckBackupName(name); err != nil {
			return err
		}
		if err := removeTree(filepath.Join(b.backupDir(uri), name)); err != nil {
			return err
		}
	}
	return nil
}

// readMade reads what was noted of a backup; nothing was before this was kept.
func readMade(dir string) (m made, err error) {
	text, err := os.ReadFile(filepath.Join(dir, backupMade))
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	return m, err
}

// BackedUp implements hosting.Backups.
func (b *Backend) BackedUp(_ context.Context, c hosting.Copy) (hosting.Record, error) {
	if err := fleet.CheckBackupName(c.Backup); err != nil {
		return hosting.Record{}, err
	}
	text, err := os.ReadFile(filepath.Join(b.backupDir(c.URI), c.Backup, backupRecord))
	if errors.Is(err, fs.ErrNotExist) {
		return hosting.Record{}, fleet.Errorf(fleet.NotFound, "Host %s has no backup %s of %s.", b.Host, c.Backup, c.URI)
	}
	if err != nil {
		return hosting.Record{}, err
	}
	return hosting.ParseRecord(text)
}

// restoreFiles lays the versioned files of a backup out. Of the shared ones it
// brings back what is missing now; what is there belongs to the site for ever.
func (b *Backend) restoreFiles(ctx context.Context, s site, c hosting.Copy, into string) error {
	u, err := b.user(s)
	if err != nil {
		return err
	}
	dir := filepath.Join(b.backupDir(c.URI), c.Backup)
	if err := unpack(ctx, filepath.Join(dir, backupVersioned), into, u, false); err != nil {
		return err
	}
	return unpack(ctx, filepath.Join(dir, backupShared), s.path("shared"), u, true)
}

// Login implements hosting.Backups. The address is not logged anywhere.
func (b *Backend) Login(ctx context.Context, c hosting.Copy) (string, error) {
	if c.App.Login == nil {
		return "", fleet.Errorf(fleet.Refused, "Nobody can be logged in to sites of kind %s from here.", c.Kind)
	}
	var last string
	err := b.guarded(ctx, c, func(s site, lock *os.File) error {
		p, err := b.place(s, c)
		if err != nil {
			return err
		}
		program, err := c.App.Login(p)
		if err != nil {
			return err
		}
		return b.program(ctx, s, p, execution{Program: program, lock: lock, log: func(line string) { last = strings.TrimSpace(line) }})
	})
	if err == nil && !strings.HasPrefix(last, "http://") && !strings.HasPrefix(last, "https://") {
		return "", fleet.Errorf(fleet.Failed, "The site made no address for a login.")
	}
	return last, hosting.Explain("make a login", err)
}
