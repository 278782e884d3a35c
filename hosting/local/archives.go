package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/database"
)

// ArchiveFor is how long archives of old generations are kept.
const ArchiveFor = 90 * 24 * time.Hour

// databasesIn gives the databases that the site's generations name, by
// directory, those that were given up included.
func (s site) databasesIn() (map[string]hosting.Database, error) {
	dirs, err := os.ReadDir(s.path("gen"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	out := map[string]hosting.Database{}
	for _, e := range dirs {
		r, err := record(s.path("gen", e.Name()))
		if err == nil && r.Database != nil {
			out[e.Name()] = *r.Database
		}
	}
	return out, err
}

// dropDatabases drops the databases of generations that go, unless one that
// stays has them too. One that visitors used is archived first, and stays if
// that fails. Databases that are not ours belong to people and stay.
func (b *Backend) dropDatabases(ctx context.Context, s site, going func(gen string) bool) error {
	all, err := s.databasesIn()
	if err != nil {
		return err
	}
	spared := map[string]bool{}
	for gen, d := range all {
		if !going(gen) {
			spared[d.Name] = true
		}
	}
	var failed error
	for gen, d := range all {
		if !going(gen) || spared[d.Name] {
			continue
		}
		if err := b.dropDatabase(ctx, s, gen, d); err != nil {
			failed = errors.Join(failed, fmt.Errorf("generation %s: %w", gen, err))
		}
	}
	return failed
}

func (b *Backend) dropDatabase(ctx context.Context, s site, gen string, d hosting.Database) error {
	st, err := b.store(d.Engine)
	if err != nil {
		return err
	}
	if _, used := strconv.ParseInt(gen, 10, 64); used == nil {
		if _, err := b.archive(ctx, s, gen, d); err != nil && !errors.Is(err, database.ErrMissing) {
			return err
		}
	}
	if err := st.Drop(ctx, d.Name); !errors.Is(err, database.ErrNotOurs) {
		return err
	}
	return nil
}

// archive puts the database of a generation into a file of the site's archive,
// and proves it by loading it into a database that is dropped again. What is
// archived already is not done again.
func (b *Backend) archive(ctx context.Context, s site, gen string, d hosting.Database) (string, error) {
	dir := s.path("archive", gen)
	file := filepath.Join(dir, "database.zst")
	if _, err := os.Lstat(file); err == nil {
		return file, nil
	}
	st, err := b.store(d.Engine)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	fresh := file + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if _, err := st.Dump(ctx, d.Name, fresh, database.Options{}); err != nil {
		return "", hosting.Explain("archive a database", err)
	}
	if err := b.proven(ctx, s, st, fresh); err != nil {
		return "", err
	}
	return file, errors.Join(os.Rename(fresh, file), syncDir(dir))
}

// proven loads an archive into a scratch database and drops that.
func (b *Backend) proven(ctx context.Context, s site, st Store, file string) error {
	scratch := s.path("databases", "verify.sqlite")
	if server, ok := st.(*Server); ok {
		scratch = server.Prefix + "verify_" + filepath.Base(string(s))
		r, err := s.liveRecord()
		if err == nil && r.ID != "" {
			scratch = server.Prefix + r.ID + "_v"
		}
	}
	if err := st.Drop(ctx, scratch); err != nil {
		return err
	}
	if _, err := database.VerifyArchive(ctx, st, file, scratch); err != nil {
		return fleet.Errorf(fleet.Failed, "An archive of the site's database could not be loaded again; the database stays.").Because(err)
	}
	return nil
}

// archiveFiles moves the versioned files of a generation that goes into the
// archive.
func archiveFiles(s site, gen string) error {
	from := s.path("gen", gen, "versioned")
	entries, err := os.ReadDir(from)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	to := s.path("archive", gen, "versioned")
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if err := removeTree(to); err != nil {
		return err
	}
	return os.Rename(from, to)
}

// pruneArchives deletes archives that are older than ArchiveFor.
func pruneArchives(s site, now time.Time) error {
	entries, err := os.ReadDir(s.path("archive"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		info, infoErr := e.Info()
		if infoErr == nil && now.Sub(info.ModTime()) > ArchiveFor {
			err = errors.Join(err, removeTree(s.path("archive", e.Name())))
		}
	}
	return err
}
