package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/database"
)

// RemovedFor is how long what was a site's own is kept after its removal, in
// DATA/removed/SITE@TIME: its shared and versioned data, an archive of its
// database, its record and its secrets.
const RemovedFor = 30 * 24 * time.Hour

// Remove implements hosting.Records. The database is archived while the site is
// still whole. Then the directory's name goes: a site that is being deleted is
// neither served nor found. An interrupted removal is finished by the next call.
func (b *Backend) Remove(ctx context.Context, c hosting.Copy) error {
	gone := site(filepath.Join(b.Data, "sites", ".gone-"+siteName(c.URI)))
	err := b.bury(ctx, gone, siteName(c.URI))
	if err == nil {
		err = b.guarded(ctx, c, func(s site, _ *os.File) error {
			if err := b.lastArchive(ctx, s); err != nil {
				return err
			}
			if b.Front != nil { // also for one that never came to life
				if err := b.Front.Drop(ctx, c.URI); err != nil {
					return err
				}
			}
			return os.Rename(string(s), string(gone))
		})
	}
	if err == nil {
		err = b.bury(ctx, gone, siteName(c.URI))
	}
	if err == nil {
		err = b.pruneRemoved(time.Now())
	}
	return hosting.Explain("delete the site", err)
}

// lastArchive archives the database that visitors used last.
func (b *Backend) lastArchive(ctx context.Context, s site) error {
	r, err := record(s.path(s.last()))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it never came to life
	}
	if err != nil || r.Database == nil {
		return err
	}
	live, err := os.Readlink(s.path(s.last()))
	if err != nil {
		return err
	}
	_, err = b.archive(ctx, s, filepath.Base(live), *r.Database)
	return err
}

// bury puts aside what was a removed site's own and deletes the rest.
func (b *Backend) bury(ctx context.Context, gone site, name string) error {
	if _, err := os.Lstat(string(gone)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if _, err := os.Lstat(gone.path(gone.last())); err == nil {
		if err := b.putAside(gone, name); err != nil {
			return err
		}
	}
	all, err := gone.databasesIn()
	if err != nil {
		return err
	}
	for _, d := range all {
		st, err := b.store(d.Engine)
		if err == nil {
			err = st.Drop(ctx, d.Name)
		}
		if err == nil && d.Engine == engineMySQL {
			err = b.Server.DropUser(ctx, d.User)
		}
		if err != nil && !errors.Is(err, database.ErrNotOurs) {
			return err
		}
	}
	return removeTree(string(gone))
}

// putAside moves what is worth keeping; the link to the live generation goes
// last, which says that all is moved.
func (b *Backend) putAside(gone site, name string) error {
	live := gone.last()
	info, err := os.Lstat(gone.path(live))
	if err != nil {
		return err
	}
	aside := filepath.Join(b.Data, "removed", name+"@"+info.ModTime().UTC().Format("20060102T150405"))
	if err := os.MkdirAll(aside, 0o700); err != nil {
		return err
	}
	for _, part := range []string{"shared", "archive", "secrets.json", live + "/versioned"} {
		err := os.Rename(gone.path(part), filepath.Join(aside, filepath.Base(part)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	// The record stays too: it says which database is to be dropped.
	err = os.Link(gone.path(live, "site.json"), filepath.Join(aside, "site.json"))
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	// The data is as old as its removal.
	now := time.Now()
	return errors.Join(os.Chtimes(aside, now, now), syncDir(aside), os.Remove(gone.path(live)))
}

// pruneRemoved deletes what was kept long enough.
func (b *Backend) pruneRemoved(now time.Time) error {
	dir := filepath.Join(b.Data, "removed")
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		info, infoErr := e.Info()
		if infoErr == nil && now.Sub(info.ModTime()) > RemovedFor {
			err = errors.Join(err, removeTree(filepath.Join(dir, e.Name())))
		}
	}
	return err
}
